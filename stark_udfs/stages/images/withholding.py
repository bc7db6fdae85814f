"""Who is shown in an image, and whether it is held back: nobody under the age limit is shown, whoever says what."""

from typing import TYPE_CHECKING

from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.requests import Module
from stark_udfs.stages.images.face_of import gender_of
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, PlanReply
from stark_udfs.stages.images.image_plans.rules import Shown, module_of, named
from stark_udfs.stages.images.image_plans.seeds import ImageSeed, Sharer
from stark_udfs.stages.images.who_is_shown import Owner, Seen, seen_in
from stark_udfs.stages.text.words import clean, excerpt

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

SHOWN = {shown.value: shown for shown in Shown}


def withheld(settings: "Settings", row: ImageSeed, *texts: str) -> Reject | None:
    """Why words alone keep the image back: they show a child, or a minor, or whom a minor may well be with."""
    minor = row.age < settings.safety.min_face_age
    for text in texts:
        whom = seen(settings, row, text)
        where = "" if text == row.description else f" in {excerpt(text, 200)!r}"
        if whom.child:
            return _withheld(row, f"a child{where}")
        if minor and (whom.user or whom.peers or (whom.someone and not whom.grown)):
            return _withheld(row, f"{row.age} years old; the user or people of that age{where}")
    return None


def withheld_by_reply(settings: "Settings", row: ImageSeed, reply: BriefPlanReply, shown: Shown) -> Reject | None:
    """Why the model's reply keeps the image back: what it says of who is shown, or the words that it brings in."""
    if reply.under_18:
        return _withheld(row, "the planner sees somebody under 18")
    if row.age < settings.safety.min_face_age:
        known = seen(settings, row, row.description).grown or named(clean(reply.real_person), row.name) is not None
        if shown.has_user or module_of(reply.module) is Module.P_T2I or (shown is Shown.OTHERS and not known):
            return _withheld(row, f"{row.age} years old; the planner sees {shown.value}")
    return withheld(settings, row, *(clean(text) for text in written(reply)))


def written(reply: BriefPlanReply) -> tuple[str, ...]:
    """All that the model wrote anew."""
    return (reply.prompt, reply.retry_prompt, reply.query) if isinstance(reply, PlanReply) else (reply.prompt,)


def seen(settings: "Settings", row: ImageSeed, text: str) -> Seen:
    """Whom a text about the image shows, as far as its words tell."""
    owner = Owner(row.name, row.age, gender_of(settings.people.genders, row.gender).counts_as)
    return seen_in(text, owner, min_age=settings.safety.min_face_age)


def shown_in(settings: "Settings", row: ImageSeed, reply: BriefPlanReply) -> Shown:
    """Who is shown: the model's word, unless the description knows better. An assistant has no pictures of the user."""
    whom = seen(settings, row, row.description)
    minor = row.age < settings.safety.min_face_age
    by_module = settings.image_plans.on_bad_module == "t2i" and module_of(reply.module) is Module.P_T2I
    user = by_module or (whom.user and (minor or row.shared_by is not Sharer.ASSISTANT))
    said = SHOWN.get(reply.shown.strip().casefold())
    if said is None:
        said = Shown.OTHERS if whom.grown or whom.peers or whom.someone else Shown.NOBODY
    if user and not said.has_user:
        return Shown.WITH_OTHERS if said is Shown.OTHERS else Shown.USER
    return said


def _withheld(row: ImageSeed, what: str) -> Reject:
    detail = f"{what}: {excerpt(row.description, 250)}"
    return Reject(reason=RejectReason.WITHHELD_MINOR, detail=detail[:500], key=row.image_id)
