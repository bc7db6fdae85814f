"""A probe: a question about an episode's memory, its answer and the turns that prove it."""

from enum import StrEnum

from pydantic import Field

from stark_udfs.core.records import Record
from stark_udfs.tables.table import Table

NEVER_SAID = "not mentioned"


class ProbeKind(StrEnum):
    """What a question asks of a memory; the kinds of LoCoMo and Mem-Gallery."""

    SINGLE_FACT = "single_fact"
    SEVERAL_SESSIONS = "several_sessions"
    TIME = "time"
    CAUSE = "cause"
    VISUAL = "visual"
    UPDATE = "update"
    ADVERSARIAL = "adversarial"


class Probe(Record):
    """One row of `probes`."""

    probe_id: str = Field(description="stable_id(episode_id, kind, question)")
    episode_id: str = Field(description="references narratives.episode_id")
    kind: ProbeKind = Field(
        description="single_fact, several_sessions, time, cause, visual, update, adversarial (what was never said)"
    )
    form: str = Field(description="which question of the kind: it says how the answer is proved")
    question: str = Field(description="what it is about stands in “quotes”")
    answer: str = Field(
        description="'not mentioned' where the right answer is that nobody said it; dates as 2021-03-14"
    )
    evidence: list[str] = Field(description="EPISODE:session:turn of each turn that proves it; none for adversarial")


TABLE = Table("probes", Probe, key=("probe_id",), parents=(("episode_id", "narratives"),))
