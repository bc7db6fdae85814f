"""`stark trace`: where a row comes from, back to the seed, with the prompts, replies and cost of each step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stark_udfs.cli.reading.warehouse import literal
from stark_udfs.core.errors import NotFound
from stark_udfs.sql.duckdb import SqlEngine
from stark_udfs.tables.table import Table

Row = Mapping[str, object]
IMAGES = (
    ("sessions", "SELECT episode_id, session_number FROM shared_images WHERE image_id = '{id}'"),
    (
        "albums",
        "SELECT episode_id FROM (SELECT episode_id, explode(images) AS i FROM albums) WHERE i.image_id = '{id}'",
    ),
)


@dataclass(frozen=True)
class Start:
    """A row at which a trace begins: where it stands in its table, and which rounds of its unit gave it."""

    table: str
    where: str
    rounds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """One stage of a trace: a row (None: it was never made), the calls that gave it and what was dropped with it."""

    stage: str
    row: Row | None
    calls: tuple[Row, ...]
    rejects: tuple[Row, ...] = ()

    @property
    def money(self) -> float:
        """Of the calls."""
        return sum(float(str(call["money"])) for call in self.calls)


@dataclass
class Tracer:
    """Follows rows of one warehouse up to their seed."""

    sql: SqlEngine
    tables: Sequence[Table]
    _seen: set[str] = field(default_factory=set)

    def trace(self, given: str) -> list[Step]:
        """The steps that led to a row, seed first.

        Raises:
            NotFound: nothing has this id.
        """
        wanted = literal(given)
        steps = [step for start in self._starts(wanted) for step in self._up(start)] or self._dropped(wanted)
        if not steps:
            raise NotFound(
                f"nothing has the id {given!r}. Ids are in the columns {', '.join(sorted(self._keys()))}, image_id, "
                "units.unit_key, replies.key and rejects.key."
            )
        order = [table.name for table in self.tables]
        return sorted(steps, key=lambda step: order.index(step.stage) if step.stage in order else len(order))

    def _keys(self) -> set[str]:
        return {table.key[0] for table in self.tables}

    def _there(self) -> list[Table]:
        return [table for table in self.tables if table.name in self.sql.tables]

    def _starts(self, wanted: str) -> list[Start]:
        """The rows that the id may mean: a key, a session as EPISODE:NUMBER, an image, a unit, a reply."""
        found = [
            Start(table.name, f"{table.key[0]} = '{wanted}'")
            for table in self._there()
            if self._any(table.name, f"{table.key[0]} = '{wanted}'")
        ]
        found += self._image(wanted)  # a planned image has a row of its own, and stands in an album or a session
        return found or self._session(wanted) or self._unit(wanted) or self._reply(wanted)

    def _session(self, wanted: str) -> list[Start]:
        episode, colon, number = wanted.partition(":")
        if not colon or not number.isdecimal() or "sessions" not in self.sql.tables:
            return []
        where = f"episode_id = '{episode}' AND session_number = {int(number)}"
        return [Start("sessions", where, (int(number) - 1,))] if self._any("sessions", where) else []

    def _image(self, wanted: str) -> list[Start]:
        for table, query in IMAGES:
            rows = self.sql.ask(query.format(id=wanted)).dicts() if table in self.sql.tables else []
            if rows and table == "sessions":
                numbers = sorted({int(str(row["session_number"])) for row in rows})
                where = f"episode_id = '{rows[0]['episode_id']}' AND session_number = {numbers[0]}"
                return [Start(table, where, tuple(number - 1 for number in numbers))]
            if rows:
                return [Start(table, f"episode_id = '{rows[0]['episode_id']}'")]
        return []

    def _unit(self, wanted: str) -> list[Start]:
        tables = [table.name for table in self._there() if self._any(table.name, f"unit_key = '{wanted}'")]
        return [Start(table, f"unit_key = '{wanted}'") for table in tables]

    def _reply(self, wanted: str) -> list[Start]:
        if "replies" not in self.sql.tables:
            return []
        rows = self.sql.ask(f"SELECT stage, unit_key FROM replies WHERE key = '{wanted}'").dicts()
        return [Start(self._table_of(str(row["stage"])), f"unit_key = '{row['unit_key']}'") for row in rows]

    def _dropped(self, wanted: str) -> list[Step]:
        """A row that was never made: what was asked for its unit, and why it was dropped."""
        if "rejects" not in self.sql.tables:
            return []
        rows = self.sql.ask(f"SELECT * FROM rejects WHERE key = '{wanted}' OR unit_key = '{wanted}'").dicts()
        steps: list[Step] = []
        for stage, unit in sorted({(str(row["stage"]), str(row["unit_key"])) for row in rows}):
            for start in (Start(self._table_of(stage), f"unit_key = '{unit}'"),):
                steps.extend(step for step in self._up(start) if step.stage != stage)
            dropped = tuple(row for row in rows if row["stage"] == stage and row["unit_key"] == unit)
            steps.append(Step(stage, None, self._calls(stage, unit, ()), dropped))
        return steps

    def _any(self, table: str, where: str) -> bool:
        return bool(self.sql.ask(f"SELECT 1 AS one FROM {table} WHERE {where} LIMIT 1").rows)

    def _up(self, start: Start) -> Iterator[Step]:
        """The row of a start, then those that it was made from."""
        if start.table not in self.sql.tables:
            return
        for row in self.sql.ask(f"SELECT * FROM {start.table} WHERE {start.where}").dicts():
            unit = str(row["unit_key"])
            once = f"{start.table}/{unit}" if not start.rounds else f"{start.table}/{unit}/{start.rounds}"
            if once in self._seen:
                continue
            self._seen.add(once)
            yield Step(start.table, row, self._calls(start.table, unit, start.rounds))
            for column, parent in self._parents(start.table):
                key = next(table.key[0] for table in self.tables if table.name == parent)
                yield from self._up(Start(parent, f"{key} = '{literal(str(row[column]))}'"))

    def _table_of(self, stage: str) -> str:
        """The table that a stage writes: that of its name, or the one that the name begins with, as of each judge."""
        names = [table.name for table in self.tables]
        return stage if stage in names else next((one for one in names if stage.startswith(f"{one}_")), stage)

    def _parents(self, name: str) -> tuple[tuple[str, str], ...]:
        return next((table.parents for table in self.tables if table.name == name), ())

    def _calls(self, stage: str, unit: str, rounds: tuple[int, ...]) -> tuple[Row, ...]:
        if "replies" not in self.sql.tables:
            return ()
        only = f" AND round IN ({', '.join(map(str, rounds))})" if rounds else ""
        of_stage = f"(stage = '{stage}' OR stage LIKE '{stage}#_%' ESCAPE '#')"  # judges have a stage each
        query = f"SELECT * FROM replies WHERE {of_stage} AND unit_key = '{literal(unit)}'{only}"
        calls = self.sql.ask(query).dicts()
        return tuple(sorted(calls, key=lambda call: (call["round"], call["attempt"], call["replied_at"])))
