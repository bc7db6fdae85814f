"""The prompt of one session: who, what was, what is on the phone, what today is to be like."""

from collections.abc import Sequence
from dataclasses import dataclass

from stark_udfs.stages.text.albums import AlbumImage
from stark_udfs.stages.text.events.intervals import between
from stark_udfs.stages.text.events.stage import Event
from stark_udfs.stages.text.personas.categories import ADULT
from stark_udfs.stages.text.profile import EpisodeProfile, profile_lines
from stark_udfs.stages.text.sessions.brief import Brief, ImageBrief
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.turns import ASSISTANT, Turn, handle
from stark_udfs.stages.text.words import bullets

CHARACTERS_PER_TOKEN = 4

SYSTEM = """\
You write one session of a long acquaintance: a person and their AI assistant, who chat over months and send each other
pictures. It reads like a real chat between these two and nobody else: the person has a temper, a home and a day behind
them; the assistant listens, remembers, is curious and useful, and never gushes. It is no interview."""


@dataclass(frozen=True)
class Scene:
    """What is known when a session begins."""

    life: EpisodeProfile
    number: int
    due: tuple[Event, ...]
    album: tuple[AlbumImage, ...]
    earlier: tuple[Sequence[Turn], ...]
    brief: Brief | None

    @property
    def today(self) -> Event:
        """The event of this session."""
        return self.due[self.number - 1]

    @property
    def past(self) -> tuple[Event, ...]:
        """The events of the earlier sessions."""
        return self.due[: self.number - 1]

    @property
    def interval(self) -> str | None:
        """Since the session before, in words."""
        return between(self.past[-1].date, self.today.date) if self.past else None

    @property
    def days_since(self) -> int | None:
        """Since the session before, in days."""
        return (self.today.date - self.past[-1].date).days if self.past else None


def user_prompt(settings: SessionsSettings, scene: Scene) -> str:
    """Everything that the model is told beside its role."""
    parts = [
        f"The person\n{profile_lines(scene.life)}",
        f"Pictures on the person's phone (id: what it shows)\n{_album(scene.album)}",
        *_history(settings, scene),
        _today(scene),
        f"Course of the session\n{bullets(_course(scene))}",
        f"How the two talk\n{bullets(_manners(scene))}",
        f"Images\n{bullets(_images(scene))}",
    ]
    return "\n\n".join(parts)


def transcript(dates: Sequence[str], sessions: Sequence[Sequence[Turn]], *, tokens: int) -> str:
    """Earlier sessions within a limit: the newest lines stay, in the order in which they were said."""
    lines = []
    for day, turns in zip(dates, sessions, strict=True):
        lines.append(f"[{day}]")
        lines.extend(line for turn in turns for line in _lines(turn))
    left = tokens * CHARACTERS_PER_TOKEN
    kept: list[str] = []
    for line in reversed(lines):
        left -= len(line) + 1
        if left < 0:
            kept.append("[…]")
            break
        kept.append(line)
    return "\n".join(reversed(kept))


def _lines(turn: Turn) -> list[str]:
    said = [f"{turn.speaker}: {turn.text}"] if turn.text else []
    return said + [f"{turn.speaker} shares a picture: {image.description}" for image in turn.images]


def _album(album: Sequence[AlbumImage]) -> str:
    return "\n".join(f"- {handle(place)}: {image.description} ({image.category})" for place, image in enumerate(album))


def _day(event: Event) -> str:
    return f"{event.date:%Y.%m.%d}"


def _history(settings: SessionsSettings, scene: Scene) -> list[str]:
    if not scene.past:
        return []
    days = [f"{_day(event)}: {event.event}" for event in scene.past]
    parts = [f"What happened before, and was talked about then\n{bullets(days)}"]
    if settings.history == "transcript" and settings.history_tokens > 0:
        said = transcript([_day(event) for event in scene.past], scene.earlier, tokens=settings.history_tokens)
        parts.append(f"What they said then\n{said}")
    return parts


def _today(scene: Scene) -> str:
    lines = [f"This is session {scene.number}, on {_day(scene.today)}."]
    if scene.interval is None:
        lines.append("It is the first: the two have not talked before, and the assistant knows nothing of the person.")
    else:
        lines.append(f"The last one was on {_day(scene.past[-1])}: {scene.interval} have passed.")
    lines.append(f"What happens today: {scene.today.event}")
    cause = scene.today.caused_by
    if cause is not None:
        change = "new" if cause.experience_op == "add" else "a turn in something told before"
        lines.append(f"What the person went through in between ({change}): {cause.experience}")
    return "Today\n" + bullets(lines)


def _course(scene: Scene) -> list[str]:
    name = scene.life.name
    rules = ["Today's event comes up by itself, early enough to be talked through, and is told in the person's words."]
    if scene.today.caused_by is not None:
        rules.append("What the person went through in between is told too, as the reason for today.")
    if scene.past:
        rules += [
            f"The opening fits a gap of {scene.interval}: no long greeting after hours, no silence about months.",
            "At least once they take up a detail of an earlier session, and it is right in fact.",
        ]
    if scene.brief is None:
        return [*rules, "More than two images are shared, each where the talk calls for it."]
    opener = name if scene.brief.opener == "user" else ASSISTANT
    rules.append(f"{opener} speaks first; the session has about {scene.brief.turns} turns in all.")
    if not scene.brief.images:
        return [*rules, "No image is shared in this session."]
    asked = "; ".join(_asked(image, name) for image in scene.brief.images)
    count = len(scene.brief.images)
    return [*rules, f"Exactly {count} {'image is' if count == 1 else 'images are'} shared, in any order: {asked}."]


def _asked(image: ImageBrief, name: str) -> str:
    who = name if image.by == "user" else ASSISTANT
    if image.source == "internet":
        return f"{who} shares one found on the internet"
    return (
        f"{who} shares one of the phone's pictures above again" if image.reuse else f"{who} shares a new phone picture"
    )


def _manners(scene: Scene) -> list[str]:
    life = scene.life
    rules = [
        f'The speakers are written "{life.name}" and "{ASSISTANT}", and nobody else speaks.',
        "Turns are short and uneven, one to three sentences; mostly the two alternate, but one may send two in a row.",
        f"{life.name.split()[0]} talks as a {life.age}-year-old {life.gender} in {life.residence} would: particular "
        "things, places and people instead of general feelings.",
        f"The {ASSISTANT} has no body, home or phone, invents no memories, asks at most one question a turn, and says "
        "so when it does not know.",
        f"The {ASSISTANT} never diagnoses, gives no dose, changes no medicine and tells nobody whom to vote for; where "
        "it matters it points to a doctor, a pharmacist or an official source.",
        "No phone numbers, addresses, links, insults or sexual content; no lists and no markup inside a turn.",
        "It ends as chats end: with a plan, a joke or a short goodbye, not with a summary.",
    ]
    if life.age < ADULT:
        rules.append(
            f"{life.name.split()[0]} is a minor: the talk stays with home, school, friends and free time, without "
            "romance, alcohol or dares, and worries are taken to a grown-up the person trusts."
        )
    if life.sensitive:
        rules.append("The subject is sensitive: it is met with tact, without alarm, praise of a party or blame.")
    return rules


def _images(scene: Scene) -> list[str]:
    name = scene.life.name
    rules = [
        "An image stands in `images` of the turn that shares it; all other turns have an empty list.",
        "Its description is a visible scene (subject, place, detail) that a painter could paint, says more than the "
        "turns around it, and names no private person: people are described by their looks.",
        f"source 'mobile' is for pictures on {name}'s phone, so only {name} shares them: one from the list above with "
        "its id as album_id, or a new one with album_id null.",
        f"source 'internet' is for pictures found online, by {name} or by the {ASSISTANT}; album_id is null.",
        "The next turn reacts to something that the image shows.",
    ]
    if scene.life.age < ADULT:
        rules.append("No image shows the person intimately, undressed, hurt or with a recognisable school or address.")
    return rules
