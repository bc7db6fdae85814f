"""Running `stark` in this process, on the small warehouse or on none."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from stark_udfs.cli.main import main
from tests.cli import small

CONF = Path(__file__).parents[2] / "conf"


@dataclass(frozen=True)
class Said:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


Stark = Callable[..., Said]


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("small") / "tables").parent


@pytest.fixture
def stark(warehouse: Path, capfd: pytest.CaptureFixture[str]) -> Stark:
    """`stark` on the small warehouse; `where` gives another one."""

    def run(*words: str, where: Path = warehouse) -> Said:
        places = ["--set", f"storage.tables={where}/tables", "--set", f"storage.files={where}/files"]
        capfd.readouterr()
        code = main([*words, "--conf", str(CONF), *places])
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return run
