"""Image stages on a toy backend: real Spark, Delta, journal and files."""

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import GuardStopped
from stark_udfs.engine.context import Wanted
from stark_udfs.engine.run import RunReport, run
from stark_udfs.engine.system_tables import REPLIES, UNITS
from stark_udfs.images.files import FileState, ImageFiles
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.tables.tables import Tables
from tests.engine.conftest import Settle
from tests.engine.gallery import VIEWS, ToyBackend, orders, stages
from tests.engine.toy import Toy

Run = Callable[..., RunReport]


@dataclass(frozen=True)
class Painted:
    """A warehouse in which the stage has run once; only to copy."""

    folder: Path
    report: RunReport


def settings_in(folder: Path) -> Settings:
    return load_settings("demo", overrides=[f"storage.tables={folder}/tables", f"storage.files={folder}/files"])


@pytest.fixture(scope="session")
def painted(spark: SparkSession, settle: Settle, tmp_path_factory: pytest.TempPathFactory) -> Painted:
    folder = tmp_path_factory.mktemp("painted")
    settle(folder, Toy().towns)
    settings = settings_in(folder)
    return Painted(folder, run(stages(Toy(), ToyBackend(files=settings.storage.files)), settings, spark))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def paint(spark: SparkSession, settle: Settle, settings: Settings, tmp_path: Path) -> Run:
    settle(tmp_path, Toy().towns)

    def paint(
        towns: int = 6, least: float = 0.0, suffix: str = "", wanted: Wanted | None = None, **backend: object
    ) -> RunReport:
        made = ToyBackend(files=settings.storage.files, **backend)  # type: ignore[arg-type]
        return run(stages(Toy(towns, suffix=suffix), made, least), settings, spark, wanted=wanted)

    return paint


def describe_an_image_stage():
    def it_makes_each_picture_once_and_then_nothing(
        paint: Run, spark: SparkSession, settings: Settings, painted: Painted, tmp_path: Path
    ):
        shutil.copytree(painted.folder, tmp_path, dirs_exist_ok=True)
        _, views = painted.report.stages
        assert (views.added, views.rejected, views.calls, views.open) == (10, 1, 10, 0)  # 5 towns × 2; Ulm is withheld
        tables, files = Tables(spark, settings.storage), ImageFiles(settings.storage.files)
        rows = tables.read(VIEWS).collect()
        assert len({row["seed"] for row in rows}) == len({row["path"] for row in rows}) == 10
        for row in rows:
            sha256 = row["path"].rsplit("/", 1)[1].removesuffix(".png")
            assert files.verify(row["path"], sha256, len(files.read(row["path"]))) is FileState.GOOD
        assert tables.read(REPLIES).where("money = 0 AND provider = 'toy'").count() == 10
        before = orders(settings.storage.files)
        _, again = paint().stages
        assert (again.calls, again.state) == (0, "unchanged")
        assert orders(settings.storage.files) == before

    def it_replays_thresholds_free_and_rates_anew_without_painting(
        paint: Run, settings: Settings, painted: Painted, tmp_path: Path
    ):
        shutil.copytree(painted.folder, tmp_path, dirs_exist_ok=True)
        _, strict = paint(least=1_000.0, wanted=Wanted(remake=frozenset({"views"}))).stages
        assert (strict.calls, strict.removed, strict.rejected) == (0, 10, 11)
        with pytest.raises(GuardStopped, match="work again"):
            paint(scorer="width")
        _, rated = paint(scorer="width", wanted=Wanted(remake=frozenset({"views"}))).stages
        kinds = Counter(order["kind"] for order in orders(settings.storage.files))
        assert (rated.calls, rated.added) == (5, 10)
        assert kinds == {"wish": 5, "rate": 10}

    def it_goes_on_after_a_lost_device_and_repeats_at_most_what_was_in_hand(paint: Run, settings: Settings):
        _, views = paint(towns=30, lose_at=4).stages
        assert (views.added, views.open) == (54, 0)
        wishes = Counter(order["prompt"] for order in orders(settings.storage.files) if order["kind"] == "wish")
        assert len(wishes) == 27
        assert sum(wishes.values()) - len(wishes) <= 4  # one batch

    def it_leaves_open_what_cannot_be_had_now(paint: Run, spark: SparkSession, settings: Settings):
        flag = Path(settings.storage.files) / "busy"
        flag.parent.mkdir(parents=True, exist_ok=True)
        flag.touch()
        _, first = paint(busy="Bonn").stages
        assert (first.added, first.open, first.state) == (8, 1, "partial")
        flag.unlink()
        _, second = paint(busy="Bonn").stages
        assert (second.added, second.open, second.calls) == (2, 0, 2)
        units = Tables(spark, settings.storage).read(UNITS).where("stage = 'views'")
        assert {row["state"] for row in units.collect()} == {"done", "rejected"}
