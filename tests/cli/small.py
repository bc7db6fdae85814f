"""A warehouse of one episode, written by delta-rs: what the commands without a JVM read."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import deltalake
import pyarrow as pa
from pyspark.sql.pandas.types import to_arrow_schema

from stark_udfs.calls.request import Reply
from stark_udfs.core.records import Record
from stark_udfs.engine import system_tables
from stark_udfs.images.requests import Candidate, Module
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.images.selection import NotChosen
from stark_udfs.stages.people import demographics
from stark_udfs.stages.text import albums, narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions import turns
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

ESCAPE = "\x1b[31mred\x1b[0m [bold]not markup[/bold]"
EPISODE, OTHER = "e1a0000000000001", "e1b0000000000002"
PERSONA, COMMONSENSE, SEED, PERSON = "p100000000000001", "c100000000000001", "s100000000000001", "d100000000000001"
RUN = "20260101-000000-aaaa"


def write(root: Path) -> Path:
    """The tables of the warehouse, each in its folder under `root`."""
    for table, rows in contents():
        write_table(root, table, rows)
    return root


def write_table(root: Path, table: Table, rows: Sequence[Record], mode: Literal["error", "append"] = "error") -> None:
    """One table with the columns that the engine gives it."""
    schema = to_arrow_schema(struct_type(table.record))
    dumped = [row.model_dump() for row in rows]
    if table not in system_tables.SYSTEM:
        for name in system_tables.Provenance.model_fields:
            schema = schema.append(pa.field(name, pa.string()))
        unit = SEED if table is personas.TABLE else None
        for row in dumped:
            row.update(unit_key=unit or row[table.key[0]], provider="offline", run_id=RUN)
    partition = list(table.partition_by) or None
    deltalake.write_deltalake(
        str(root / table.name), pa.Table.from_pylist(dumped, schema=schema), partition_by=partition, mode=mode
    )


def contents() -> list[tuple[Table, list[Record]]]:
    """All tables and their rows."""
    return [
        (demographics.TABLE, [_person()]),
        (personas.TABLE, [_persona()]),
        (commonsense.TABLE, [_inference()]),
        (narratives.TABLE, [_narrative(EPISODE, "Ana Lima"), _narrative(OTHER, "Rui Costa")]),
        (events.TABLE, [_events()]),
        (albums.TABLE, [albums.Album(episode_id=EPISODE, images=[_album_image()])]),
        (sessions.TABLE, [_session(1), _session(2)]),
        (images.TABLE, [candidate(1, 0.2), candidate(2, 0.6)]),
        (
            system_tables.REPLIES,
            [reply("personas", SEED, 0), reply("sessions", EPISODE, 0), reply("sessions", EPISODE, 1)],
        ),
        (
            system_tables.UNITS,
            [_unit("personas", SEED, outputs=3, rejects=1), _unit("sessions", EPISODE, outputs=2, rejects=0)],
        ),
        (system_tables.REJECTS, [_drop()]),
        (system_tables.RUNS, [_run("personas", 1), _run("sessions", 2)]),
        (system_tables.CHECKS, [_check("turns", 2.0, ok=False), _check("images", 1.9, ok=True)]),
    ]


def candidate(number: int, score: float, picture: Candidate | None = None) -> images.Image:
    """One of two pictures that were found for the picture of the album; the better one was taken."""
    sha256 = f"{number:064x}" if picture is None else picture.sha256
    nothing = (
        "seed licence_url creator found_score turn_score nsfw phash faces_found faces_expected embedding width height"
    )
    return images.Image(
        image_id=_album_image().image_id,
        candidate=number,
        episode_id=EPISODE,
        attempt=1,
        module=Module.RETRIEVAL,
        rewritten=False,
        prompt="A red pot on a stove.",
        path=f"images/{sha256[:2]}/{sha256}.png",
        sha256=sha256,
        bytes=100 if picture is None else picture.bytes,
        source="offline shelf",
        caption=f"A pot. {ESCAPE}",
        page="",
        licence="CC0-1.0",
        text_score=score,
        score=score,
        chosen=score > 0.5,
        why_not=None if score > 0.5 else NotChosen.OUTSCORED,
        detail="",
        **dict.fromkeys(nothing.split()),
    )


def _person() -> Record:
    return demographics.Demographic(
        demographic_id=PERSON, age=34, gender="female", birthplace="Brazil", residence="Japan", origin="population"
    )


def _persona() -> Record:
    return personas.Persona(
        persona_id=PERSONA,
        seed_id=SEED,
        ordinal=0,
        position=1,
        demographic_id=PERSON,
        category="Preference > Food",
        entity_key="food",
        entity_value="kimchi stew",
        sentence="I eat kimchi stew every Sunday.",
        sensitive=False,
    )


def _inference() -> Record:
    return commonsense.Commonsense(
        commonsense_id=COMMONSENSE,
        persona_id=PERSONA,
        relation=Relation.ROUTINE,
        inference="buy cabbage at the market",
        sensitive=False,
    )


def _narrative(episode: str, name: str) -> Record:
    return narratives.Narrative(
        episode_id=episode,
        commonsense_id=COMMONSENSE,
        name=name,
        age=34,
        gender="female",
        birthplace="Brazil",
        residence="Japan",
        sentence_form="…",
        narrative=f"I am {name}, and on Sundays I cook.",
        sensitive=False,
    )


def _events() -> Record:
    first = events.Event(event_id=1, date=date(2022, 3, 5), event="Ana buys a pot.", caused_by=None)
    cause = events.Cause(event_id=1, interval="3 weeks", experience_op="add", experience="She learned to cook rice.")
    second = events.Event(event_id=2, date=date(2022, 3, 26), event="Ana cooks for friends.", caused_by=cause)
    return events.EventSequence(episode_id=EPISODE, events=[first, second])


def _album_image() -> albums.AlbumImage:
    return albums.AlbumImage(image_id="a100000000000001", description="A red pot on a stove.", category="food")


def _session(number: int) -> Record:
    shared = turns.SharedImage(
        image_id="a100000000000001" if number == 2 else "i100000000000001",
        reused=number == 2,
        description="A red pot on a stove." if number == 2 else "A market stall with cabbages.",
        rationale="She is proud of it.",
        source="mobile" if number == 2 else "internet",
        keywords=["pot"],
    )
    return sessions.Session(
        episode_id=EPISODE,
        session_number=number,
        session_date=date(2022, 3, 5) if number == 1 else date(2022, 3, 26),
        event_id=number,
        interval=None if number == 1 else "3 weeks",
        experience_op=None if number == 1 else "add",
        experience=None if number == 1 else "She learned to cook rice.",
        turns=[
            turns.Turn(turn=1, speaker="Ana Lima", text=f"Look at this! {ESCAPE}", images=[]),
            turns.Turn(turn=2, speaker="AI Assistant", text="What a pot.", images=[shared]),
        ],
        album_after=[_album_image()],
    )


def reply(stage: str, unit: str, round_: int) -> Record:
    messages = [{"role": "system", "content": "You write."}, {"role": "user", "content": f"Write {stage}. {ESCAPE}"}]
    return Reply(
        stage=stage,
        unit_key=unit,
        round=round_,
        attempt=0,
        key=f"{stage}{round_}".ljust(64, "0"),
        request=json.dumps({"messages": messages, "parameters": {"temperature": 0.9}}),
        reply=f'{{"answer": "{stage} {round_}"}}',
        finish_reason="stop",
        model_returned="offline",
        provider="offline",
        tokens_in=100,
        tokens_out=50,
        money=0.25,
        seconds=0.1,
        tries=1,
        run_id=RUN,
        replied_at="2026-01-01T00:00:00Z",
    )


def _unit(stage: str, key: str, *, outputs: int, rejects: int) -> Record:
    return system_tables.UnitRow(
        stage=stage,
        unit_key=key,
        row_hash="r",
        code_hash="c",
        state=system_tables.UnitState.DONE,
        outputs=outputs,
        rejects=rejects,
        money=0.25,
        redraw=0,
        stale=False,
        run_id=RUN,
    )


def _drop() -> Record:
    return system_tables.RejectRow(
        stage="personas",
        unit_key=SEED,
        position=2,
        reason="wrong_key",
        origin="code",
        detail=f"'drink', not 'food' {ESCAPE}",
        key="pbad000000000001",
        reply_key="personas0".ljust(64, "0"),
        run_id=RUN,
    )


def _run(stage: str, calls: int) -> Record:
    return system_tables.StageRun(
        run_id=RUN,
        stage=stage,
        state="partial" if stage == "sessions" else "finished",
        rows_in=2,
        rows_out=3,
        added=3,
        changed=0,
        removed=0,
        rejected=1,
        reused=0,
        open=1 if stage == "sessions" else 0,
        calls=calls,
        tokens_in=100 * calls,
        tokens_out=50 * calls,
        money=0.25 * calls,
        currency="USD",
        forecast_calls=3,
        forecast_tokens=420,
        forecast_money=0.7,
        forecast_low=0.4,
        forecast_high=1.2,
        forecast_from="rehearsed unit",
        seconds=1.5,
        started_at="2026-01-01T00:00:00+00:00",
        stage_hash="h",
        versions_read={},
        version_written=1,
        torn_lines=0,
        note="",
    )


def _check(name: str, value: float, *, ok: bool) -> Record:
    return system_tables.CheckResult(
        run_id=RUN, stage="sessions", name=name, value=value, low=8.9, high=12.1, kind="set", ok=ok
    )
