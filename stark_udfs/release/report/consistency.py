"""Whether episodes agree with themselves: how often each check of the long run found a fault, and what it found."""

import re
from dataclasses import dataclass

from stark_udfs.release.report.blocks import (
    Block,
    Cell,
    Code,
    Finding,
    Grid,
    Link,
    Place,
    Section,
    Tag,
    Words,
)
from stark_udfs.release.report.source import Source, count, number
from stark_udfs.release.text import shortened

STAGE = "consistency"
SAYS = {
    "profile": "name, age, countries as the person tells them, with the profile",
    "persona": "nothing of the persona is denied by the person",
    "event_facts": "numbers and people of the day's event, where a turn tells them again",
    "event_told": "the person tells of the day's event and of what led to it",
    "earlier_sessions": "who somebody is to the person stays the same",
    "dates": "days of sessions and events, and the time between them",
    "spoken_intervals": "“five weeks already” fits the dates",
    "image_order": "no picture is shared again before it was taken",
    "album_descriptions": "one picture has one description",
    "speakers": "nobody speaks to themselves or from the other's place",
    "summary_support": "what the memory claims was said, shown or known",
    "image_text": "the picture shows what the words say, by its score",
}
NAME = re.compile(r"\w{1,60}")
EXAMPLE = re.compile(r"([\w.-]{1,128}):(\d{1,4})")
MOST_FAULTS = 2  # of a session that are shown


@dataclass(frozen=True)
class _Fault:
    """One session in which a check found something."""

    check: str
    episode: str
    session: str

    @property
    def place(self) -> str:
        return re.sub(r"[^\w-]", "-", f"fault-{self.check}-{self.episode}-{self.session}")


def section(source: Source) -> Section:
    """A line per check, with links to what was found in its examples."""
    title = "Consistency of the long run"
    rows = source.rows(f"SELECT * FROM last_checks WHERE stage = '{STAGE}'") if source.has("checks") else []
    if not rows:
        return Section(STAGE, title, "", (Words(f"Not looked at yet: `stark run --until {STAGE}`."),))
    order = list(SAYS)
    rows.sort(key=lambda row: (_place(order, str(row["name"])), str(row["name"])))
    names = _people(source, [fault for row in rows for fault in _faults(row)])
    lines = tuple(_line(row, names) for row in rows)
    found = tuple(_found(source, fault, names) for row in rows for fault in _faults(row))
    findings = tuple(
        Finding(
            f"{_words(row)}: {number(row['value']):.1%} of sessions disagree with their episode, at most "
            f"{number(row['high']):.0%} was expected.",
            "bad",
            STAGE,
        )
        for row in rows
        if not row["ok"]
    )
    head: tuple[str, ...] = ("check", "sessions with a fault", "95 % interval", "of", "state", "what has to agree")
    if found:
        head += ("for example",)
    else:
        lines = tuple(line[:-1] for line in lines)
    blocks: list[Block] = [Grid(head, lines, "Sessions that disagree with themselves or their episode, by check")]
    if found:
        more = ("where", "what is said", "what that disagrees with", "read it")
        blocks.append(Grid(more, found, "What was found in these examples"))
    total = sum(1 for row in rows if number(row["value"]))
    lead = (
        "Rules over text, dates and ids; no model takes part. Intervals count an episode once. "
        f"{total} of {len(rows)} checks found something."
    )
    return Section(STAGE, title, lead, tuple(blocks), findings)


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def _words(row: dict[str, object]) -> str:
    return shortened(row["name"], 60).replace("_", " ")


def _faults(row: dict[str, object]) -> list[_Fault]:
    """The examples that the check names; those of a check or episode that no query could ask for are left out."""
    if NAME.fullmatch(str(row["name"])) is None:
        return []
    return [_Fault(str(row["name"]), found[1], found[2]) for found in EXAMPLE.finditer(str(row["examples"] or ""))]


def _people(source: Source, faults: list[_Fault]) -> dict[str, str]:
    """The names of the people of these episodes."""
    if not faults or not source.has("narratives"):
        return {}
    ids = ", ".join(f"'{one}'" for one in sorted({fault.episode for fault in faults}))
    rows = source.rows(f"SELECT episode_id, name FROM narratives WHERE episode_id IN ({ids})")
    return {str(row["episode_id"]): shortened(row["name"], 40) for row in rows}


def _line(row: dict[str, object], names: dict[str, str]) -> tuple[Cell, ...]:
    low, high = row["interval_low"], row["interval_high"]
    return (
        _words(row),
        "–" if row["value"] is None else f"{number(row['value']):.1%}",
        "–" if low is None or high is None else f"{number(low):.1%} – {number(high):.1%}",
        count(row["n"]),
        Tag("passed", "ok") if row["state"] == "passed" else Tag(str(row["state"]), "warn" if row["ok"] else "bad"),
        SAYS.get(str(row["name"]), "a check of this project's user"),
        tuple(Link(f"{names.get(one.episode, one.episode)}, session {one.session}", one.place) for one in _faults(row)),
    )


def _found(source: Source, fault: _Fault, names: dict[str, str]) -> tuple[Cell, ...]:
    """What the check saw, in words; the table may have gone on since it was measured."""
    rows: list[dict[str, object]] = []
    if source.has(STAGE):
        rows = source.rows(
            f"SELECT turn_ids, words, against FROM {STAGE} WHERE episode_id = '{fault.episode}' "
            f"AND session_number = {int(fault.session)} AND check_name = '{fault.check}' AND found"
        )
    said, against, turns = (_listed(rows[0][name]) if rows else [] for name in ("words", "against", "turn_ids"))
    turn = turns[0].rsplit(":", 1)[-1] if turns else "0"
    where = f"{names.get(fault.episode, fault.episode)}, session {fault.session}"
    where += f", turn {turn}" if turn.isdecimal() and turn != "0" else ""
    more = f" … and {len(said) - MOST_FAULTS} more" if len(said) > MOST_FAULTS else ""
    return (
        Place(f"{fault.check.replace('_', ' ')}: {where}", fault.place),
        " · ".join(shortened(one, 160) for one in said[:MOST_FAULTS]) + more if said else "no longer found",
        " · ".join(shortened(one, 160) for one in against[:MOST_FAULTS]),
        Code(f"stark view {fault.episode}"),
    )


def _listed(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []
