from pathlib import Path

from bench.stubs import keep_lines, read_lines


def describe_keep_lines():
    def it_replaces_its_own_systems_and_no_others(tmp_path: Path):
        path = tmp_path / "out" / "paid_calls.json"
        keep_lines(
            [{"system": "stark", "calls": 1}, {"system": "stark-rate", "calls": 2}], ["stark", "stark-rate"], path
        )
        keep_lines([{"system": "curator", "calls": 3}], ["curator"], path)
        keep_lines([{"system": "stark", "calls": 4}], ["stark"], path)
        assert sorted((line["system"], line["calls"]) for line in read_lines(path)) == [
            ("curator", 3),
            ("stark", 4),
            ("stark-rate", 2),
        ]
