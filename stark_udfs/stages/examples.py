"""One invented episode of usual size: examples from which `stark plan` estimates before anything was asked."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

from stark_udfs.calls.moderation import ModerationReply, ModerationResult
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import ExampleUnit
from stark_udfs.stages.images.image_plans.prompt import BriefPlanReply, shape_of
from stark_udfs.stages.images.image_plans.seeds import AFTER, BEFORE, ImageSeed
from stark_udfs.stages.probes import phrasings
from stark_udfs.stages.probes.records import Probe, ProbeKind
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.prompt import PersonaItem, PersonaReply, PersonaSeed
from stark_udfs.stages.text.profile import EpisodeProfile
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.turns import ASSISTANT, SessionContext, SessionReply, Turn, parse_turns
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judge_prompt import CriterionReply, JudgementReply
from stark_udfs.stages.verdicts.judged import JudgedSession
from stark_udfs.stages.verdicts.moderations import ModeratedSession

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

NAME = "Marta Oliveira"
PROFILE: dict[str, Json] = {"age": 34, "gender": "female", "birthplace": "Brazil", "residence": "Japan"}
SAID: dict[str, Json] = {
    "category": "Preference > Food",
    "entity_key": "food",
    "entity_value": "feijoada",
    "sentence": "I cook feijoada on the first cold Saturday of the year for everybody on my floor.",
    "relation": Relation.ROUTINE,
    "inference": "soak black beans on Friday night and look for smoked sausage at the Brazilian shop by the station",
    "sensitive": False,
}
NARRATIVE = (
    f"My name is {NAME}, I am 34, and I moved from Brazil to Japan. I cook feijoada on the first cold Saturday of the "
    "year for everybody on my floor, so I soak black beans on Friday night and look for smoked sausage at the shop by "
    "the station."
)
EVENT = "Marta finds a shop near the station that sells smoked sausage and talks with its owner until it closes."
EXPERIENCE = "She had asked her neighbours what they eat at home in winter and wrote their answers into a notebook."
PICTURE = (
    "A black pot of beans on a small gas stove, steam against a kitchen window, orange slices on a board beside it."
)
TURN = "The beans have been on since noon and the whole corridor smells of garlic, so Mrs Sato came to ask what it is."
SUMMARY = (
    "Marta, who cooks feijoada for her neighbours on the first cold Saturday, told of a shop by the station. She sent "
    "a picture of the pot, and the assistant suggested to soak the beans longer. She plans to invite Mrs Sato, who "
    "asked for the recipe, and worries that the kitchen is too small. They talked about the letter to her mother, too."
)
FIRST_DAY, DAYS_BETWEEN = date(2022, 1, 10), 35


def examples(settings: "Settings") -> Mapping[str, ExampleUnit]:
    """By chat stage: the units that the settings lead to if nothing is dropped, and one unit with its replies."""
    episodes = settings.pipeline.episodes
    life: dict[str, Json] = {"episode_id": "example", "name": NAME, "narrative": NARRATIVE, **PROFILE, **SAID}
    happened = _events(settings)
    talk = _session(settings)
    count = min(len(happened), settings.sessions.max_sessions)
    pictures = [{"image_id": f"picture{n}", "description": PICTURE, "category": "food"} for n in range(5)]
    story = {**life, "events": _event_rows(happened), "album": pictures}
    return {
        "personas": _unit(personas.calls(settings), _persona_seed(), (_personas(settings),)),
        "commonsense": _unit(
            episodes,
            commonsense.RelationSeed.model_validate(
                {**_only(commonsense.RelationSeed, life), "commonsense_id": "", "persona_id": ""}
            ),
            (commonsense.InferenceReply(inference=str(SAID["inference"])),),
        ),
        "narratives": _unit(
            episodes,
            narratives.NarrativeSeed.model_validate({**_only(narratives.NarrativeSeed, life), "commonsense_id": ""}),
            (narratives.NarrativeReply(narrative=NARRATIVE),),
        ),
        "events": _unit(episodes, EpisodeProfile.model_validate(life), (events.EventsReply(events=happened),)),
        "albums": _unit(episodes, EpisodeProfile.model_validate(life), (_album(settings),)),
        "sessions": _unit(episodes, sessions.SessionInput.model_validate(story), (talk,) * count),
        "summaries": _unit(
            episodes, _chronicle(settings, story, talk, count), (summaries.SummaryReply(summary=SUMMARY),) * count
        ),
        "image_plans": _unit(episodes * _images(settings), _image_seed(life), (_plan(settings),)),
        **_verdicts(settings, life, talk, count),
        "probe_phrasings": _phrasing(settings, life),
    }


def _phrasing(settings: "Settings", life: Mapping[str, Json]) -> ExampleUnit:
    """The probes of one episode."""
    question = f"On which date did {NAME} tell the {ASSISTANT} about this: “{EVENT[:70]}…”?"
    worded = f"When did {NAME} tell the assistant about it: {EVENT[:70]}?"
    asked = [
        Probe(
            probe_id=f"example{number}",
            episode_id="example",
            kind=kind,
            form="when_told",
            question=question,
            answer=FIRST_DAY.isoformat(),
            evidence=["example:1:1"],
        )
        for kind in ProbeKind
        for number in range(settings.probes.of_each_kind)
    ]
    row = phrasings.PhrasingInput.model_validate({**_only(phrasings.PhrasingInput, life), "probes": asked})
    replies = [phrasings.PhrasedQuestion(number=number, question=worded) for number in range(1, len(asked) + 1)]
    episodes = settings.pipeline.episodes if settings.probes.phrasing == "model" else 0
    return _unit(episodes, row, (phrasings.PhrasingReply(questions=replies),))


def _verdicts(settings: "Settings", life: Mapping[str, Json], talk: SessionReply, count: int) -> dict[str, ExampleUnit]:
    """One session as moderators and judges read it."""
    turns = [turn.model_dump() for turn in _turns(settings, talk)]
    texts = [str(turn["text"]) for turn in turns]
    ids: dict[str, object] = {"episode_id": "example", "session_number": 2}
    moderated = ModeratedSession.model_validate({**ids, "moderation_id": "example:2:text", "texts": texts})
    moderation = ModerationReply(results=[ModerationResult(flagged=False)] * len(texts))
    earlier = {"session_number": 1, "session_date": FIRST_DAY, "interval": None, "event": EVENT}
    judged = JudgedSession.model_validate(
        {
            **_only(JudgedSession, life),
            **ids,
            "judgement_id": "example:2:default",
            "judge": "default",
            "earlier": [earlier],
            "memory": SUMMARY,
            "session_date": FIRST_DAY + timedelta(days=DAYS_BETWEEN),
            "event": EVENT,
            "interval": "5 weeks",
            "experience_op": "add",
            "experience": EXPERIENCE,
            "turns": turns,
            "files": _shown(turns) if settings.judgements.sees_images else [],
        }
    )
    answer = CriterionReply(rationale=EXPERIENCE, score=4)
    judgement = JudgementReply.model_validate({one.value: answer for one in Criterion})
    sessions_made = settings.pipeline.episodes * count
    return {
        "moderations": _unit(sessions_made, moderated, (moderation,)),
        "judgements": _unit(round(sessions_made * settings.judgements.share), judged, (judgement,)),
    }


def _turns(settings: "Settings", talk: SessionReply) -> list[Turn]:
    heard = parse_turns(settings.sessions, SessionContext("example", 2, NAME, ()), talk)
    return [] if isinstance(heard, Reject) else list(heard.turns)


def _shown(turns: list[dict[str, object]]) -> list[dict[str, str]]:
    shared = [image for turn in turns for image in cast("list[dict[str, str]]", turn["images"])]
    return [{"image_id": image["image_id"], "path": "images/00/0.png", "sha256": "0"} for image in shared]


def _unit(units: int, row: Record, replies: tuple[ReplySchema, ...]) -> ExampleUnit:
    return ExampleUnit(row=row, replies=replies, units=units)


def _only(record: type[Record], values: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if name in record.model_fields}


def _persona_seed() -> PersonaSeed:
    said = _only(PersonaSeed, SAID)
    return PersonaSeed.model_validate(
        {"seed_id": stable_id("example"), "ordinal": 0, "demographic_id": "", **PROFILE, **said}
    )


def _personas(settings: "Settings") -> PersonaReply:
    item = PersonaItem(sentence=str(SAID["sentence"]), key=str(SAID["entity_key"]), value=str(SAID["entity_value"]))
    return PersonaReply(personas=[item] * settings.personas.sentences)


def _events(settings: "Settings") -> list[events.EventItem]:
    items = []
    for number in range(1, settings.events.min_events + 1):
        day = FIRST_DAY + timedelta(days=DAYS_BETWEEN * (number - 1))
        cause = events.CauseItem(id=number - 1, time_interval="5 weeks", experience_op="add", experience=EXPERIENCE)
        items.append(
            events.EventItem(id=number, date=f"{day:%Y.%m.%d}", event=EVENT, caused_by=cause if number > 1 else None)
        )
    return items


def _event_rows(items: list[events.EventItem]) -> list[events.Event]:
    return [
        events.Event(
            event_id=item.id,
            date=FIRST_DAY + timedelta(days=DAYS_BETWEEN * (item.id - 1)),
            event=item.event,
            caused_by=None
            if item.caused_by is None
            else events.Cause(
                event_id=item.caused_by.id,
                interval=item.caused_by.time_interval,
                experience_op="add",
                experience=EXPERIENCE,
            ),
        )
        for item in items
    ]


def _album(settings: "Settings") -> albums.AlbumReply:
    item = albums.AlbumItem(description=PICTURE, category="food")
    return albums.AlbumReply(images=[item] * settings.albums.images)


def _session(settings: "Settings") -> SessionReply:
    """A session with the mean numbers of turns and images."""
    count, images = round(settings.sessions.turns_mean), round(settings.sessions.images_mean)
    image = {
        "description": PICTURE,
        "rationale": "She wants to show what the pot looks like when it is done.",
        "source": "internet",
        "keywords": ["feijoada", "black beans", "pot"],
        "album_id": None,
    }
    turns = [
        {"speaker": ASSISTANT if place % 2 else NAME, "text": TURN, "images": [image] if place < images else []}
        for place in range(count)
    ]
    return SessionReply.model_validate({"turns": turns})


def _chronicle(
    settings: "Settings", story: Mapping[str, object], talk: SessionReply, count: int
) -> summaries.SummaryInput:
    told = sessions.prepare_sessions(settings.sessions, sessions.SessionInput.model_validate(story), (talk,) * count)
    chapters = [_only(summaries.SummarySession, session.model_dump()) for session in told.sessions]
    return summaries.SummaryInput.model_validate({"episode_id": "example", "name": NAME, "sessions": chapters})


def _images(settings: "Settings") -> int:
    """New images of an episode: the album's, and those that sessions share without taking them from the album."""
    reused = settings.sessions.reuse_share * (1 - settings.sessions.internet_share)
    return settings.albums.images + round(settings.sessions.max_sessions * settings.sessions.images_mean * (1 - reused))


def _image_seed(life: Mapping[str, Json]) -> ImageSeed:
    said: list[Json] = [{"speaker": NAME, "text": TURN}]
    return ImageSeed.model_validate(
        {
            **_only(ImageSeed, life),
            "image_id": "picture",
            "stands_in": "turn",
            "session_number": 1,
            "turn": 4,
            "shared_by": "user",
            "description": PICTURE,
            "category": None,
            "source": "mobile",
            "rationale": "She wants to show what the pot looks like when it is done.",
            "keywords": ["feijoada", "black beans", "pot"],
            "turns_before": said * BEFORE,
            "turns_after": said * AFTER,
        }
    )


def _plan(settings: "Settings") -> BriefPlanReply:
    said = {
        "shown": "nobody",
        "under_18": False,
        "real_person": "",
        "module": "retrieval",
        "prompt": f"{PICTURE} {PICTURE}",
    }
    return shape_of(settings).model_validate(
        {**said, "retry_prompt": f"{PICTURE} {PICTURE}", "query": "pot of black beans"}
    )
