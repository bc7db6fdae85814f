"""Both stages over a small warehouse, asked over HTTP: a moderation endpoint, and a judge that sees."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from PIL import Image
from pyspark.sql import SparkSession

from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.stage import Stage
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidate
from stark_udfs.release.judging.judged import judged_sessions
from stark_udfs.release.judging.ratings import import_ratings
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.text import summaries
from stark_udfs.stages.verdicts import judgements, moderations
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubResponse, StubServer
from tests.cli import small
from tests.engine.stubs import stubbed


class Recording(StubServer):
    """Keeps what it is asked."""

    def __init__(self) -> None:
        super().__init__(Faults())
        self.asked: list[dict] = []

    def begin(self, content: bytes, headers: Mapping[str, str], now: float, *, picture: bool = False) -> StubResponse:
        self.asked.append(json.loads(content))
        return super().begin(content, headers, now, picture=picture)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions of one person; the second shares a picture that is there."""
    folder = tmp_path_factory.mktemp("warehouse")
    Image.new("RGB", (900, 600), (200, 30, 30)).save(folder / "pot.png")
    kept = ImageFiles(str(folder / "files")).put((folder / "pot.png").read_bytes(), "png")
    picture = Candidate(
        path=kept.path, sha256=kept.sha256, bytes=kept.size, width=900, height=600, caption="", source=""
    )
    for table, rows in small.contents():
        if table.name in {"replies", "units", "rejects", "runs", "checks"}:
            continue
        chosen = [small.candidate(1, 0.6, picture)] if table is images.TABLE else rows
        small.write_table(folder / "tables", table, chosen)
    memory = summaries.Summary(episode_id=small.EPISODE, session_number=1, summary="Ana bought a pot.")
    small.write_table(folder / "tables", summaries.TABLE, [memory])
    return folder


def settings_of(folder: Path, url: str) -> Settings:
    place = {"tables": f"{folder}/tables", "files": f"{folder}/files"}
    given = [f"storage.{name}={value}" for name, value in place.items()]
    given += [
        f"models.default.{name}={value}"
        for name, value in {"provider": "openai", "base_url": url, "name": "eye"}.items()
    ]
    given += ["moderations.method=endpoint", "judgements.share=1.0", "judgements.sees_images=true"]
    return load_settings("base", overrides=[*given, "judgements.image_side=256"])


def stages_of(settings: Settings) -> list[Stage]:
    return [moderations.stage(settings), *judgements.stages(settings)]


def ran(spark: SparkSession, settings: Settings) -> RunReport:
    return run(stages_of(settings), settings, spark)


def describe_the_stages():
    def they_ask_once_and_send_pictures_small(folder: Path, spark: SparkSession):
        with stubbed(Faults(), stub := Recording()) as (url, _):
            settings = settings_of(folder, url)
            first, again = ran(spark, settings), ran(spark, settings)
        assert [(one.stage, one.state, one.calls, one.rows_out) for one in first.stages] == [
            ("moderations", "finished", 2, 2),
            ("judgements", "finished", 2, 2),
        ]
        assert [one.calls for one in again.stages] == [0, 0]
        texts = [body["input"] for body in stub.asked if "input" in body]
        assert [text for said in texts for text in said if "red pot" in text] == ["What a pot.\nA red pot on a stove."]
        contents = [body["messages"][-1]["content"] for body in stub.asked if "messages" in body]
        (seen,) = [content for content in contents if isinstance(content, list)]
        assert [part["type"] for part in seen] == ["text", "image_url"]
        assert seen[1]["image_url"]["url"].startswith("data:image/jpeg;base64,")
        assert len(seen[1]["image_url"]["url"]) < 20_000
        verdicts = spark.read.format("delta").load(f"{folder}/tables/moderations").collect()
        assert {(row["label"], row["method"], row["model"]) for row in verdicts} == {("ok", "endpoint", "eye")}

    def they_leave_open_what_has_a_damaged_picture(folder: Path, spark: SparkSession):
        with stubbed(Faults(), Recording()) as (url, _):
            settings = settings_of(folder, url)
            section = settings.judgements.model_copy(update={"image_side": 128})
            moved = settings.model_copy(update={"judgements": section})
            (file,) = (folder / "files" / "images").rglob("*.png")
            whole = file.read_bytes()
            file.write_bytes(b"no picture")
            try:
                rest = moved.model_copy(update={"judgements": section.model_copy(update={"judges": ("blind",)})})
                models = {**moved.models, "blind": moved.models["default"].model_copy(update={"name": "other"})}
                report = ran(spark, rest.model_copy(update={"models": models}))
            finally:
                file.write_bytes(whole)
        judged = report.stages[-1]
        assert (judged.stage, judged.state, judged.calls, judged.open) == ("judgements_blind", "partial", 1, 1)
        assert "is not what its row says" in judged.note


def describe_ratings():
    def they_are_read_once_and_those_of_gone_sessions_are_counted(folder: Path, spark: SparkSession, tmp_path: Path):
        settings = load_settings("base", overrides=[f"storage.tables={folder}/tables", f"storage.files={folder}/files"])
        rows = judged_sessions(spark, settings, 1.0)
        assert [(row.session_number, row.memory, len(row.earlier)) for row in rows] == [
            (1, None, 0),
            (2, "Ana bought a pot.", 1),
        ]
        given = [
            {"session": key, "annotator": 1, "coherence": value, "updated_at": f"2024-05-0{value}T10:00:00Z"}
            for key, value in ((rows[0].key, 3), (rows[1].key, 4), ("gone:1", 2))
        ]
        (file := tmp_path / "export.json").write_text(json.dumps(given))
        first = import_ratings(spark, settings.storage, file)
        assert (first.added, first.changed, first.kept, first.gone) == (2, 0, 0, 1)
        again = import_ratings(spark, settings.storage, file)
        assert (again.added, again.changed, again.kept, again.gone) == (0, 0, 2, 1)
        given[0] |= {"coherence": 1, "updated_at": "2024-06-01T10:00:00Z"}
        given[1] |= {"coherence": 1, "updated_at": "2024-01-01T10:00:00Z"}
        file.write_text(json.dumps(given))
        newer = import_ratings(spark, settings.storage, file)
        assert (newer.added, newer.changed, newer.kept) == (0, 1, 1)
