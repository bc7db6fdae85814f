import pytest

from stark_udfs.cli.options import arranged


def describe_arranged():
    @pytest.mark.parametrize(
        ("given", "arranged_so"),
        [
            (["run", "--target", "openai"], ["--target", "openai", "run"]),
            (["sql", "select 1", "--set=a.b=c", "--debug"], ["--set=a.b=c", "--debug", "sql", "select 1"]),
            (["run", "--remake"], ["run", "--remake", "all"]),
            (["run", "--remake", "events", "--retry-rejects"], ["run", "--remake", "events", "--retry-rejects", "all"]),
            (["run", "--remake", "--until", "events"], ["run", "--remake", "all", "--until", "events"]),
            (["run", "--retry-rejects", "--target", "x"], ["--target", "x", "run", "--retry-rejects", "all"]),
            (["sql", "--", "--target"], ["sql", "--", "--target"]),
            (["run", "--target"], ["--target", "run"]),
        ],
    )
    def it_moves_common_options_to_the_front_and_fills_in_values(given: list[str], arranged_so: list[str]):
        assert arranged(given) == arranged_so
