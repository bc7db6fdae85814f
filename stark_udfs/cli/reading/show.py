"""`stark show`: one episode as a conversation, with the person and where it came from."""

from collections.abc import Mapping

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.core.errors import NotFound
from stark_udfs.sql.duckdb import SqlEngine

Row = Mapping[str, object]


def show(sql: SqlEngine, episode_id: str, console: Console, sessions: int | None = None) -> None:
    """Print an episode.

    Args:
        sql: the warehouse.
        episode_id: its full id.
        console: where to.
        sessions: print this many at most; None: all.

    Raises:
        NotFound: the episode has no sessions.
    """
    told = sql.ask(f"SELECT * FROM sessions WHERE episode_id = '{episode_id}' ORDER BY session_number").dicts()
    if not told:
        raise NotFound(f"episode {episode_id} has no sessions: `stark trace {episode_id}` tells how far it came.")
    person = sql.ask(f"SELECT * FROM lineage WHERE episode_id = '{episode_id}' LIMIT 1").dicts()[0]
    events = sql.ask(f"SELECT events FROM events WHERE episode_id = '{episode_id}'").rows
    happened = {event["event_id"]: event["event"] for event in _rows(events[0][0])} if events else {}
    pictures = _pictures(sql, episode_id)
    _person(console, person)
    if "face" in pictures:
        console.print(Text(plain(f"face: {pictures['face']}"), style="dim"))
    for session in told[:sessions]:
        _session(console, session, str(happened.get(session["event_id"], "")), str(person["name"]), pictures)
    if sessions is not None and len(told) > sessions:
        console.print(Text(f"… and {len(told) - sessions} more sessions: stark show {episode_id}", style="dim"))


def _person(console: Console, person: Row) -> None:
    console.print(Text(plain(person["name"]), style="bold"), Text(f"(episode {person['episode_id']})", style="dim"))
    console.print(
        Text(
            plain(
                f"{person['age']}, {person['gender']}, born in {person['birthplace']}, lives in {person['residence']}"
            )
        )
    )
    console.print(Padding(Text(plain(person["narrative"]), style="italic"), (0, 0, 0, 2), expand=False))
    console.print(
        Text(plain(f"from: {person['sentence']} ({person['category']}: {person['entity_value']})"), style="dim")
    )
    console.print(Text(plain(f"      {person['relation']}: {person['inference']}"), style="dim"))


def _pictures(sql: SqlEngine, episode_id: str) -> dict[str, str]:
    """By image id, where its chosen picture is and how it came about; `face`: the person's."""
    found: dict[str, str] = {}
    if "faces" in sql.tables:
        for row in sql.ask(f"SELECT path FROM faces WHERE episode_id = '{episode_id}'").dicts():
            found["face"] = str(row["path"])
    if "images" in sql.tables:
        chosen = f"SELECT image_id, module, path FROM images WHERE episode_id = '{episode_id}' AND chosen"
        for row in sql.ask(chosen).dicts():
            found[str(row["image_id"])] = f"{row['module']}: {row['path']}"
    return found


def _session(console: Console, session: Row, event: str, name: str, pictures: Mapping[str, str]) -> None:
    after = f" · {session['interval']} later" if session["interval"] else ""
    console.print()
    console.print(
        Text(plain(f"Session {session['session_number']} · {session['session_date']}{after}"), style="bold underline")
    )
    if session["experience"]:
        console.print(Text(plain(f"before: {session['experience']}"), style="dim"))
    console.print(Text(plain(f"today: {event}"), style="dim"))
    for turn in _rows(session["turns"]):
        _turn(console, turn, name, pictures)


def _turn(console: Console, turn: Row, name: str, pictures: Mapping[str, str]) -> None:
    colour = "cyan" if turn["speaker"] == name else "green"
    if turn["text"]:
        console.print(Text.assemble((plain(f"{turn['speaker']}: "), f"bold {colour}"), plain(turn["text"])))
    for image in _rows(turn["images"]):
        kind = "from the album" if image["reused"] else str(image["source"])
        line = Text.assemble((plain(f"{turn['speaker']} shares [{kind}] "), colour), plain(image["description"]))
        console.print(Padding(line, (0, 0, 0, 2), expand=False))
        if image["image_id"] in pictures:
            told = Text(plain(pictures[str(image["image_id"])]), style="dim")
            console.print(Padding(told, (0, 0, 0, 4), expand=False), soft_wrap=True)


def _rows(value: object) -> list[dict[str, object]]:
    return [dict(row) for row in value] if isinstance(value, list) else []
