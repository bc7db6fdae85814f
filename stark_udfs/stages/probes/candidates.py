"""What makers of probes share: how a day and a fact are worded, and a candidate made of its parts."""

from collections.abc import Sequence
from datetime import date

from stark_udfs.core.ids import stable_id
from stark_udfs.stages.probes.evidence import Evidence
from stark_udfs.stages.probes.records import Probe, ProbeKind
from stark_udfs.stages.text.history import EpisodeHistory


def day(when: date) -> str:
    """A day as questions say it: 14 March 2021."""
    return f"{when.day} {when:%B %Y}"


def probe(  # noqa: PLR0917
    history: EpisodeHistory, kind: ProbeKind, form: str, question: str, answer: str, proof: Sequence[str] = ()
) -> Probe:
    """A candidate; `proof` holds turn ids, of which each counts once."""
    return Probe(
        probe_id=stable_id(history.episode_id, kind.value, question),
        episode_id=history.episode_id,
        kind=kind,
        form=form,
        question=question,
        answer=answer,
        evidence=list(dict.fromkeys(proof)),
    )


def turn_ids(history: EpisodeHistory, *facts: Evidence) -> list[str]:
    """The turns that tell these facts."""
    return [turn for fact in facts for turn in fact.ids(history)]
