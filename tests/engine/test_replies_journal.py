from pathlib import Path

import pyarrow as pa

from stark_udfs.calls.request import Reply
from stark_udfs.engine.replies import segment_reader
from tests.calls.test_journal import replies


def segment(path: Path, said: list[Reply], torn: str = "") -> str:
    path.write_text("".join(one.model_dump_json() + "\n" for one in said) + torn)
    return str(path)


def read(buckets: list[list[str]], *ids: int) -> list[dict[str, object]]:
    batch = pa.RecordBatch.from_pydict({"id": list(ids)})
    return [row for out in segment_reader(buckets)([batch]) for row in out.to_pylist()]


def describe_segment_reader():
    def it_gives_each_reply_of_a_bucket_once_the_first_one(tmp_path: Path):
        one, two, three = replies(3)
        again = one.model_copy(update={"reply": "paid twice"})
        first = segment(tmp_path / "0-1-0.jsonl", [one, two])
        second = segment(tmp_path / "0-2-0.jsonl", [again, three])
        rows = read([[], [first, second]], 0, 1)
        assert [row["reply"] for row in rows] == [one.model_dump(), two.model_dump(), three.model_dump()]
        assert [row["key"] for row in rows] == [one.key, two.key, three.key]

    def it_counts_torn_lines_by_segment(tmp_path: Path):
        whole = segment(tmp_path / "a.jsonl", replies(1))
        torn = segment(tmp_path / "b.jsonl", [], torn='{"stage": "loa\n{"stage')
        assert [(row["key"], row["reply"], row["torn"]) for row in read([[whole], [torn]], 1)] == [(torn, None, 2)]
