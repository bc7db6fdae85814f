"""The stage `probes`: questions about each episode, as many of each kind, whose answers its turns prove."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from pydantic import Field
from pyspark.sql import DataFrame
from pyspark.sql import types as spark

from stark_udfs.core.ids import rng_of
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Exact, Share
from stark_udfs.engine.frames import Batches, arrow, arrow_schema, dicts
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.settings.chat_models import ChatStageSettings
from stark_udfs.settings.section import Scalar
from stark_udfs.stages.probes.proof import unproved
from stark_udfs.stages.probes.questions import MAKERS
from stark_udfs.stages.probes.records import TABLE, Probe, ProbeKind
from stark_udfs.stages.text.history import HISTORY_MAY_READ, HISTORY_READS, EpisodeHistory, histories
from stark_udfs.stages.text.words import excerpt
from stark_udfs.tables.schema import struct_type

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

__all__ = ["TABLE", "ProbesSettings", "made", "select", "stage"]

LEAST = 8  # probes of an episode
REJECT_COLUMNS = ("unit_key", "reason", "detail", "key")


class ProbesSettings(ChatStageSettings):
    """Memory probes; a model is asked only where `phrasing` says so."""

    of_each_kind: int = Field(2, ge=1, le=20, description="questions of an episode of each of the seven kinds, at most")
    rejects: bool = Field(True, description="whether a question that no turn proves becomes a reject")
    phrasing: Literal["template", "model"] = Field(
        "template", description="who words the questions; model: one call an episode, answers stay as they are"
    )
    parameters: dict[str, Scalar] = Field({"temperature": 0.7, "top_p": 0.95})


def made(of_each_kind: int, seed: int, history: EpisodeHistory) -> list[Probe | Reject]:
    """The probes of an episode, and a reject for each candidate that was looked at and not proved.

    Kinds that have too few leave their places to the others, so that an episode comes to 8 where it can.

    Args:
        of_each_kind: probes of a kind at most.
        seed: of the run.
        history: an episode.
    """
    kept: list[Probe] = []
    spare: list[Probe] = []
    dropped: list[Reject] = []
    for kind in ProbeKind:
        proved: list[Probe] = []
        for probe in _candidates(kind, seed, history):
            if len(proved) >= of_each_kind + LEAST:
                break
            why = unproved(history, probe)
            if why is None:
                proved.append(probe)
            elif kind is not ProbeKind.ADVERSARIAL:  # most of its candidates are proposals that are said after all
                detail = f"{probe.form}: {why}"
                dropped.append(Reject(reason=RejectReason.UNPROVED, detail=excerpt(detail, 400), key=probe.probe_id))
        kept += proved[:of_each_kind]
        spare += proved[of_each_kind:] if kind is not ProbeKind.ADVERSARIAL else []
    more = max(0, LEAST - len(kept))
    return [*kept, *_spread(spare)[:more], *dropped]


def _candidates(kind: ProbeKind, seed: int, history: EpisodeHistory) -> Iterable[Probe]:
    """The forms of a kind in turn, each in an order of its own; no question twice."""
    asked: dict[str, Probe] = {}
    forms = []
    for maker in MAKERS[kind]:
        probes = list({probe.question: probe for probe in maker(history)}.values())
        rng_of(seed, history.episode_id, maker.__name__).shuffle(probes)
        forms.append(probes)
    for place in range(max(map(len, forms), default=0)):
        for probes in forms:
            if place < len(probes):
                asked.setdefault(probes[place].question, probes[place])
    return asked.values()


def _spread(probes: Sequence[Probe]) -> list[Probe]:
    """In turn of each kind."""
    seen: Counter[ProbeKind] = Counter()
    order = []
    for place, probe in enumerate(probes):
        order.append((seen[probe.kind], place))
        seen[probe.kind] += 1
    return [probes[place] for _, place in sorted(order)]


def select(of_each_kind: int, seed: int, frames: Frames) -> DataFrame:
    """The probes of all episodes that have sessions."""
    struct = struct_type(Probe)
    return histories(frames).mapInArrow(_making(of_each_kind, seed, arrow_schema(struct)), struct)


def _making(of_each_kind: int, seed: int, schema: pa.Schema) -> Callable[[Batches], Iterable[pa.RecordBatch]]:
    def make(batches: Batches) -> Iterable[pa.RecordBatch]:
        episodes = (EpisodeHistory.model_validate(row) for row in dicts(batches))
        probes = (one for episode in episodes for one in made(of_each_kind, seed, episode) if isinstance(one, Probe))
        return arrow((probe.model_dump(mode="json") for probe in probes), schema)

    return make


def rejects(of_each_kind: int, seed: int, frames: Frames) -> DataFrame:
    """The candidates that no turn proves."""
    struct = spark.StructType(
        [
            *(spark.StructField(name, spark.StringType(), nullable=False) for name in REJECT_COLUMNS),
            spark.StructField("position", spark.LongType(), nullable=False),
        ]
    )
    return histories(frames).mapInArrow(_dropping(of_each_kind, seed, arrow_schema(struct)), struct)


def _dropping(of_each_kind: int, seed: int, schema: pa.Schema) -> Callable[[Batches], Iterable[pa.RecordBatch]]:
    def drop(batches: Batches) -> Iterable[pa.RecordBatch]:
        rows = (
            {
                "unit_key": episode.episode_id,
                "position": position,
                "reason": one.reason.value,
                "detail": one.detail,
                "key": one.key,
            }
            for episode in (EpisodeHistory.model_validate(row) for row in dicts(batches))
            for position, one in enumerate(
                reject for reject in made(of_each_kind, seed, episode) if isinstance(reject, Reject)
            )
        )
        return arrow(rows, schema)

    return drop


def _checks(of_each_kind: int) -> tuple[Check, ...]:
    most = of_each_kind * len(ProbeKind)
    few = Check("probes of an episode", Exact("count(*) / nullif(count(distinct episode_id), 0)"), low=LEAST, high=most)
    even = 1 / len(ProbeKind)
    shares = (
        Check(f"share of {kind.value}", Share(f"kind = '{kind.value}'"), low=even / 2, high=even * 2)
        for kind in ProbeKind
    )
    return (few, *shares)


def stage(settings: "Settings") -> TableStage:
    """The stage with these settings."""
    wanted, seed = settings.probes.of_each_kind, settings.pipeline.seed
    return TableStage(
        name="probes",
        reads=HISTORY_READS,
        may_read=HISTORY_MAY_READ,
        select=partial(select, wanted, seed),
        rejects=partial(rejects, wanted, seed) if settings.probes.rejects else None,
        writes=TABLE,
        settings={"of_each_kind": wanted, "seed": seed, "rejects": settings.probes.rejects},
        derived=True,
        checks=_checks(wanted),
    )
