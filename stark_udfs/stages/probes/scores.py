"""Probe scores: how each answerer did on each probe. Written by `stark evaluate probes`, not made by a stage."""

from pydantic import Field

from stark_udfs.core.records import Record
from stark_udfs.stages.probes.records import ProbeKind
from stark_udfs.tables.table import Table


class ProbeScore(Record):
    """One row of `probe_scores`: a probe as one system answered it. The last evaluation of a system counts."""

    score_id: str = Field(description="stable_id(probe_id, system, context, phrased)")
    probe_id: str = Field(description="references probes.probe_id")
    episode_id: str = Field(description="references narratives.episode_id")
    kind: ProbeKind = Field(description="as of the probe")
    system: str = Field(description="BM25, a key of `models`, or the name of the file that held the answers")
    model: str | None = Field(description="the model's name; null: no model, or a file that does not say which")
    context: str = Field(
        description="what it answered from: best_turn, full, last_session, retrieved, or as a file says"
    )
    phrased: bool = Field(description="whether the questions were asked in a model's words, where these are fit")
    answer: str | None = Field(description="at most 2,000 characters; null: none was given")
    score: float = Field(description="1: right, 0: wrong")
    f1: float = Field(description="of the words that answer and right answer share, in [0, 1]")
    abstained: bool = Field(description="whether the answer says that nobody said it")


TABLE = Table(
    "probe_scores",
    ProbeScore,
    key=("score_id",),
    parents=(("probe_id", "probes"), ("episode_id", "narratives")),
)
