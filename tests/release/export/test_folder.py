import hashlib
import json
from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.release.export.folder import MANIFEST, ExportFolder, absolute


def exported(folder: Path, *paths: str) -> ExportFolder:
    made = ExportFolder(str(folder))
    made.prepare(overwrite=False)
    made.finish([made.put(path, path) for path in paths], {"name": "x"})
    return made


def describe_prepare():
    def it_takes_an_empty_folder_and_one_that_is_not_there(tmp_path: Path):
        ExportFolder(str(tmp_path)).prepare(overwrite=False)
        ExportFolder(str(tmp_path / "new")).prepare(overwrite=False)

    def it_refuses_what_no_export_wrote_even_with_overwrite(tmp_path: Path):
        (tmp_path / "thesis.tex").write_text("years of work")
        for overwrite in (False, True):
            with pytest.raises(InputError, match=r"thesis\.tex"):
                ExportFolder(str(tmp_path)).prepare(overwrite=overwrite)
        assert (tmp_path / "thesis.tex").read_text() == "years of work"

    def it_refuses_an_earlier_export_unless_told(tmp_path: Path):
        folder = exported(tmp_path, "data/train-00000-of-00001.parquet")
        with pytest.raises(InputError, match="--overwrite"):
            folder.prepare(overwrite=False)
        assert (tmp_path / "data").exists()
        folder.prepare(overwrite=True)
        assert folder.listed() == set()
        assert not (tmp_path / "data").exists()

    def it_removes_nothing_where_a_file_was_laid_beside_an_export(tmp_path: Path):
        folder = exported(tmp_path, "README.md")
        (tmp_path / "mine.txt").write_text("mine")
        with pytest.raises(InputError, match=r"mine\.txt"):
            folder.prepare(overwrite=True)
        assert {path.name for path in tmp_path.iterdir()} >= {"README.md", "mine.txt", MANIFEST}

    def it_believes_no_manifest_that_names_files_elsewhere(tmp_path: Path):
        home = tmp_path / "export"
        exported(home, "README.md")
        (tmp_path / "kept.txt").write_text("kept")
        manifest = json.loads((home / MANIFEST).read_text())
        manifest["files"].append({"path": "../kept.txt", "bytes": 4, "sha256": ""})
        (home / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(InputError):
            ExportFolder(str(home)).prepare(overwrite=True)
        assert (tmp_path / "kept.txt").exists()

    def it_clears_an_export_that_was_cut_off(tmp_path: Path):
        folder = ExportFolder(str(tmp_path))
        folder.prepare(overwrite=False)
        folder.put("data/train-00000-of-00002.parquet", "half")
        with pytest.raises(InputError, match="--overwrite"):
            folder.prepare(overwrite=False)
        folder.prepare(overwrite=True)
        assert folder.listed() == set()


def describe_finish():
    def it_writes_checksums_that_hold(tmp_path: Path):
        exported(tmp_path, "README.md", "data/test-00000-of-00001.parquet")
        for line in (tmp_path / "SHA256SUMS").read_text().splitlines():
            sha256, path = line.split("  ")
            assert hashlib.sha256((tmp_path / path).read_bytes()).hexdigest() == sha256


def describe_absolute():
    def it_is_the_whole_path_of_a_folder_and_a_uri_as_it_is():
        assert absolute("release").endswith("/release")
        assert absolute("file:///tmp/release") == "/tmp/release"
        assert absolute("memory://release") == "memory://release"

    @pytest.mark.parametrize("root", ["", "/", "s3://", "nosuch://release", "rel\x00ease"])
    def it_refuses_what_names_no_folder_or_no_known_storage(root: str):
        with pytest.raises(InputError):
            absolute(root)
