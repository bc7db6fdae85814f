"""The notebooks' code runs, on the small warehouse."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli import small

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


def describe_notebooks():
    @pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
    def they_run_from_top_to_bottom(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        small.write(tmp_path / "warehouse" / "tables")
        monkeypatch.chdir(tmp_path)
        names: dict[str, Any] = {}
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                exec("".join(cell["source"]), names)
        assert names["warehouse"].ask("select count(*) from narratives").rows[0][0] >= 1
