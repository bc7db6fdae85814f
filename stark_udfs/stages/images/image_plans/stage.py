"""Image plans: where each image of an album or a turn comes from, in which words, and whether it may be shown."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from pydantic import Field
from pyspark.sql import DataFrame

from stark_udfs.calls.policy import ChatPolicy
from stark_udfs.calls.request import Prompt
from stark_udfs.core.english import words_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.engine.checking.measures import Counted, Exact, Mean, Share
from stark_udfs.engine.stage import ChatStage, Check, Frames
from stark_udfs.images.requests import Module
from stark_udfs.stages.fingerprint import fingerprint_settings
from stark_udfs.stages.images import face_of as faces_rule
from stark_udfs.stages.images.face_of import face_of, gender_of
from stark_udfs.stages.images.image_plans.choice import choose
from stark_udfs.stages.images.image_plans.prompt import (
    SYSTEM,
    BriefPlanReply,
    PlanReply,
    offered_to,
    shape_of,
    user_prompt,
    written,
)
from stark_udfs.stages.images.image_plans.rules import (
    PROMPT_LIMIT,
    Shown,
    class_word,
    cut,
    module_of,
    named,
    others_hidden,
    personal,
    plain,
    query_of,
)
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin, ImageSeed, Sharer, of_albums, of_turns, said_around
from stark_udfs.stages.images.image_plans.without_children import RewrittenPlanReply, rewriting_prompt
from stark_udfs.stages.images.safety import Claim, SafetyRules, may_show, shown_in
from stark_udfs.stages.text import albums, narratives
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.words import clean, excerpt
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

RELEVANCE_LIMIT = 500  # characters
SHOWN = {shown.value: shown for shown in Shown}


class ImagePlan(Record):
    """One row of `image_plans`: an image that may be made, found or searched for."""

    image_id: str = Field(description="of albums.images or sessions.turns.images; shared again, it is the same image")
    episode_id: str = Field(description="references narratives.episode_id")
    stands_in: ImageOrigin = Field(description="album | turn")
    session_number: int | None = Field(description="null for the album")
    turn: int | None = Field(description="null for the album")
    source: str | None = Field(description="internet | mobile; null for the album")
    name: str
    age: int
    gender: str
    module: Module = Field(description="p-t2i | t2i | retrieval | web")
    shown: Shown = Field(description="user | user_with_others | others | nobody | document")
    real_person: str | None = Field(description="the public figure who can be seen")
    prompt: str = Field(description="the description, rewritten for the module; p-t2i: once '<class word> img'")
    class_word: str | None = Field(description="what the trigger of a p-t2i prompt follows, as 'woman'")
    retry_prompt: str | None = Field(description="the same in other words, if no picture of the first passes")
    query: str = Field(description="a search phrase for retrieval and web")
    reframed: bool | None = Field(
        description="whether the prompt hides the faces beside the user's; null: no others, or nothing to hide"
    )
    description: str = Field(description="as the album or the turn has it, or what is shown in its place")
    original_description: str | None = Field(
        None, description="as the album or the turn has it, where a child was taken out of the picture; else null"
    )
    relevance: str = Field(description="the last turns up to the image, which it has to fit; empty for the album")
    planned: str = Field(description="the module as the model said it")
    why: str | None = Field(description="why `module` is another; null: it is not")
    sensitive: bool


TABLE = Table(
    "image_plans", ImagePlan, key=("image_id",), parents=(("episode_id", "narratives"), ("episode_id", "albums"))
)


def ask(settings: "Settings", row: ImageSeed, replies: Sequence[BriefPlanReply]) -> Prompt | None:
    """One call per image, and one more where a child is, or may be, in it; see `_next`."""
    step = _next(settings, row, replies)
    return step if isinstance(step, Prompt) else None


def parse(settings: "Settings", row: ImageSeed, replies: Sequence[BriefPlanReply]) -> list[ImagePlan | Reject]:
    """One row or reject; nothing as long as a reply is missing."""
    step = _next(settings, row, replies)
    return [] if isinstance(step, Prompt) else [step]


def _next(settings: "Settings", row: ImageSeed, replies: Sequence[BriefPlanReply]) -> Prompt | ImagePlan | Reject:
    """The next question, or where the replies lead to.

    An image whose own words say that it must not be shown is not asked about as it is. An adult's image with a child
    in it, by its words or by the reply, is asked for once more without the child, if the settings say so.
    """
    left = iter(replies)
    kept_back = may_show(SafetyRules.of(settings), row, (row.description,))
    if kept_back is None:
        reply = next(left, None)
        if reply is None:
            return _prompt(settings, row)
        made = _plan(settings, row, reply)
        if isinstance(made, ImagePlan) or made.reason is not RejectReason.WITHHELD_MINOR:
            return made
        kept_back = made
    if settings.safety.children == "withhold" or SafetyRules.of(settings).minor(row):
        return kept_back
    reply = next(left, None)
    return _prompt(settings, row, without_children=True) if reply is None else _rewritten(settings, row, reply)


def _prompt(settings: "Settings", row: ImageSeed, *, without_children: bool = False) -> Prompt:
    face = face_of(settings, episode_id=row.episode_id, age=row.age, gender=row.gender, birthplace=row.birthplace)
    looks = (
        None if settings.image_plans.planner_input == "profile" or isinstance(face, Reject) else face.traits.phrase()
    )
    return Prompt(
        system=SYSTEM,
        user=(rewriting_prompt if without_children else user_prompt)(settings, row, looks),
        shape=RewrittenPlanReply if without_children else shape_of(settings),
        facts={
            "modules": list(offered_to(settings, row)),
            "noun": gender_of(settings.people.genders, row.gender).noun,
            "looks": looks,
            "groups": settings.aligner.groups,
            "without_children": without_children,
        },
    )


def _rewritten(settings: "Settings", row: ImageSeed, reply: BriefPlanReply) -> ImagePlan | Reject:
    """The plan of another picture for the same moment. Its search words are its own: no keyword of the first."""
    if not isinstance(reply, RewrittenPlanReply):
        raise TypeError(f"{type(reply).__name__} where {RewrittenPlanReply.__name__} answers the second question.")
    description = cut(clean(reply.description), PROMPT_LIMIT)
    if words_of(description) in (frozenset(), words_of(row.description)):
        made: ImagePlan | Reject = Reject(
            reason=RejectReason.WITHHELD_MINOR, detail=f"nothing new: {excerpt(description)}"
        )
    else:
        picture = row.model_copy(update={"description": description, "keywords": []})
        made = _plan(settings, picture, reply, original=row.description)
    if isinstance(made, ImagePlan):
        return made
    detail = f"asked once more, {excerpt(made.detail, 240)}; first: {excerpt(row.description, 220)}"
    return made.model_copy(update={"key": row.image_id, "detail": detail[:500]})


def _plan(
    settings: "Settings", row: ImageSeed, reply: BriefPlanReply, original: str | None = None
) -> ImagePlan | Reject:
    """What the reply makes of the picture. `original`: the description in whose place that of the row stands."""
    real_person = named(clean(reply.real_person), row.name)
    shown = _shown(settings, row, reply)
    by_face = module_of(reply.module) is Module.P_T2I
    claim = Claim(shown, real_person, under_18=reply.under_18, own_face=by_face)
    texts = (row.description, *written(reply))
    kept_back = may_show(SafetyRules.of(settings), row, texts, claim, rewritten=original is not None)
    if kept_back is not None:
        return kept_back
    chosen = choose(settings, reply, shown, real_person)
    if isinstance(chosen, Reject):
        detail = f"{chosen.detail}: {excerpt(row.description, 300)}"
        return chosen.model_copy(update={"key": row.image_id, "detail": detail})
    prompt = _worded(settings, row, chosen.module, reply.prompt)
    retry, query, keywords = "", "", list[str]()
    if isinstance(reply, PlanReply):
        retry, query, keywords = reply.retry_prompt, reply.query, row.keywords
    again = _worded(settings, row, chosen.module, retry)
    return ImagePlan(
        **row.model_dump(include=set(ImageSeed.model_fields) & set(ImagePlan.model_fields)),
        module=chosen.module,
        shown=shown,
        real_person=real_person,
        prompt=prompt,
        class_word=class_word(prompt) if chosen.module is Module.P_T2I else None,
        retry_prompt=again if clean(retry) and again != prompt else None,
        query=query_of(clean(query), keywords, row.description, name=row.name),
        reframed=_reframed(settings, shown, prompt),
        relevance=said_around(row.turns_before, RELEVANCE_LIMIT),
        original_description=original,
        planned=excerpt(reply.module, 40),
        why=chosen.why,
    )


def _shown(settings: "Settings", row: ImageSeed, reply: BriefPlanReply) -> Shown:
    """Who is shown: the model's word, unless the description knows better. An assistant has no pictures of the user."""
    rules = SafetyRules.of(settings)
    whom = rules.seen(row, row.description)
    by_module = settings.image_plans.on_bad_module == "t2i" and module_of(reply.module) is Module.P_T2I
    by_words = whom.user and (rules.minor(row) or row.shared_by is not Sharer.ASSISTANT)
    return shown_in(SHOWN.get(reply.shown.strip().casefold()), whom, user=by_module or by_words)


def _worded(settings: "Settings", row: ImageSeed, module: Module, wrote: str) -> str:
    """The words of a prompt in the form of the module; the description where there are none."""
    text = clean(wrote)
    if module is not Module.P_T2I:
        return plain(text) or plain(row.description)
    noun = gender_of(settings.people.genders, row.gender).noun
    append = settings.image_plans.planner_input == "profile"
    return personal(text or row.description, noun, name=row.name, append=append)


def _reframed(settings: "Settings", shown: Shown, prompt: str) -> bool | None:
    asked = settings.aligner.groups == "reframe" and shown is Shown.WITH_OTHERS
    return others_hidden(prompt) if asked else None


def select(frames: Frames) -> DataFrame:
    """One row per image: those of the albums, and those that a turn shares for the first time."""
    people = frames[narratives.TABLE.name].select(
        "episode_id", "name", "age", "gender", "birthplace", "residence", "sensitive"
    )
    images = of_albums(frames[albums.TABLE.name]).unionByName(of_turns(frames[sessions.TABLE.name]))
    return images.join(people, "episode_id").select(*ImageSeed.model_fields)


def _checks(settings: "Settings") -> tuple[Check, ...]:
    of_user = "module = 'p-t2i' AS int)) FILTER (WHERE shown IN ('user', 'user_with_others'))"
    shares = (
        Check(
            f"share of {module.value}",
            Share(f"module = '{module.value}'"),
            low=0.01 if module.value in settings.aligner.modules else None,
            high=0.7 if module.value in settings.aligner.modules else 0.1,
            least=100,
        )
        for module in Module
    )
    return (
        *shares,
        Check("pictures of the user that p-t2i makes", Exact(f"coalesce(avg(cast({of_user}, 1)"), low=1.0),
        Check("different prompts", Counted("count(distinct prompt)"), low=0.95, least=20),
        Check("modules that a rule changed", Share("why IS NOT NULL"), high=0.1, least=20),
        Check("words in a prompt", Mean("size(split(prompt, ' '))"), low=8, high=70, least=20),
    )


def stage(settings: "Settings") -> ChatStage[ImageSeed, BriefPlanReply, ImagePlan]:
    """The stage with these settings."""
    return ChatStage(
        name="image_plans",
        reads=(narratives.TABLE, albums.TABLE, sessions.TABLE),
        select=select,
        each=ImageSeed,
        unit="image_id",
        ask=partial(ask, settings),
        parse=partial(parse, settings),
        writes=TABLE,
        chat=ChatPolicy.of(settings, settings.image_plans),
        settings={
            **faces_rule.fingerprint_settings(settings),
            **fingerprint_settings(settings.image_plans),
            "modules": list(settings.aligner.modules),
            "groups": settings.aligner.groups,
            "children": settings.safety.children,
        },
        checks=_checks(settings),
    )
