"""A finished warehouse of a few hostile episodes, as the stages before `episodes` leave it."""

import hashlib
import io
from datetime import date
from pathlib import Path

from PIL import Image as Pillow

from stark_udfs.core.records import Record
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Module
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.images.images.selection import NotChosen
from stark_udfs.stages.people import demographics
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import SharedImage, Turn
from stark_udfs.tables.table import Table
from tests.cli.small import write_table
from tests.stages.picture_rows import face

HOSTILE = (
    "<script>alert(1)</script></textarea>",
    "a NUL \x00, a bell \x07 and \x1b[31mred",
    "\u202egnp.exe\u2066 right to left",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301 \ufdfa",
    "x" * 100_000,
    "quotes \" ' \\ \\u0041 and a new\nline",
)
LICENCES = {  # by image: what its source says → its kind
    "cc0": ("CC0", "CC0"),
    "by": ("CC BY 4.0", "CC BY"),
    "sa": ("CC BY-SA 3.0", "CC BY-SA"),
    "pd": ("Public domain", "public domain"),
    "nc": ("CC BY-NC 2.0", "other"),
    "nd": ("CC BY-ND 2.0", "other"),
    "none": (None, "unknown"),
}
ANA, BEA, CAI, DAN = (f"e{letter}00000000000001" for letter in "abcd")  # Bea is Ana's twin; Dan has no session
PROFILES = {ANA: (34, "female"), BEA: (34, "female"), CAI: (70, "male"), DAN: (12, "male")}


def image_id(episode: str, name: str) -> str:
    return hashlib.sha256(f"{episode}{name}".encode()).hexdigest()[:16]


def page_of(episode: str, name: str) -> str:
    return f"https://example.org/{episode}/{name}"


def build(root: Path) -> Path:
    """Write all tables and picture files; the root of the warehouse."""
    files = ImageFiles(str(root / "files"))
    for table, rows in contents(files):
        write_table(root / "tables", table, rows)
    return root


def contents(files: ImageFiles) -> list[tuple[Table, list[Record]]]:
    told = (ANA, BEA, CAI)
    return [
        (demographics.TABLE, [_person(one) for one in PROFILES]),
        (personas.TABLE, [_persona(one) for one in PROFILES]),
        (commonsense.TABLE, [_inference(one) for one in PROFILES]),
        (narratives.TABLE, [_narrative(one) for one in PROFILES]),
        (faces.TABLE, [_face(one, files) for one in told]),
        (events.TABLE, [_events(one) for one in told]),
        (albums.TABLE, [albums.Album(episode_id=one, images=[_phone(one, "album")]) for one in told]),
        (sessions.TABLE, [_session(one, number) for one in told for number in range(1, 5)]),
        (summaries.TABLE, [_summary(one, number) for one in told for number in range(1, 5)]),
        (images.TABLE, [row for one in told for row in _images(one, files)]),
    ]


def drawing(*words: str) -> bytes:
    target = io.BytesIO()
    colour = tuple(hashlib.sha256("".join(words).encode()).digest()[:3])
    Pillow.new("RGB", (16, 12), colour).save(target, "PNG")
    return target.getvalue()


def _person(one: str) -> Record:
    age, gender = PROFILES[one]
    return demographics.Demographic(
        demographic_id=f"d{one}", age=age, gender=gender, birthplace="Brazil", residence="Japan", origin="uniform"
    )


def _persona(one: str) -> Record:
    return personas.Persona(
        persona_id=f"p{one}",
        seed_id=f"s{one}",
        ordinal=0,
        position=1,
        demographic_id=f"d{one}",
        category="Preference > Food",
        entity_key="food",
        entity_value="stew",
        sentence=f"I eat stew. {HOSTILE[0]}",
        sensitive=False,
    )


def _inference(one: str) -> Record:
    return commonsense.Commonsense(
        commonsense_id=f"c{one}", persona_id=f"p{one}", relation=Relation.ROUTINE, inference="cook", sensitive=False
    )


def _narrative(one: str) -> Record:
    age, gender = PROFILES[one]
    return narratives.Narrative(
        episode_id=one,
        commonsense_id=f"c{one}",
        name="Ana Lima",
        age=age,
        gender=gender,
        birthplace="Brazil",
        residence="Japan",
        sentence_form="…",
        narrative=HOSTILE[2],
        sensitive=False,
    )


def _face(one: str, files: ImageFiles) -> Record:
    kept = files.put(drawing(one, "face"), "png")
    nothing = dict.fromkeys(("seed", "nsfw", "faces_found", "phash", "embedding"))
    return faces.FaceImage(
        episode_id=one,
        age=34,
        gender="female",
        description="a headshot",
        traits=face().traits,
        fixed="",
        path=kept.path,
        sha256=kept.sha256,
        bytes=kept.size,
        width=16,
        height=12,
        source="test",
        attempt=1,
        **nothing,
    )


def _events(one: str) -> Record:
    def event(number: int) -> events.Event:
        cause = events.Cause(event_id=number - 1, interval="3 weeks", experience_op="add", experience="She learned.")
        day = date(2022, number, 5)
        return events.Event(event_id=number, date=day, event=HOSTILE[3], caused_by=cause if number > 1 else None)

    return events.EventSequence(episode_id=one, events=[event(number) for number in range(1, 5)])


def _phone(one: str, name: str) -> AlbumImage:
    return AlbumImage(image_id=image_id(one, name), description=f"a pot: {name}", category="food")


def _shared(one: str, name: str, *, reused: bool = False) -> SharedImage:
    return SharedImage(
        image_id=image_id(one, name),
        reused=reused,
        description=f"a pot: {name}",
        rationale=HOSTILE[5],
        source="mobile" if reused or name == "new" else "internet",
        keywords=["pot", HOSTILE[0]],
    )


def _session(one: str, number: int) -> Record:
    said = [Turn(turn=at, speaker="Ana Lima", text=text, images=[]) for at, text in enumerate(HOSTILE, 1)]
    shared = {
        1: [[_shared(one, "cc0")], [_shared(one, "new")]],
        2: [[_shared(one, "by"), _shared(one, "sa")], [_shared(one, "album", reused=True)]],
        3: [[_shared(one, "nc")], [_shared(one, "nd")], [_shared(one, "none")]],
        4: [[_shared(one, "pd")], [_shared(one, "lost")], [_shared(one, "unmade")]],
    }[number]
    shows = [
        Turn(turn=len(said) + at, speaker="AI Assistant", text="Look." if at == 1 else "", images=pictures)
        for at, pictures in enumerate(shared, 1)
    ]
    phone = [_phone(one, "album"), AlbumImage(**{**dict(_phone(one, "new")), "category": "shared"})]
    return sessions.Session(
        episode_id=one,
        session_number=number,
        session_date=date(2022, number, 5),
        event_id=number,
        interval=None if number == 1 else "3 weeks",
        experience_op=None if number == 1 else "add",
        experience=None if number == 1 else "She learned.",
        turns=[*said, *shows],
        album_after=phone,
    )


def _summary(one: str, number: int) -> Record:
    return summaries.Summary(episode_id=one, session_number=number, summary=f"She cooks. {HOSTILE[1]}")


def _images(one: str, files: ImageFiles) -> list[Record]:
    made = [_image(one, name, Module.WEB, files, licence) for name, (licence, _) in LICENCES.items()]
    made += [_image(one, name, Module.T2I, files, None) for name in ("album", "new")]
    lost = _image(one, "lost", Module.T2I, files, None)
    (Path(files.root) / str(lost.path)).unlink()
    worse = lost.model_copy(update={"candidate": 2, "chosen": False, "why_not": NotChosen.OUTSCORED})
    return [*made, lost, worse]


def _image(one: str, name: str, module: Module, files: ImageFiles, licence: str | None) -> images.Image:
    kept = files.put(drawing(one, name), "png")
    found = module is Module.WEB
    nothing = "seed found_score text_score turn_score score nsfw phash faces_found faces_expected embedding why_not"
    return images.Image(
        image_id=image_id(one, name),
        candidate=1,
        episode_id=one,
        attempt=1,
        module=module,
        rewritten=False,
        prompt="a pot",
        path=kept.path,
        sha256=kept.sha256,
        bytes=kept.size,
        width=16,
        height=12,
        source="openverse" if found else "sdxl",
        caption=HOSTILE[0],
        page=page_of(one, name) if found and name != "none" else "",
        licence=licence,
        licence_url="https://example.org/licence" if licence else None,
        creator=f"Rui {HOSTILE[2]}" if licence else None,
        chosen=True,
        detail="",
        **dict.fromkeys(nothing.split()),
    )
