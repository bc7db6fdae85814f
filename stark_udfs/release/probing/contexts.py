"""What an answerer is given to remember from: all sessions, the last one, or the turns that a search finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from stark_udfs.core.errors import NotFound
from stark_udfs.sql.duckdb import SqlEngine
from stark_udfs.stages.probes.records import Probe
from stark_udfs.stages.text.history import ToldSession

ContextName = Literal["full", "last_session", "retrieved"]
CONTEXTS: tuple[ContextName, ...] = ("full", "last_session", "retrieved")
PHRASINGS = "probe_phrasings"
SYSTEM = """\
You answer questions about conversations between a person and an AI assistant. You know nothing but the conversation
that is given. Answer with as few words as possible, in the conversation's own words where you can. Write dates as
2021-03-14 and spans of time as "3 weeks". If the conversation does not say it, answer: not mentioned."""


@dataclass(frozen=True)
class Line:
    """One turn as an answerer reads it."""

    turn_id: str
    text: str


@dataclass(frozen=True)
class Transcript:
    """The conversation of an episode, one tuple of lines per session."""

    episode_id: str
    sessions: tuple[tuple[Line, ...], ...]

    @property
    def lines(self) -> list[Line]:
        """All turns in order."""
        return [line for session in self.sessions for line in session]


def probes_in(sql: SqlEngine) -> list[Probe]:
    """All probes of a warehouse, in the templates' words.

    Raises:
        NotFound: there are none.
    """
    if "probes" not in sql.tables:
        raise NotFound("there is no table probes yet: run `stark run --until probes`.")
    columns = ", ".join(Probe.model_fields)
    found = [Probe.model_validate(row) for row in sql.ask(f"SELECT {columns} FROM probes").dicts()]
    return sorted(found, key=lambda probe: (probe.episode_id, probe.kind.value, probe.probe_id))


def phrased(sql: SqlEngine, probes: Sequence[Probe]) -> list[Probe]:
    """The probes as a model worded them; those whose template was kept stay as they are.

    Raises:
        NotFound: no model was asked to.
    """
    if PHRASINGS not in sql.tables:
        raise NotFound(f"there is no table {PHRASINGS} yet: run `stark run --set probes.phrasing=model`. It costs.")
    rows = sql.ask(f"SELECT probe_id, question FROM {PHRASINGS} WHERE phrased").dicts()
    worded = {str(row["probe_id"]): str(row["question"]) for row in rows}
    return [probe.model_copy(update={"question": worded.get(probe.probe_id, probe.question)}) for probe in probes]


def transcripts_in(sql: SqlEngine) -> dict[str, Transcript]:
    """By episode, its conversation."""
    columns = ("episode_id", "session_number", "session_date", "turns")
    rows = sql.ask(f"SELECT {', '.join(columns)} FROM sessions ORDER BY episode_id, session_number").dicts()
    blank: dict[str, object] = {
        "event_id": 0,
        "interval": None,
        "experience_op": None,
        "experience": None,
        "album_after": [],
    }
    told: dict[str, list[ToldSession]] = {}
    for row in rows:
        session = ToldSession.model_validate({**{name: row[name] for name in columns[1:]}, **blank})
        told.setdefault(str(row["episode_id"]), []).append(session)
    return {episode: transcript(episode, sessions) for episode, sessions in told.items()}


def transcript(episode_id: str, sessions: Sequence[ToldSession]) -> Transcript:
    """The conversation of an episode's sessions."""
    return Transcript(episode_id, tuple(tuple(_lines(episode_id, session)) for session in sessions))


def _lines(episode_id: str, session: ToldSession) -> list[Line]:
    lines = []
    for turn in session.turns:
        shown = " ".join(f"[shares an image: {image.description}]" for image in turn.images)
        day = session.session_date
        text = (
            f"({day.isoformat()}, {day.day} {day:%B %Y}) {turn.speaker}: {' '.join(filter(None, (turn.text, shown)))}"
        )
        lines.append(Line(f"{episode_id}:{session.session_number}:{turn.turn}", text))
    return lines


def prompt(probe: Probe, lines: Sequence[Line]) -> str:
    """The question with its context, as the user's message."""
    told = "\n".join(line.text for line in lines)
    return f"The conversation\n{told}\n\nThe question\n{probe.question}"


def prompts(
    probes: Sequence[Probe], transcripts: Mapping[str, Transcript], context: ContextName, top: int
) -> dict[str, str]:
    """By probe, its prompt in this context; probes whose episode is gone are left out.

    Args:
        probes: what is asked.
        transcripts: by episode.
        context: what the answerer may read.
        top: turns that a search gives, for `retrieved`.
    """
    from stark_udfs.release.probing.search import Searcher

    searchers: dict[str, Searcher] = {}
    made = {}
    for probe in probes:
        known = transcripts.get(probe.episode_id)
        if known is None or not known.lines:
            continue
        if context == "retrieved":
            if probe.episode_id not in searchers:
                searchers[probe.episode_id] = Searcher(known.lines)
            lines = searchers[probe.episode_id].best(probe.question, top)
            order = {line.turn_id: place for place, line in enumerate(known.lines)}
            lines = sorted(lines, key=lambda line: order[line.turn_id])
        else:
            lines = known.lines if context == "full" else list(known.sessions[-1])
        made[probe.probe_id] = prompt(probe, lines)
    return made
