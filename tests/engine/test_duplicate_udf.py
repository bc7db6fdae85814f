import pandas as pd

from stark_udfs.engine.deduplicate import deduplicator, verdict_type

COLUMNS = ["key", "unit_key", "order", "place", "text", "in_table"]


def group(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS)


def describe_settler():
    def it_gives_a_verdict_on_each_new_row_and_none_on_those_that_are_there():
        rows = group(("a", "u1", None, None, "I like tea.", True), ("b", "u2", 1, 0, "I like TEA", None))
        found = deduplicator(0.8, None, 100)(rows)
        assert list(found.columns) == verdict_type().names
        [verdict] = found.to_dict("records")
        assert verdict == {
            "key": "b",
            "unit_key": "u2",
            "position": 100,
            "kept": False,
            "reason": "duplicate",
            "detail": "1.00 like a",
            "capped": False,
        }

    def it_gives_no_reason_for_a_row_that_is_kept_or_surplus():
        rows = group(("a", "u1", 1, 0, "I like tea.", None), ("b", "u1", 1, 1, "We keep bees.", None))
        found = deduplicator(0.8, 1, 100)(rows)
        assert found["kept"].tolist() == [True, False]
        assert found["reason"].isna().all()
