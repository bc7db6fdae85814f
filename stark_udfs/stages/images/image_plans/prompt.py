"""The prompt of one picture: what is known of it, where it may come from, what the model is to say."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from stark_udfs.core.english import article
from stark_udfs.core.records import ReplySchema
from stark_udfs.stages.images.face_of import gender_of
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin, ImageSeed, Sharer
from stark_udfs.stages.images.safety import SafetyRules, offered
from stark_udfs.stages.images.settings import ModuleName
from stark_udfs.stages.text.words import bullets, clean

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

ShownName = Literal["user", "user_with_others", "others", "nobody", "document"]


class BriefPlanReply(ReplySchema):
    """What the model sends back where any reply will do (paper)."""

    shown: str = Field(
        "", description="who can be seen: user, user_with_others, others, nobody, or document for a screen or a page"
    )
    under_18: bool = Field(False, description="whether anybody who can be seen is, or may be, younger than 18")
    real_person: str = Field("", description="the name of the public figure who can be seen; empty if there is none")
    module: str = Field("", description="one of the modules offered")
    prompt: str = Field("", description="the description, rewritten for that module; p-t2i: with '<class word> img'")


class PlanReply(BriefPlanReply):
    """What the model sends back."""

    shown: ShownName = Field(description="who can be seen; document: a screen, a page, a chart, and no person")
    under_18: bool = Field(description="whether anybody who can be seen is, or may be, younger than 18")
    real_person: str = Field(description="the name of the public figure who can be seen; empty if there is none")
    module: ModuleName = Field(description="where the picture comes from, of the modules offered")
    prompt: str = Field(min_length=1, description="the description, rewritten for that module, at most 60 words")
    retry_prompt: str = Field(description="the same in other words that also take in the chat, at most 60 words")
    query: str = Field(description="2 to 8 words that a search for this picture would use")


SYSTEM = """\
You are a picture editor. For each picture that a chat needs you decide where it is to come from, and describe it so
that a painter or a search finds exactly what is meant."""

MODULES: Mapping[ModuleName, str] = {
    "p-t2i": "paints {name}, whose face it knows: for every picture in which {name} can be seen, and for no other",
    "t2i": "paints from words: things, food, rooms, plants, animals, streets, people whom nobody has to recognise",
    "retrieval": "finds in a large collection of photographs, charts, diagrams and exercises: common scenes, and pages "
    "that explain something",
    "web": "searches the web: what exists once or is new, such as named sights, works, products, events, news, public "
    "figures",
}

REFRAMED = (
    "Only the user's face may be seen in a picture of the user: others are seen from behind, out of focus or out of "
    "the frame, and the prompts say so."
)


def user_prompt(settings: "Settings", row: ImageSeed, looks: str | None) -> str:
    """Everything that the model is told beside its role. `looks`: what stays with the person in every picture."""
    rules = bullets(rules_of(settings, row, looks))
    return "\n\n".join([*context(settings, row, looks), f"Plan this picture.\n{rules}"])


def context(settings: "Settings", row: ImageSeed, looks: str | None) -> list[str]:
    """What is known of the picture, the user and the chat, and where pictures come from: one text each."""
    scene = settings.image_plans.planner_input == "scene"
    modules = [f"{name}: {MODULES[name].format(name=row.name)}" for name in offered_to(settings, row)]
    return [
        f"The picture\n{bullets(_picture(row) if scene else [f'shows: {row.description}'])}",
        f"The user\n{bullets(_person(settings, row, looks) if scene else _profile(row))}",
        *(_chat(row) if scene else []),
        f"Modules\n{bullets(modules)}",
    ]


def offered_to(settings: "Settings", row: ImageSeed) -> list[ModuleName]:
    """The modules that the model may name."""
    return offered(SafetyRules.of(settings), row, settings.aligner.modules)


def _picture(row: ImageSeed) -> list[str]:
    lines = [f"shows: {row.description}"]
    if row.stands_in is ImageOrigin.ALBUM:
        lines.append(f"stands: on {row.name}'s phone, taken or saved by {row.name}")
    else:
        who = row.name if row.shared_by is Sharer.USER else "the AI assistant"
        where = f"from {row.name}'s phone" if row.source == "mobile" else "found on the internet"
        lines.append(f"stands: in a chat, shared by {who}, {where}")
    if row.category:
        lines.append(f"kind: {row.category}")
    if row.rationale:
        lines.append(f"shared because: {row.rationale}")
    if row.keywords:
        lines.append(f"keywords: {', '.join(row.keywords)}")
    return lines


def _profile(row: ImageSeed) -> list[str]:
    return [f"name: {row.name}", f"gender: {row.gender}", f"age: {row.age}"]


def _person(settings: "Settings", row: ImageSeed, looks: str | None) -> list[str]:
    lines = [*_profile(row), f"born in: {row.birthplace}", f"lives in: {row.residence}"]
    if looks is not None:
        noun = gender_of(settings.people.genders, row.gender).noun
        lines.append(f"looks, in every picture: {article(noun)} {noun} {looks}")
    return lines


def _chat(row: ImageSeed) -> list[str]:
    before = [f"{line.speaker}: {line.text}" for line in row.turns_before]
    after = [f"{line.speaker}: {line.text}" for line in row.turns_after]
    parts = ["The chat up to the picture\n" + "\n".join(before)] if before else []
    return [*parts, "The chat after it\n" + "\n".join(after)] if after else parts


def rules_of(settings: "Settings", row: ImageSeed, looks: str | None) -> list[str]:
    """How the plan of a picture is to be written."""
    first = row.name.split()[0]
    rules = [
        f"Say first who can be seen: user ({first} alone), user_with_others, others, nobody, or document. Passers-by "
        "whom nobody could recognise, and hands alone, are nobody.",
        f"under_18 is about those who can be seen, not about those who are talked of. {first} is {row.age}.",
        "real_person is for public figures who can be seen, by name, as in a portrait, a scene of a film or the news. "
        "They are never painted: such a picture comes from a search.",
        "prompt describes one visible scene: subject, place, light, detail. It keeps all that the description says, "
        "and adds no person, no name of a private person, no feeling, no writing.",
    ]
    if SafetyRules.of(settings).minor(row):
        rules.append(
            f"{first} is a minor, and the pictures of minors stay unseen: where in doubt, say who may be there."
        )
    else:
        rules.append(_trigger_rule(settings, row, looks))
        rules += [REFRAMED] if settings.aligner.groups == "reframe" else []
    return [*rules, *_scene_rules(settings, row)]


def _trigger_rule(settings: "Settings", row: ImageSeed, looks: str | None) -> str:
    noun = gender_of(settings.people.genders, row.gender).noun
    says = " and says the looks (those that can be seen in it)" if looks is not None else ""
    return (
        f"With p-t2i, prompt has '{noun} img' for {row.name.split()[0]}, exactly once and among the first ten words, "
        f"as in 'a photo of {article(noun)} {noun} img, …'{says}. With any other module the word img does not occur."
    )


def _scene_rules(settings: "Settings", row: ImageSeed) -> list[str]:
    rules = []
    if shape_of(settings) is PlanReply:
        told = "with what the chat around it says of place, time and things" if row.turns_before else "plainer ones"
        rules.append(f"retry_prompt is for a second try: the same picture in other words, {told}; else as prompt.")
        rules.append(
            "query names what must be in the picture, in plain words; no name of a private person, no address."
        )
    if settings.image_plans.planner_input == "profile":
        return rules
    if row.stands_in is ImageOrigin.ALBUM or row.source == "mobile":
        rules.append("It is a picture of a phone: everyday light and framing, no studio.")
    if row.sensitive:
        rules.append("The subject is sensitive: no wounds, no nudity, no violence, no faces of patients, no slogans.")
    return rules


def shape_of(settings: "Settings") -> type[BriefPlanReply]:
    """What a reply has to look like."""
    return BriefPlanReply if settings.image_plans.on_bad_module == "t2i" else PlanReply


def written(reply: BriefPlanReply) -> tuple[str, ...]:
    """The words that the model wrote for a painter or a search."""
    wrote = (reply.prompt, reply.retry_prompt, reply.query) if isinstance(reply, PlanReply) else (reply.prompt,)
    return tuple(clean(text) for text in wrote)
