"""What a scheduler learns of how `stark` ended."""

import pytest

from stark_udfs.cli.task import main
from stark_udfs.core.errors import StarkError


def describe_stark_task():
    def it_ends_quietly_where_all_is_well(capfd: pytest.CaptureFixture[str]):
        main(["--help"])
        assert "stark plan" in capfd.readouterr().out

    def it_raises_what_is_no_system_exit_where_stark_ends_with_another_code_than_0(capfd: pytest.CaptureFixture[str]):
        with pytest.raises(StarkError, match="stark evaluate ended with exit code 2"):
            main(["evaluate", "retrieval", "--on", "locomo"])
        assert "--data PATH" in capfd.readouterr().err
