"""The public dataset's schema as a projection of `episodes`, in the SQL of Spark and of DuckDB.

Names and columns of an episode, then `session{n}:…` for n = 1 … 6. Lists are JSON texts with one element per utterance;
a session that is not there has empty texts and empty lists. A turn that shares several images is as many utterances,
the text with the first. Source of the names: the public dataset's card; `narrative`, `…:time_interval` and
`…:device_image_descriptions` are ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

SESSIONS = 6  # of the public schema
DEFAULT_LICENCES = ("CC0", "public domain", "CC BY", "CC BY-SA")
NEW_IMAGE = "new added image"
EPISODE = {
    "index": "public_index",
    "name": "name",
    "age": "CAST(age AS {text})",
    "gender": "gender",
    "birthplace": "birthplace",
    "residence": "residence",
    "human_face_description": "coalesce(face.description, '')",
    "human_face_image_key": "CASE WHEN face IS NULL OR {face_withheld} THEN '' ELSE 'face:' || episode_id END",
    "persona_category": "persona_category",
    "persona_sentence": "persona_sentence",
    "persona_entity_key": "persona_entity_key",
    "persona_entity_value": "persona_entity_value",
    "persona_commonsense_relation": "relation",
    "persona_commonsense_inference": "inference",
    "narrative": "narrative",
    "number_of_session": "CAST(size(sessions) AS {text})",
}
OF_SESSION = {"event": "event", "time_interval": "interval", "experience": "experience"}
OF_UTTERANCE = {  # public name → field of an utterance
    "speakers": "speaker",
    "utterances": "text",
    "rationales": "rationale",
    "image_descriptions": "description",
    "image_sources": "source",
    "keywords": "keywords",
    "image_id_from_mobile": "from_mobile",
    "images_key": "image_key",
    "images_module_name": "module",
}


@dataclass(frozen=True)
class Dialect:
    """What the two engines spell differently."""

    each: str  # of {items}, {name}, {body}
    each_at: str  # the same with the place `nth`
    first: int  # value of `nth`
    field: str  # of a struct: {name}, {value}
    struct: str  # of {fields}
    one: str  # a list of {item}
    no_texts: str
    at: str  # item {place} of {items}, from 0; null past the end
    json: str  # of {list}
    day: str  # a date as YYYY.MM.DD
    quote: str
    text: str = "STRING"

    def session(self, number: int) -> str:
        """A session of an episode, or null."""
        return self.at.format(items="sessions", place=number - 1)


SPARK = Dialect(
    each="transform({items}, {name} -> {body})",
    each_at="transform({items}, ({name}, nth) -> {body})",
    first=0,
    field="'{name}', {value}",
    struct="named_struct({fields})",
    one="array({item})",
    no_texts="CAST(array() AS array<string>)",
    at="get({items}, {place})",
    json="to_json({list})",
    day="date_format({date}, 'yyyy.MM.dd')",
    quote="`",
)
DUCKDB = Dialect(
    each="list_transform({items}, lambda {name}: {body})",
    each_at="list_transform({items}, lambda {name}, nth: {body})",
    first=1,
    field="'{name}': {value}",
    struct="{{{fields}}}",
    one="[{item}]",
    no_texts="CAST([] AS VARCHAR[])",
    at="{items}[{place} + 1]",
    json="CAST(to_json({list}) AS VARCHAR)",
    day="strftime({date}, '%Y.%m.%d')",
    quote='"',
    text="VARCHAR",
)


@dataclass(frozen=True)
class Withheld:
    """What an export does not release although licences would let it: SQL over the columns of the row it reads.

    image: a condition on an image id, which stands for {id}; face: one on the episode's face.
    """

    image: str = "false"
    face: str = "false"


def public_query(
    dialect: Dialect,
    source: str = "(SELECT * FROM episodes WHERE left_out IS NULL)",
    *,
    licences: Sequence[str] = DEFAULT_LICENCES,
    sessions: int = SESSIONS,
    withheld: Withheld | None = None,
    also: Sequence[str] = (),
) -> str:
    """The query that gives the public schema.

    Args:
        dialect: whose SQL.
        source: a table, or a query in brackets, with the columns of `episodes`.
        licences: kinds of licences whose pictures have their pixels released; the key of any other begins with `url:`.
        sessions: how many a row has room for.
        withheld: pictures that are not released at all: their key is empty.
        also: further columns of `source` to keep, before the public ones.
    """
    keys = _Keys(dialect, tuple(licences), withheld or Withheld())
    inner = ", ".join(f"{_utterances(dialect, keys, number)} AS said{number}" for number in range(1, sessions + 1))
    columns = [
        *also,
        *(f"{sql} AS {dialect.quote}{name}{dialect.quote}" for name, sql in _columns(dialect, keys, sessions)),
    ]
    return f"SELECT {', '.join(columns)}\nFROM (SELECT *, {inner} FROM {source} e) e"


def public_names(sessions: int = SESSIONS) -> tuple[str, ...]:
    """The columns in their order."""
    return tuple(name for name, _ in _columns(SPARK, _Keys(SPARK, (), Withheld()), sessions))


@dataclass(frozen=True)
class _Keys:
    """Keys of pictures as a release has them."""

    dialect: Dialect
    licences: tuple[str, ...]
    withheld: Withheld

    def of(self, image_id: str, kind: str) -> str:
        """The key: empty where there is no picture."""
        allowed = ", ".join(f"'{one}'" for one in ("generated", *self.licences))
        return (
            f"CASE WHEN {kind} IS NULL OR {self.withheld.image.format(id=image_id)} THEN '' "
            f"WHEN {kind} IN ({allowed}) THEN {image_id} ELSE 'url:' || {image_id} END"
        )


def _columns(dialect: Dialect, keys: _Keys, sessions: int) -> list[tuple[str, str]]:
    texts = {"text": dialect.text, "face_withheld": keys.withheld.face}
    found = [(name, sql.format(**texts)) for name, sql in EPISODE.items()]
    for number in range(1, sessions + 1):
        session, of = dialect.session(number), f"session{number}:"
        day = dialect.day.format(date=f"{session}.session_date")
        found.append((f"{of}date", f"coalesce({day}, '')"))
        found.extend((f"{of}{name}", f"coalesce({session}.{field}, '')") for name, field in OF_SESSION.items())
        found.extend(
            (f"{of}{name}", _json(dialect, f"said{number}", f"u.{field}", "u")) for name, field in OF_UTTERANCE.items()
        )
        album = "album" if number == 1 else f"{dialect.session(number - 1)}.album_after"
        phone = f"CASE WHEN {session} IS NULL THEN NULL ELSE {album} END"
        kind = "a.picture.licence_kind" if number == 1 else "a.licence_kind"
        found.append((f"{of}device_images_key", _json(dialect, phone, keys.of("a.image_id", kind), "a")))
        found.append((f"{of}device_image_descriptions", _json(dialect, phone, "a.description", "a")))
    return found


def _json(dialect: Dialect, items: str, body: str, name: str) -> str:
    listed = dialect.each.format(items=items, name=name, body=body)
    return f"coalesce({dialect.json.format(list=listed)}, '[]')"


def _utterances(dialect: Dialect, keys: _Keys, number: int) -> str:
    """The utterances of a session: a turn, or one for each of its images."""
    nothing = "''"
    plain = _struct(dialect, speaker="t.speaker", text="t.text", keywords=dialect.no_texts, other=nothing)
    mobile = f"CASE WHEN i.source <> 'mobile' THEN '' WHEN i.reused THEN i.image_id ELSE '{NEW_IMAGE}' END"
    image = _struct(
        dialect,
        speaker="t.speaker",
        text=f"CASE WHEN nth = {dialect.first} THEN t.text ELSE '' END",
        rationale="i.rationale",
        description="i.description",
        source="i.source",
        keywords="i.keywords",
        from_mobile=mobile,
        image_key=keys.of("i.image_id", "i.picture.licence_kind"),
        module="coalesce(i.picture.module, '')",
    )
    shared = dialect.each_at.format(items="t.images", name="i", body=image)
    body = f"CASE WHEN size(t.images) = 0 THEN {dialect.one.format(item=plain)} ELSE {shared} END"
    turns = dialect.each.format(items=f"{dialect.session(number)}.turns", name="t", body=body)
    return f"flatten({turns})"


def _struct(dialect: Dialect, other: str = "", **fields: str) -> str:
    """An utterance; fields that are not given are `other`."""
    pairs = (dialect.field.format(name=name, value=fields.get(name, other)) for name in OF_UTTERANCE.values())
    return dialect.struct.format(fields=", ".join(pairs))
