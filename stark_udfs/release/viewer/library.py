"""The episodes of a warehouse as the viewer shows them: a list that is searched, and one episode with all around it."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from stark_udfs.core.errors import NotFound
from stark_udfs.sql.duckdb import SqlEngine

PAGE = 50  # episodes of one page of the list
LONGEST_SEARCH = 100  # characters
ID = re.compile(r"[\w.:-]{1,128}")
BAND = re.compile(r"(\d{1,3})")
# NUL and other controls but tab and newline, and halves of surrogate pairs: no browser shows them, some stumble.
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Row = Mapping[str, object]


@dataclass(frozen=True)
class Search:
    """What is looked for; an empty word is not looked at."""

    country: str = ""
    band: str = ""  # as '30', for ages from 30 to 39
    gender: str = ""
    category: str = ""
    text: str = ""
    page: int = 1


@dataclass(frozen=True)
class Library:
    """Reads one warehouse; the list is read once, an episode when it is asked for."""

    sql: SqlEngine

    @cached_property
    def episodes(self) -> tuple[Row, ...]:
        """All episodes, in the order of the names: the rows of the list."""
        if "narratives" not in self.sql.tables:
            return ()
        chain = {"commonsense", "personas"} <= set(self.sql.tables)
        columns = "n.episode_id, n.name, n.age, n.gender, n.birthplace, n.residence, n.narrative"
        columns += ", p.category, p.sentence" if chain else ", '' AS category, '' AS sentence"
        joined = "FROM narratives n"
        if chain:
            joined += " LEFT JOIN commonsense c ON c.commonsense_id = n.commonsense_id"
            joined += " LEFT JOIN personas p ON p.persona_id = c.persona_id"
        if "sessions" in self.sql.tables:
            columns += ", coalesce(s.sessions, 0) AS sessions"
            counted = "SELECT episode_id, count(*) AS sessions FROM sessions GROUP BY episode_id"
            joined += f" LEFT JOIN ({counted}) s ON s.episode_id = n.episode_id"
        else:
            columns += ", 0 AS sessions"
        if "faces" in self.sql.tables:
            columns += ", f.path AS face"
            joined += " LEFT JOIN faces f ON f.episode_id = n.episode_id"
        return tuple(self.sql.ask(f"SELECT {columns} {joined} ORDER BY n.name, n.episode_id").dicts())

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        words = ("name", "narrative", "sentence", "category", "episode_id")
        return tuple("\n".join(str(row.get(word) or "") for word in words).lower() for row in self.episodes)

    @cached_property
    def choices(self) -> dict[str, list[str]]:
        """What the list can be narrowed to, the most frequent first."""
        found: dict[str, list[str]] = {}
        for name in ("residence", "gender", "category"):
            counted: dict[str, int] = {}
            for row in self.episodes:
                value = str(row[name] or "")
                counted[value] = counted.get(value, 0) + 1
            found[name] = sorted((value for value in counted if value), key=lambda value: (-counted[value], value))[
                :200
            ]
        found["band"] = [str(band) for band in sorted({int(str(row["age"])) // 10 * 10 for row in self.episodes})]
        return found

    def find(self, search: Search) -> tuple[list[Row], int]:
        """One page of the episodes that were looked for, and how many there are in all."""
        text = _searched(search.text)
        said = self._said(text) if text else frozenset()
        found = [
            row
            for row, words in zip(self.episodes, self._texts, strict=True)
            if _fits(row, search) and (not text or text in words or str(row["episode_id"]) in said)
        ]
        first = (max(1, search.page) - 1) * PAGE
        return found[first : first + PAGE], len(found)

    def _said(self, text: str) -> frozenset[str]:
        """Episodes in which someone says it."""
        if "sessions" not in self.sql.tables:
            return frozenset()
        literal = text.replace("'", "''")
        query = f"SELECT DISTINCT episode_id FROM conversations WHERE instr(lower(text), '{literal}') > 0"
        return frozenset(str(row[0]) for row in self.sql.ask(query).rows)

    def neighbours(self, episode_id: str) -> tuple[str | None, str | None]:
        """The episodes before and after this one in the list."""
        ids = self._places
        place = ids.get(episode_id)
        if place is None:
            return None, None
        before = self.episodes[place - 1]["episode_id"] if place else None
        after = self.episodes[place + 1]["episode_id"] if place + 1 < len(self.episodes) else None
        return (None if before is None else str(before)), (None if after is None else str(after))

    @cached_property
    def _places(self) -> dict[str, int]:
        return {str(row["episode_id"]): place for place, row in enumerate(self.episodes)}

    def episode(self, episode_id: str) -> dict[str, object]:
        """All that is shown of an episode.

        Raises:
            NotFound: there is none of that id.
        """
        if ID.fullmatch(episode_id) is None or episode_id not in self._places:
            raise NotFound(f"there is no episode {episode_id!r}.")
        before, after = self.neighbours(episode_id)
        tables = {table: self._of(table, episode_id) for table in BY_EPISODE}
        lineage = self._lineage(episode_id)
        sessions = sorted(tables["sessions"], key=lambda row: int(str(row["session_number"])))
        return {
            "id": episode_id,
            "before": before,
            "after": after,
            "person": dict(self.episodes[self._places[episode_id]]),
            "lineage": lineage,
            "face": next(iter(tables["faces"]), None),
            "events": next((row["events"] for row in tables["events"]), []),
            "album": next((row["images"] for row in tables["albums"]), []),
            "sessions": sessions,
            "summaries": tables["summaries"],
            "images": tables["images"],
            "plans": tables["image_plans"],
            **{table: tables[table] for table in VERDICTS},
            "rejects": self._rejects(_units(episode_id, lineage, tables)),
            "missing": [name for name in BY_EPISODE if name not in self.sql.tables],
        }

    def _of(self, table: str, episode_id: str, columns: str = "*") -> list[dict[str, object]]:
        """The episode's rows of a table; none where the table is not there, or is not by episode."""
        if table not in self.sql.tables or (table in VERDICTS and "episode_id" not in self._columns(table)):
            return []
        query = f"SELECT {columns} FROM {table} WHERE episode_id = '{episode_id}' LIMIT {MOST_ROWS}"
        rows = self.sql.ask(query).dicts()
        return [{name: value for name, value in row.items() if name not in HIDDEN} for row in rows]

    def _columns(self, table: str) -> tuple[str, ...]:
        return self.sql.ask(f"SELECT * FROM {table} LIMIT 0").columns

    def _lineage(self, episode_id: str) -> dict[str, object] | None:
        if not {"demographics", "personas", "commonsense", "narratives"} <= set(self.sql.tables):
            return None
        query = (
            "SELECT d.demographic_id, d.origin, p.persona_id, p.seed_id, p.category, p.entity_key, p.entity_value, "
            "p.sentence, "
            "c.commonsense_id, c.relation, c.inference, n.sentence_form, n.narrative, n.provider FROM narratives n "
            "LEFT JOIN commonsense c ON c.commonsense_id = n.commonsense_id LEFT JOIN personas p ON p.persona_id = "
            "c.persona_id "
            f"LEFT JOIN demographics d ON d.demographic_id = p.demographic_id WHERE n.episode_id = '{episode_id}'"
        )
        return next(iter(self.sql.ask(query).dicts()), None)

    def _rejects(self, units: str) -> list[dict[str, object]]:
        if "rejects" not in self.sql.tables:
            return []
        query = (
            f"SELECT stage, unit_key, position, reason, origin, detail, key FROM rejects WHERE unit_key IN ({units}) "
            f"ORDER BY stage, unit_key, position LIMIT {MOST_ROWS}"
        )
        return self.sql.ask(query).dicts()

    def calls(self, episode_id: str) -> list[dict[str, object]]:
        """The prompts and replies behind an episode, of all stages.

        Raises:
            NotFound: there is no such episode.
        """
        if ID.fullmatch(episode_id) is None or episode_id not in self._places:
            raise NotFound(f"there is no episode {episode_id!r}.")
        if "replies" not in self.sql.tables:
            return []
        tables = {table: self._of(table, episode_id, "image_id") for table in ("images", "image_plans")}
        units = _units(episode_id, self._lineage(episode_id), tables)
        query = (
            "SELECT stage, unit_key, round, attempt, request, reply, finish_reason, model_returned, provider, "
            f"tokens_in, tokens_out, money, seconds, replied_at FROM replies WHERE unit_key IN ({units}) "
            f"ORDER BY stage, unit_key, round, attempt LIMIT {MOST_ROWS}"
        )
        return self.sql.ask(query).dicts()


VERDICTS = ("probes", "judgements", "moderations", "consistency")
BY_EPISODE = ("faces", "events", "albums", "sessions", "summaries", "image_plans", "images", *VERDICTS)
HIDDEN = frozenset({"embedding", "phash", "traits", "run_id", "unit_key"})
MOST_ROWS = 2000  # of an episode in one table


def _units(episode_id: str, lineage: Row | None, tables: Mapping[str, Sequence[Row]]) -> str:
    """The keys of the units behind an episode, as a list of literals."""
    keys = {episode_id, *(str(row["image_id"]) for name in ("images", "image_plans") for row in tables[name])}
    keys |= {str((lineage or {}).get(name) or "") for name in ("seed_id", "commonsense_id")}
    return ", ".join(f"'{key}'" for key in sorted(keys) if ID.fullmatch(key))


def as_json(value: object) -> str:
    """JSON that may stand in a script element: ASCII, without `<`, `>` and `&`."""
    text = json.dumps(_plain(value), ensure_ascii=True, default=str, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _plain(value: object) -> object:
    if isinstance(value, str):
        return CONTROLS.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(part) for part in value]
    return value


def _fits(row: Row, search: Search) -> bool:
    band = BAND.fullmatch(search.band)
    return (
        (not search.country or row["residence"] == search.country)
        and (not search.gender or row["gender"] == search.gender)
        and (not search.category or row["category"] == search.category)
        and (band is None or int(str(row["age"])) // 10 * 10 == int(band[1]))
    )


def _searched(text: str) -> str:
    """The words as they may stand in a literal of either engine: no backslash, which Spark reads as an escape."""
    return " ".join(CONTROLS.sub(" ", text).replace("\\", " ").lower().split())[:LONGEST_SEARCH]
