"""Whether a judge is worth asking: how often it scores a broken copy lower than the clean session."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from stark_udfs.core.ids import stable_id
from stark_udfs.engine.checking.interval import Interval, of_share
from stark_udfs.engine.stage import AnyChatStage, Frames
from stark_udfs.release.judging.broken_copies import BrokenCopy
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judged import JudgedSession
from stark_udfs.stages.verdicts.judgements import Judgement
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

TABLE = Table("judged_pairs", Judgement, key=("judgement_id",))


@dataclass(frozen=True)
class JudgeCheck:
    """One criterion: of `pairs` that were scored on both sides, how many broken copies got less, as much, or more.

    found: share of the broken copies that got less, `interval` its 95 % Wilson interval.
    """

    criterion: Criterion
    pairs: int
    lower: int
    equal: int
    higher: int

    @property
    def found(self) -> float | None:
        """None without a pair."""
        return self.lower / self.pairs if self.pairs else None

    @property
    def interval(self) -> Interval | None:
        """None without a pair."""
        return of_share(self.lower, self.pairs)


def pair_stage(judging: AnyChatStage, pairs: Sequence[BrokenCopy]) -> AnyChatStage:
    """A stage that asks the judge of `judging` about both sides of all pairs, each once, into `judged_pairs`.

    A clean session that stands in several pairs is asked about once.
    """
    rows = tuple(sides(pairs))
    return replace(
        judging,
        name=TABLE.name,
        reads=(),
        select=partial(_rows, rows),
        writes=TABLE,
        scope={"rows": stable_id(*(row.model_dump_json() for row in rows))},
        checks=(),
        example=None,
    )


def checked(pairs: Sequence[BrokenCopy], judged: Mapping[str, Mapping[str, object]]) -> list[JudgeCheck]:
    """Every criterion that has pairs.

    Args:
        pairs: as they were asked.
        judged: rows of `judged_pairs` by judgement_id; pairs with a side that was not scored do not count.
    """
    found = []
    for criterion in Criterion:
        mine = [pair for pair in pairs if pair.criterion is criterion]
        scores = [
            (_score(judged, clean_row(pair), criterion), _score(judged, broken_row(pair), criterion)) for pair in mine
        ]
        both = [(clean, broken) for clean, broken in scores if clean is not None and broken is not None]
        if mine:
            lower = sum(broken < clean for clean, broken in both)
            equal = sum(broken == clean for clean, broken in both)
            found.append(JudgeCheck(criterion, len(both), lower, equal, len(both) - lower - equal))
    return found


def sides(pairs: Sequence[BrokenCopy]) -> list[JudgedSession]:
    """Both sides of all pairs, each once."""
    return list({row.judgement_id: row for pair in pairs for row in (clean_row(pair), broken_row(pair))}.values())


def clean_row(pair: BrokenCopy) -> JudgedSession:
    """The clean side, under its own key."""
    return pair.clean.model_copy(update={"judgement_id": f"{pair.clean.key}:clean"})


def broken_row(pair: BrokenCopy) -> JudgedSession:
    """The broken side, under its own key."""
    again = f":{pair.number}" if pair.number else ""
    return pair.broken.model_copy(update={"judgement_id": f"{pair.clean.key}:{pair.criterion.value}{again}"})


def _score(judged: Mapping[str, Mapping[str, object]], row: JudgedSession, criterion: Criterion) -> int | None:
    value = judged.get(row.judgement_id, {}).get(criterion.value)
    return value if isinstance(value, int) else None


def _rows(rows: tuple[JudgedSession, ...], _frames: Frames) -> DataFrame:
    return SparkSession.active().createDataFrame([row.model_dump() for row in rows], struct_type(JudgedSession))
