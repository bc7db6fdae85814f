"""The ladder of wishes for one planned image: as planned, once in other words, then by other modules.

What may be shown, and by which module, is decided here once more, whatever the plan says: nobody below the age limit by
any; the user by p-t2i alone, with their own face; a named real person by a search alone (`plan_rules.may_make`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.ids import Json
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.requests import ImageRequest, Module, Person
from stark_udfs.settings.people import Gender
from stark_udfs.stages.fingerprint import settings_named
from stark_udfs.stages.images.face_of import gender_of
from stark_udfs.stages.images.image_plans.rules import Shown, may_make, personal, query_of
from stark_udfs.stages.images.image_plans.stage import ImagePlan
from stark_udfs.stages.images.settings import AlignerSettings
from stark_udfs.stages.images.who_is_shown import Owner, Seen, seen_in

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

PAINTERS = (Module.P_T2I, Module.T2I)
NEGATIVE = (
    "nudity, blood, disfigured face, extra fingers, extra limbs, wrong proportions, blurred, grainy, cartoon, drawing, "
    "collage, text, caption, watermark, logo, border"
)


class PlannedImage(ImagePlan):
    """An image to be made or found: its plan, and the looks and face image of the episode's person."""

    traits: FixedTraits | None
    face: str | None


@dataclass(frozen=True)
class AttemptRules:
    """What the ladder looks at.

    side: px, of a painting.
    top: pictures of each index.
    results: of a web search.
    """

    aligner: AlignerSettings
    side: int
    top: int
    results: int
    min_face_age: int
    genders: tuple[Gender, ...]

    @classmethod
    def of(cls, settings: "Settings") -> "AttemptRules":
        """From the settings."""
        pictures, people = settings.pictures, settings.people
        age = settings.safety.min_face_age
        return cls(settings.aligner, pictures.image_size, pictures.top_k, pictures.web.results, age, people.genders)

    def looked_at(self) -> dict[str, Json]:
        """All of it, as JSON."""
        return {
            "aligner": settings_named(self.aligner, "samples", "rewrite", "fallback"),
            "side": self.side,
            "top": self.top,
            "results": self.results,
            "min_face_age": self.min_face_age,
            "genders": [
                gender.model_dump(mode="json", include={"word", "noun", "counts_as"}) for gender in self.genders
            ],
        }


@dataclass(frozen=True)
class Attempt:
    """One try."""

    wish: ImageRequest
    rewritten: bool = False


def withheld(rules: AttemptRules, row: PlannedImage) -> Reject | None:
    """Why no module may make the image; None if one may."""
    minor = row.age < rules.min_face_age
    seen = [_seen(rules, row, text) for text in (row.description, row.prompt, row.retry_prompt or "", row.query)]
    strangers = row.shown is Shown.OTHERS and not (seen[0].grown or row.real_person)
    peers = strangers or any(one.user or one.peers or (one.someone and not one.grown) for one in seen)
    if any(one.child for one in seen) or (minor and (row.shown.has_user or peers)):
        detail = f"{row.shown.value}, {row.age} years old: {row.description}"
        return Reject(reason=RejectReason.WITHHELD_MINOR, detail=detail[:500], key=row.image_id)
    shown = _shown(rules, row)
    if not may_make(shown, row.real_person):
        return Reject(
            reason=RejectReason.REAL_PERSON, detail=f"{row.real_person} together with the user", key=row.image_id
        )
    if shown.has_user and not (row.face and row.traits):
        return Reject(reason=RejectReason.NO_FACE, detail="the user has no face image", key=row.image_id)
    return None


def allowed_modules(rules: AttemptRules, row: PlannedImage) -> tuple[Module, ...]:
    """The modules that may make the image, the best stand-in first."""
    return () if withheld(rules, row) else may_make(_shown(rules, row), row.real_person)


def _shown(rules: AttemptRules, row: PlannedImage) -> Shown:
    """Who is shown: as planned, unless a picture of the phone says in its own words that it is the user."""
    by_words = row.source != "internet" and _seen(rules, row, row.description).user
    return Shown.USER if by_words and not row.shown.has_user else row.shown


def _seen(rules: AttemptRules, row: PlannedImage, text: str) -> Seen:
    owner = Owner(row.name, row.age, gender_of(rules.genders, row.gender).counts_as)
    return seen_in(text, owner, min_age=rules.min_face_age)


def attempts(rules: AttemptRules, row: PlannedImage) -> tuple[Attempt, ...]:
    """The tries for one image, in order; none for one that no module may make."""
    return tuple(_rungs(rules, row))


def _rungs(rules: AttemptRules, row: PlannedImage) -> Iterator[Attempt]:
    allowed = allowed_modules(rules, row)
    if not allowed:
        return
    planned = row.module if row.module in allowed else allowed[0]
    yield Attempt(_wish(rules, row, planned, _words(row, planned)))
    if rules.aligner.rewrite and row.retry_prompt and row.retry_prompt != _words(row, planned):
        yield Attempt(_wish(rules, row, planned, row.retry_prompt), rewritten=True)
    for module in dict.fromkeys(Module(name) for name in rules.aligner.fallback):
        if module in allowed and module is not planned:
            yield Attempt(_wish(rules, row, module, _words(row, module)))


def _words(row: PlannedImage, module: Module) -> str:
    """The plan's words where they were written for such a module, else the description."""
    if module in PAINTERS:
        return row.prompt if row.module is module and row.prompt else row.description
    return (row.query or row.description) if module is Module.WEB else row.description


def _wish(rules: AttemptRules, row: PlannedImage, module: Module, words: str) -> ImageRequest:
    if module is Module.RETRIEVAL:
        return ImageRequest(module=module, query=words, count=rules.top)
    if module is Module.WEB:
        return ImageRequest(
            module=module, query=query_of(words, (), row.description, name=row.name), count=rules.results
        )
    person = None
    if module is Module.P_T2I and row.traits is not None and row.face:
        person = Person(age=row.age, traits=row.traits, face=row.face)
        noun = row.class_word or gender_of(rules.genders, row.gender).noun
        words = personal(words, noun, name=row.name, append=False)
    return ImageRequest(
        module=module,
        prompt=words,
        negative=NEGATIVE,
        count=rules.aligner.samples,
        width=rules.side,
        height=rules.side,
        person=person,
    )
