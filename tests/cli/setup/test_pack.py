import os
import subprocess
import sys
import tarfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from stark_udfs.cli.setup.pack import ALWAYS, PACKAGE, SITE, closure, write
from stark_udfs.core.errors import SettingsError


def describe_what_executors_need():
    def it_is_the_package_with_what_it_needs_and_no_spark():
        found = closure((PACKAGE, *ALWAYS), extras=frozenset())
        assert {"stark-mcu", "pandas", "pyarrow", "pydantic", "pydantic-core", "openai", "numpy"} <= found.keys()
        assert not {"pyspark", "py4j", "torch", "pytest"} & found.keys()

    def it_is_more_with_an_extra():
        found = closure((PACKAGE,), extras=frozenset({"models"}))
        assert {"torch", "diffusers", "safetensors"} <= found.keys()

    def it_has_to_be_installed():
        with pytest.raises(SettingsError, match="no-such-package-of-ours is not installed here"):
            closure(("no-such-package-of-ours",), extras=frozenset())


def describe_the_archive():
    def its_python_finds_its_packages_and_no_others(tmp_path: Path):
        draft = tmp_path / "draft"
        draft.mkdir()
        assert (
            write(tmp_path / "e.tar.gz", {**closure(("pyyaml",), frozenset()), PACKAGE: distribution(PACKAGE)}, draft)
            > 10
        )
        with tarfile.open(tmp_path / "e.tar.gz") as tar:
            tar.extraction_filter = getattr(tarfile, "tar_filter", None)  # came with Python 3.11.4
            tar.extractall(tmp_path / "e")
        assert (tmp_path / "e" / SITE / "stark_udfs" / "conf" / "base.yml").is_file()
        code = "import yaml, stark_udfs, sys; print(yaml.__file__); print(stark_udfs.__file__)"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PY")}
        done = subprocess.run(
            [tmp_path / "e/bin/python", "-c", code],
            env=environ,
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
        )
        assert [line.startswith(f"{tmp_path}/e/{SITE}") for line in done.stdout.splitlines()] == [True, True]
        assert Path(os.readlink(tmp_path / "e/bin/python")) == Path(os.path.realpath(sys.executable))
