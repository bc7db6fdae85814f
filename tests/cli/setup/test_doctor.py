from pathlib import Path

from stark_udfs.cli.setup.doctor import examine
from stark_udfs.stages.pipeline import load_settings
from tests.cli.conftest import CONF, Stark


def describe_examine():
    def it_finds_nothing_wrong_here(tmp_path: Path):
        settings = load_settings(
            "demo", conf=CONF, overrides=[f"storage.tables={tmp_path}/tables", f"storage.files={tmp_path}/files"]
        )
        findings = list(examine(settings))
        assert [finding.what for finding in findings if not finding.ok] == []
        assert {"Python", "Java", "pyspark", "storage", "people", "model default"} <= {f.what for f in findings}

    def it_names_a_key_that_is_not_set_and_a_folder_that_cannot_be_written(stark: Stark, tmp_path: Path, monkeypatch):
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        in_the_way = tmp_path / "file"
        in_the_way.write_text("")
        said = stark("doctor", "--target", "openai", where=in_the_way)
        assert said.code == 2
        lines = said.out.splitlines()
        assert [line for line in lines if line.startswith("problem storage: storage.files: ")]
        assert [
            line for line in lines if line.startswith("problem model default: ") and "OPENAI_API_KEY is not set" in line
        ]
