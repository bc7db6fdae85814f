import hashlib
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stark_udfs.images.files import ImageFiles
from stark_udfs.release.export.folder import ExportFolder
from stark_udfs.release.export.marks import MODEL, unmarked
from stark_udfs.release.export.messages import message_writer
from stark_udfs.release.export.writers import FILE, FILES, SPLIT, files_for, parquet_writer, shard_writer
from tests.release.warehouse import HOSTILE, drawing


def batch(*rows: dict[str, object]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows))


def placed(split: str, file: int, **columns: object) -> dict[str, object]:
    return {**columns, SPLIT: split, FILE: file, FILES: 2}


def told(batches: object) -> list[dict[str, object]]:
    return [row for one in batches for row in one.to_pylist()]


def describe_files_for():
    def a_split_has_as_many_files_as_it_needs_and_an_empty_one_none():
        assert files_for({"train": 25_000.0, "validation": 3.0, "test": 0.0}, 10_000) == {"train": 3, "validation": 1}


def describe_parquet_writer():
    def it_begins_a_new_file_where_the_split_or_the_number_changes(tmp_path: Path):
        rows = [
            placed("train", 0, x="a"),
            placed("train", 0, x="b"),
            placed("train", 1, x="c"),
            placed("validation", 0, x="d"),
        ]
        write = parquet_writer(ExportFolder(str(tmp_path)), "data", {})
        files = told(write([batch(*rows[:1]), batch(*rows[1:])]))
        assert {file["path"]: file["rows"] for file in files} == {
            "data/train-00000-of-00002.parquet": 2,
            "data/train-00001-of-00002.parquet": 1,
            "data/validation-00000-of-00002.parquet": 1,
        }
        for file in files:
            data = (tmp_path / str(file["path"])).read_bytes()
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])
        first = pq.read_table(tmp_path / "data/train-00000-of-00002.parquet")
        assert first.to_pydict() == {"x": ["a", "b"]}

    def a_second_attempt_of_a_task_leaves_the_same_file(tmp_path: Path):
        write = parquet_writer(ExportFolder(str(tmp_path)), "data", {})
        assert told(write([batch(placed("train", 0, x="a"))])) == told(write([batch(placed("train", 0, x="a"))]))

    def a_task_without_rows_writes_nothing(tmp_path: Path):
        assert told(parquet_writer(ExportFolder(str(tmp_path / "new")), "data", {})([])) == []
        assert not (tmp_path / "new").exists()


def describe_shard_writer():
    def it_writes_sound_pictures_and_tells_those_that_are_not(tmp_path: Path):
        files = ImageFiles(str(tmp_path / "files"))
        good, bad = files.put(drawing("good"), "png"), files.put(drawing("bad"), "png")
        (tmp_path / "files" / bad.path).write_bytes(b"broken")
        about = json.dumps({"caption": HOSTILE[1], "sha256": good.sha256})
        gone = f"images/ab/{'ab' * 32}.png"
        paths = {"a": good.path, "b": bad.path, "c": gone, "d": "../../etc/passwd.png"}
        rows = [placed("train", 0, key=key, path=path, mark=MODEL, about=about) for key, path in paths.items()]
        found = told(shard_writer(ExportFolder(str(tmp_path / "out")), "images", files)([batch(*rows)]))
        states = {row["key"]: row["state"] for row in found if row["key"]}
        assert states == {"a": "pixels", "b": "damaged", "c": "missing", "d": "foreign"}
        with tarfile.open(tmp_path / "out" / "images" / "train-00000-of-00002.tar") as tar:
            assert tar.getnames() == ["a.png", "a.json"]
            assert {(member.mtime, member.uid, member.uname) for member in tar} == {(0, 0, "")}
            picture = tar.extractfile("a.png")
            assert picture is not None
            assert unmarked(picture.read()) == drawing("good")


def describe_message_writer():
    def it_keeps_the_order_of_pictures_and_says_what_a_lost_one_shows(tmp_path: Path):
        files = ImageFiles(str(tmp_path / "files"))
        kept = files.put(drawing("kept"), "png")
        here, lost = ({"path": path, "mark": None} for path in (kept.path, f"images/ab/{'ab' * 32}.png"))
        images = [{"description": "a pan", "file": lost}, {"description": "a pot", "file": here}]
        person = {"name": "Ana", "age": 3, "gender": "f", "birthplace": "B", "residence": "R", "date": "2022-03-05"}
        turns = [{"speaker": "Ana", "text": HOSTILE[0], "images": images}]
        row = placed("test", 0, id="e:001", episode_id="e", session_number=1, memory=None, turns=turns, **person)
        told(message_writer(ExportFolder(str(tmp_path / "out")), files)([batch(row)]))
        (written,) = pq.read_table(tmp_path / "out/messages/test-00000-of-00002.parquet").to_pylist()
        parts = written["messages"][1]["content"]
        assert [part["text"] for part in parts] == [HOSTILE[0], "[image: a pan]", None]
        assert [image["bytes"] for image in written["images"]] == [drawing("kept")]
