"""The attempts at one planned image: as planned, once in other words, then by other modules.

What may be shown, and by which module, is decided once more, whatever the plan says (`safety`): nobody below the age
limit by any; the user by p-t2i alone, with their own face; a named real person by a search alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stark_udfs.core.ids import Json
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.requests import ImageRequest, Module, Person
from stark_udfs.stages.fingerprint import settings_named
from stark_udfs.stages.images.face_of import gender_of
from stark_udfs.stages.images.image_plans.rules import personal, query_of
from stark_udfs.stages.images.image_plans.stage import ImagePlan
from stark_udfs.stages.images.safety import Claim, SafetyRules, may_make, may_show, shown_in
from stark_udfs.stages.images.settings import AlignerSettings

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
    safety: SafetyRules

    @classmethod
    def of(cls, settings: "Settings") -> "AttemptRules":
        """From the settings."""
        pictures, safety = settings.pictures, SafetyRules.of(settings)
        return cls(settings.aligner, pictures.image_size, pictures.top_k, pictures.web.results, safety)

    def looked_at(self) -> dict[str, Json]:
        """All of it, as JSON."""
        return {
            "aligner": settings_named(self.aligner, "samples", "rewrite", "fallback"),
            "side": self.side,
            "top": self.top,
            "results": self.results,
            "min_face_age": self.safety.min_age,
            "genders": [
                gender.model_dump(mode="json", include={"word", "noun", "counts_as"}) for gender in self.safety.genders
            ],
        }


@dataclass(frozen=True)
class Attempt:
    """One try."""

    wish: ImageRequest
    rewritten: bool = False


def allowed_modules(rules: AttemptRules, row: PlannedImage) -> tuple[Module, ...] | Reject:
    """The modules that may make the image, the best stand-in first; or why none may."""
    texts = (row.description, row.prompt, row.retry_prompt or "", row.query)
    rewritten = row.original_description is not None
    kept_back = may_show(rules.safety, row, texts, Claim(row.shown, row.real_person), rewritten=rewritten)
    if kept_back is not None:
        return kept_back
    whom = rules.safety.seen(row, row.description)
    shown = shown_in(row.shown, whom, user=whom.user and row.source != "internet")
    allowed = may_make(shown, row.real_person)
    if isinstance(allowed, Reject):
        return allowed.model_copy(update={"key": row.image_id})
    if shown.has_user and not (row.face and row.traits):
        return Reject(reason=RejectReason.NO_FACE, detail="the user has no face image", key=row.image_id)
    return allowed


def attempts(rules: AttemptRules, row: PlannedImage) -> tuple[Attempt, ...] | Reject:
    """The tries for one image, in order; or why no module may make it."""
    allowed = allowed_modules(rules, row)
    return allowed if isinstance(allowed, Reject) else tuple(_rungs(rules, row, allowed))


def _rungs(rules: AttemptRules, row: PlannedImage, allowed: tuple[Module, ...]) -> Iterator[Attempt]:
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
        noun = row.class_word or gender_of(rules.safety.genders, row.gender).noun
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
