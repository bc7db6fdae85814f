from pathlib import Path

import pytest

from stark_udfs.cli.main import main
from stark_udfs.settings.load import packaged_conf, settings_in


def describe_init():
    def it_writes_settings_that_are_found_without_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert main(["init"]) == 0
        assert sorted(p.name for p in Path("conf").iterdir()) == settings_in(packaged_conf())
        assert "stark --target openai plan" in capsys.readouterr().out

    def it_writes_over_nothing(tmp_path: Path, capsys):
        (tmp_path / "demo.yml").write_text("mine")
        assert main(["init", str(tmp_path)]) == 2
        assert [path.name for path in tmp_path.iterdir()] == ["demo.yml"]
        assert "demo.yml already: nothing was written" in capsys.readouterr().err
