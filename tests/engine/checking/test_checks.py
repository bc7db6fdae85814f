"""The checks of the real stages over planted rows: a fault is found, chance is told from it, an invariant is exact."""

from collections.abc import Mapping, Sequence

import pytest
from pyspark.sql import SparkSession

from stark_udfs.engine.checking.checks import Measured, measured, outcome
from stark_udfs.engine.checking.measures import Counted, Exact, Mean
from stark_udfs.engine.stage import Check, Stage
from stark_udfs.engine.system_tables import Outcome
from stark_udfs.stages.pipeline import load_settings, stages

EPISODES = 300
STAGES: Mapping[str, Stage] = {stage.name: stage for stage in stages(load_settings("demo"))}
ALBUM = "unit_key string, images array<struct<category: string, description: string>>"
SESSION = (
    "unit_key string, episode_id string, "
    "turns array<struct<speaker: string, text: string, "
    "images: array<struct<source: string, reused: boolean>>>>"
)


def found(spark: SparkSession, name: str, rows: Sequence[tuple], schema: str, *checks: str) -> dict[str, Outcome]:
    """The outcome of some checks of a stage over rows of its table."""
    chosen = [check for check in STAGES[name].checks if check.name in checks]
    assert len(chosen) == len(checks)
    frame = spark.createDataFrame(rows, schema).coalesce(1)
    return {one.check.name: judged(one) for one in measured({name: frame}, name, chosen)}


def judged(one: Measured) -> Outcome:
    return outcome(one.check, one.value, one.interval)


def albums(count: int, different: float) -> list[tuple]:
    """Albums of ten pictures; of so many the categories differ."""
    wanted = [min(10, int(different * 10 + (n * 0.618) % 1)) for n in range(count)]
    return [(f"u{n}", [(f"c{min(i, kinds - 1)}", f"d{i}") for i in range(10)]) for n, kinds in enumerate(wanted)]


def narratives(count: int, first_person: float, names: float) -> list[tuple]:
    return [
        (f"u{n}", f"n{n % round(count * names)}", f"{'I' if n < count * first_person else 'She'} cook. It is good.")
        for n in range(count)
    ]


def sessions(episodes: int, internet: float, opens: float) -> list[tuple]:
    """Two sessions of an episode, each of ten turns; the second turn shows two images."""
    rows = []
    for n in range(2 * episodes):
        first, second = ("Ana", "AI Assistant") if (n * 0.618) % 1 < opens else ("AI Assistant", "Ana")
        images = [("internet" if (n * 0.618 + k / 2) % 1 < internet else "mobile", False) for k in range(2)]
        turns = [(first, "Hello.", [])] + [(second, "Yes.", images if i == 0 else []) for i in range(9)]
        rows.append((f"e{n // 2}", f"e{n // 2}", turns))
    return rows


def describe_a_share_beside_its_bound():
    def it_is_within_chance_on_twenty_albums(spark: SparkSession):
        name = "different categories in an album"
        assert found(spark, "albums", albums(20, 0.67), ALBUM, name) == {name: Outcome.CHANCE}

    def it_is_passed_where_it_keeps_the_bound(spark: SparkSession):
        name = "different categories in an album"
        assert found(spark, "albums", albums(20, 0.75), ALBUM, name) == {name: Outcome.PASSED}

    def it_is_within_chance_on_twelve_sessions(spark: SparkSession):
        names = ("internet share", "sessions that the user opens")
        assert set(found(spark, "sessions", sessions(6, 0.5, 0.5), SESSION, *names).values()) == {Outcome.CHANCE}


def describe_a_fault_of_ten_points_at_300_episodes():
    def it_is_found_in_albums(spark: SparkSession):
        name = "different categories in an album"
        assert found(spark, "albums", albums(EPISODES, 0.6), ALBUM, name) == {name: Outcome.FAILED}

    def it_is_found_in_narratives(spark: SparkSession):
        rows, schema = narratives(EPISODES, 0.88, 0.4), "unit_key string, name string, narrative string"
        names = ("first person", "different names")
        assert set(found(spark, "narratives", rows, schema, *names).values()) == {Outcome.FAILED}
        rows = narratives(EPISODES, 1, 0.6)
        assert set(found(spark, "narratives", rows, schema, *names).values()) == {Outcome.PASSED}

    @pytest.mark.parametrize(("internet", "opens"), [(0.508, 0.5), (0.708, 0.7)])
    def it_is_found_in_sessions(spark: SparkSession, internet: float, opens: float):
        names = ("internet share", "sessions that the user opens")
        rows = sessions(EPISODES, internet, opens)
        assert set(found(spark, "sessions", rows, SESSION, *names).values()) == {Outcome.FAILED}

    def it_is_found_in_demographics(spark: SparkSession):
        rows = [(f"u{n}", "Peru", "Peru" if n % 10 < 6 else "Japan") for n in range(EPISODES)]
        schema = "unit_key string, birthplace string, residence string"
        assert found(spark, "demographics", rows, schema, "moved_share") == {"moved_share": Outcome.FAILED}

    def it_is_found_in_faces(spark: SparkSession):
        rows = [(f"u{n}", 30, f"s{n % 267}", 1 if n % 10 < 8 else 2) for n in range(EPISODES)]
        schema = "unit_key string, age bigint, sha256 string, attempt bigint"
        names = ("faces of their own", "faces of the first try")
        assert set(found(spark, "faces", rows, schema, *names).values()) == {Outcome.FAILED}


def describe_an_invariant():
    @pytest.mark.parametrize("faces", [1, EPISODES])
    def it_fails_for_one_row(spark: SparkSession, faces: int):
        rows = [(f"u{n}", 17 if n == 0 else 30, f"s{n}", 1) for n in range(faces)]
        schema = "unit_key string, age bigint, sha256 string, attempt bigint"
        name = "nobody under 18 has a face"
        assert found(spark, "faces", rows, schema, name) == {name: Outcome.FAILED}

    def it_fails_for_one_picture_of_the_user_that_another_module_makes(spark: SparkSession):
        rows = [(f"u{n}", "p-t2i" if n else "retrieval", "user") for n in range(EPISODES)]
        name = "pictures of the user that p-t2i makes"
        schema = "unit_key string, module string, shown string"
        assert found(spark, "image_plans", rows, schema, name) == {name: Outcome.FAILED}

    def it_fails_where_there_is_no_value(spark: SparkSession):
        (one,) = measured({"t": spark.createDataFrame([], "x int")}, "t", [Check("least", Exact("min(x)"), 1, least=0)])
        assert (one.value, judged(one)) == (None, Outcome.FAILED)

    def it_is_what_these_checks_are():
        exact = {check.name for stage in STAGES.values() for check in stage.checks if isinstance(check.measure, Exact)}
        assert exact == {
            "youngest",
            "oldest",
            "nobody under 18 has a face",
            "sessions of an episode",
            "pictures of the user that p-t2i makes",
            "candidates of an image",
            "probes of an episode",
            "splits of one person",
        }


def describe_measured():
    def it_keeps_the_order_of_the_checks_and_leaves_out_those_with_too_few_rows(spark: SparkSession):
        rows = spark.createDataFrame([("u1", 1.0), ("u1", 3.0), ("u2", None)], "unit_key string, x double")
        checks = [
            Check("mean", Mean("x"), low=0),
            Check("many", Mean("x"), least=4),
            Check("distinct", Counted("count(distinct x)")),
            Check("least", Exact("min(x)")),
        ]
        found = measured({"t": rows}, "t", checks)
        assert [(one.check.name, one.value, one.n) for one in found] == [
            ("mean", 2.0, 2),
            ("distinct", pytest.approx(2 / 3), 3),
            ("least", 1.0, 3),
        ]

    def it_measures_nothing_as_within_chance(spark: SparkSession):
        rows = spark.createDataFrame([("u1", None)], "unit_key string, x double")
        (one,) = measured({"t": rows}, "t", [Check("mean", Mean("x"), low=0)])
        assert (one.value, one.n, judged(one)) == (None, 0, Outcome.CHANCE)
