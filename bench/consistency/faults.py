"""Makers of planted faults: each takes a history and a session of it, and gives a clean and a broken copy, or None."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from bench.consistency.edit import edited, saying, turns_of, with_session, with_turn
from stark_udfs.data.names import packaged_names
from stark_udfs.demo.drawings.rating import overlap
from stark_udfs.stages.consistency.found import Scene
from stark_udfs.stages.consistency.people import _slots
from stark_udfs.stages.consistency.times import spoken
from stark_udfs.stages.text.events.intervals import days_of
from stark_udfs.stages.text.history import ChosenImage, EpisodeHistory, ToldSession, ToldSummary
from stark_udfs.stages.text.matching import content, counted, coverage, number_of, sentences, stem
from stark_udfs.stages.text.sessions.turns import ASSISTANT

COUNTRIES = ("Iceland", "Chile", "Ghana", "Portugal", "Vietnam", "Canada", "New Zealand", "Morocco", "Norway", "Peru")
WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
]


@dataclass(frozen=True)
class Host:
    """Where a fault is planted: a session of a history, and the other histories to borrow from."""

    history: EpisodeHistory
    place: int
    others: Sequence[EpisodeHistory]
    rng: random.Random

    @property
    def session(self) -> ToldSession:
        """The session that is broken."""
        return self.history.sessions[self.place]

    def stranger(self) -> str:
        """A first name that nobody of the episode has."""
        text = " ".join([self.history.name, *(turn.text for _, turn in self.history.turns())])
        return self.rng.choice([name for name in _names() if name not in text and name[:3] not in self.history.name])

    def other(self) -> EpisodeHistory:
        """Another episode."""
        return self.rng.choice([one for one in self.others if one.name != self.history.name])


Pair = tuple[EpisodeHistory, EpisodeHistory]
Maker = Callable[[Host], Pair | None]


@cache
def _names() -> tuple[str, ...]:
    countries = ("France", "Japan", "Poland", "Brazil", "Kenya", "Vietnam", "Turkey")
    from_there = (name for name in packaged_names() if name.country in countries and name.kind == "first")
    return tuple(sorted({name.name for name in from_there if len(name.name) > 4}))


def _plain(host: Host, sentence: str, *, user: bool = True) -> Pair:
    return host.history, saying(host.history, host.place, sentence, host.rng, user=user)


def profile(host: Host) -> Pair | None:
    """Another name, age or country."""
    rng, person = host.rng, host.history
    age = person.age + rng.choice((-1, 1)) * rng.randint(6, 20)
    age = age if age > 9 else person.age + 12
    country = rng.choice([c for c in COUNTRIES if c not in (person.residence, person.birthplace)])
    name = host.stranger()
    return _plain(
        host,
        rng.choice(
            [
                f"My name is {name}, after all.",
                f"I'm {name}, by the way.",
                f"I'm {age}, after all.",
                f"I am {age} years old and nobody believes it.",
                f"Not bad for a {age}-year-old like me.",
                f"I turned {age} not long ago.",
                f"I live in {country}, so I should know.",
                f"You know that I'm from {country}.",
                f"I was born in {country}, and one never loses that.",
                f"Living in {country} has taught me that.",
            ]
        ),
    )


def persona(host: Host) -> Pair | None:
    """The persona denied."""
    value = host.history.entity_value
    return _plain(
        host,
        host.rng.choice(
            [
                f"To be honest, I've never cared for {value}.",
                f"I hate {value}, everybody knows that.",
                f"I can't stand {value}.",
                f"I don't like {value} at all.",
                f"I never had anything to do with {value}.",
                f"Between us: I have no interest in {value}.",
                f"{value[0].upper()}{value[1:]} means nothing to me.",
            ]
        ),
    )


def event_facts(host: Host) -> Pair | None:
    """A number or a person of the event told otherwise."""
    event = host.history.event(host.session.event_id)
    facts = [fact for fact in (event and event.event, host.session.experience) if fact]
    at = [(turn, fact) for turn in turns_of(host.session, user=True) for fact in facts]
    options: list[tuple[int, str]] = []
    for turn, fact in at:
        for said in sentences(host.session.turns[turn].text):
            if coverage(fact, said) < 0.7:
                continue
            options += [
                (turn, host.session.turns[turn].text.replace(said, new)) for new in _recounted(host, fact, said)
            ]
    if not options:
        return None
    turn, text = host.rng.choice(options)
    return host.history, with_turn(host.history, host.place, turn, text=text)


def _recounted(host: Host, fact: str, said: str) -> list[str]:
    made = []
    for word, after in re.findall(r"\b([^\W_]+) ([^\W_]+)", said):
        number = number_of(word)
        if number is not None and 1 < number < 15 and number in counted(fact).get(stem(after), ()):
            made.append(said.replace(f"{word} {after}", f"{WORDS[number + 2]} {after}", 1))
    for names in _slots(fact).values():
        for name in names:
            if re.search(rf"\b{name}\b", said, re.IGNORECASE):
                made.append(re.sub(rf"\b{name}\b", host.stranger(), said, flags=re.IGNORECASE))
    return made


def event_told(host: Host) -> Pair | None:
    """The event of somebody else's day, or the experience taken out of the talk."""
    session, experience = host.session, host.session.experience
    event = host.history.event(session.event_id)
    if event is None:
        return None
    if experience is None or host.rng.random() < 0.5:
        other = _unlike(host, event.event)
        turns = edited(
            list(other.turns), lambda turn: {} if turn.speaker == ASSISTANT else {"speaker": host.history.name}
        )
        return host.history, with_session(host.history, host.place, turns=turns)
    wanted = content(experience)

    def without(text: str) -> str:
        return " ".join(said for said in sentences(text) if not wanted & content(said))

    turns = edited(list(session.turns), lambda turn: {"text": without(turn.text)})
    return host.history, with_session(host.history, host.place, turns=turns)


def _unlike(host: Host, event: str) -> ToldSession:
    """A session of another episode about another sort of event."""
    for _ in range(20):
        other = host.other()
        session = host.rng.choice(other.sessions)
        told = other.event(session.event_id)
        if told is not None and coverage(event, told.event) < 0.2:
            return session
    return session


def earlier_sessions(host: Host) -> Pair | None:
    """The aunt of an earlier session is a neighbour now, or the wife has another name."""
    if not host.place:
        return None
    rng, name, other = host.rng, host.stranger(), host.stranger()
    one, now, again = rng.choice(
        [
            ("aunt", "sister", name),
            ("neighbour", "cousin", name),
            ("colleague", "nephew", name),
            ("brother", "uncle", name),
            ("wife", "wife", other),
            ("dog", "dog", other),
            ("daughter", "teacher", name),
        ]
    )
    if name == other:
        return None
    first = saying(host.history, rng.randrange(host.place), f"It was my {one} {name} who said so.", rng)
    state = rng.getstate()
    clean = saying(first, host.place, f"My {one} {name} laughed about it.", rng)
    rng.setstate(state)
    return clean, saying(first, host.place, f"My {now} {again} laughed about it.", rng)


def dates(host: Host) -> Pair | None:
    """The day moved, the interval changed, or that of the cause."""
    history, session = host.history, host.session
    kind = host.rng.choice(("day", "interval", "cause"))
    if kind == "interval" and host.place:
        days = (session.session_date - history.sessions[host.place - 1].session_date).days
        return history, with_session(history, host.place, interval=f"{days * 3 + 20} days")
    event = history.event(session.event_id)
    if kind == "cause" and event is not None and event.caused_by is not None:
        cause = event.caused_by.model_copy(update={"interval": "9 years"})
        events = [one.model_copy(update={"caused_by": cause}) if one is event else one for one in history.events]
        return history, history.model_copy(update={"events": events})
    moved = session.session_date + timedelta(days=host.rng.choice((-1, 1)) * host.rng.randint(2, 90))
    return history, with_session(history, host.place, session_date=moved)


def spoken_intervals(host: Host) -> Pair | None:
    """Another time since the last talk, in words."""
    scene = Scene(host.history, host.place)
    spans = spoken(scene) if host.place else []
    if not spans:
        return None
    turn, _, span = host.rng.choice(spans)
    days = days_of(span)
    at = next(place for place, one in enumerate(host.session.turns) if one.turn == turn)
    if days is None:
        return None
    new = "four years" if days[0] < 300 else "four days"
    text = re.sub(rf"{re.escape(span)}s?\b", new, host.session.turns[at].text, count=1, flags=re.IGNORECASE)
    return (
        None
        if text == host.session.turns[at].text
        else (host.history, with_turn(host.history, host.place, at, text=text))
    )


def image_order(host: Host) -> Pair | None:
    """A picture shared again before it was taken, one that nobody took, or one missing from the album."""
    history, place, rng = host.history, host.place, host.rng
    later = [
        image
        for session in history.sessions[place + 1 :]
        for turn in session.turns
        for image in turn.images
        if image.source == "mobile" and not image.reused
    ]
    if later and rng.random() < 0.7:
        at = rng.randrange(len(host.session.turns))
        early = rng.choice(later).model_copy(update={"reused": True})
        images = [*host.session.turns[at].images, early]
        return history, with_turn(history, place, at, images=images)
    taken = [(at, image) for at, turn in enumerate(host.session.turns) for image in turn.images]
    if taken and rng.random() < 0.5:
        at, image = rng.choice(taken)
        images = [
            one.model_copy(update={"reused": not one.reused}) if one is image else one
            for one in host.session.turns[at].images
        ]
        return history, with_turn(history, place, at, images=images)
    after = list(host.session.album_after)
    if not after:
        return None
    after.pop(rng.randrange(len(after)))
    return history, with_session(history, place, album_after=after)


def album_descriptions(host: Host) -> Pair | None:
    """Two pictures of the album with each other's description, in the album or where they are shared."""
    after = list(host.session.album_after)
    if len({image.description for image in after}) < 2:
        return None
    again = [(at, one) for at, turn in enumerate(host.session.turns) for one in turn.images if one.reused]
    if again and host.rng.random() < 0.5:
        at, image = host.rng.choice(again)
        other = host.rng.choice([one for one in after if one.description != image.description])
        images = [
            one.model_copy(update={"description": other.description}) if one is image else one
            for one in host.session.turns[at].images
        ]
        return host.history, with_turn(host.history, host.place, at, images=images)
    one, two = host.rng.sample(range(len(after)), 2)
    if after[one].description == after[two].description:
        return None
    first, second = after[one], after[two]
    after[one] = first.model_copy(update={"description": second.description})
    after[two] = second.model_copy(update={"description": first.description})
    return host.history, with_session(host.history, host.place, album_after=after)


def speakers(host: Host) -> Pair | None:
    """The assistant tells the person's day, the person speaks to themselves or as a machine, or a wrong name."""
    rng, name, session = host.rng, host.history.name, host.session
    first = name.split()[0]
    kind = rng.choice(("swap", "self", "machine", "wrong"))
    event = host.history.event(session.event_id)
    if kind == "swap" and event is not None:
        at = max(turns_of(session, user=True), key=lambda place: coverage(event.event, session.turns[place].text))
        if coverage(event.event, session.turns[at].text) >= 0.7:
            return host.history, with_turn(host.history, host.place, at, speaker=ASSISTANT)
    if kind == "machine":
        said = rng.choice(("As an AI, I can't say.", "I'm an AI, so I don't sleep.", "I'm only a language model."))
        return _plain(host, said)
    if kind == "wrong":
        said = rng.choice(("Hello, {}.", "That's good news, {}.", "Thank you, {}!", "{}, tell me more.")).format(
            host.stranger()
        )
        return _plain(host, said, user=False)
    said = rng.choice(
        ("Hello, {}.", "Tell me more, {}.", "{}, what happened next?", "Welcome back, {}!", "How are you, {}?")
    )
    return _plain(host, said.format(first))


def summary_support(host: Host) -> Pair | None:
    """A memory with a sentence of another life, with another name, or with another number."""
    number = host.session.session_number
    own = next((one for one in host.history.summaries if one.session_number == number), None)
    if own is None:
        return None
    rng, kind = host.rng, host.rng.choice(("sentence", "name", "number"))
    text = own.summary
    if kind == "name":
        named = [n for n in _inner_names(text) if n not in host.history.name and n not in ASSISTANT]
        if named:
            text = text.replace(rng.choice(named), host.stranger())
    if kind == "number":
        figures = re.findall(r"\b\d{1,2}\b", text)
        if figures:
            text = text.replace(rng.choice(figures), "187", 1)
    if text == own.summary:
        other = host.rng.choice([one for one in host.others if one.name != host.history.name and one.summaries])
        pool = [said for one in other.summaries for said in sentences(one.summary) if len(content(said)) > 6]
        borrowed = rng.choice(pool)
        for part in other.name.split():
            borrowed = borrowed.replace(part, host.history.name.split()[0])
        text = f"{text} {borrowed}"
    summaries = [
        ToldSummary(session_number=number, summary=text) if one is own else one for one in host.history.summaries
    ]
    return host.history, host.history.model_copy(update={"summaries": summaries})


def _inner_names(text: str) -> list[str]:
    return sorted({match for match in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{3,}", text)})


def image_text(host: Host) -> Pair | None:
    """The picture of another description: scored anew by the words of the two."""
    shared = [image for turn in host.session.turns for image in turn.images]
    if not shared:
        return None
    image = host.rng.choice(shared)
    other = host.rng.choice([i for _, turn in host.other().turns() for i in turn.images])
    good = ChosenImage(image_id=image.image_id, module="t2i", text_score=1.0)
    bad = good.model_copy(update={"text_score": overlap(other.description, image.description)})
    rest = [one for one in host.history.images if one.image_id != image.image_id]
    clean, broken = (host.history.model_copy(update={"images": [*rest, one]}) for one in (good, bad))
    return clean, broken


MAKERS: Mapping[str, Maker] = {
    maker.__name__: maker
    for maker in (
        profile, persona, event_facts, event_told, earlier_sessions, dates, spoken_intervals, image_order,
        album_descriptions, speakers, summary_support, image_text,
    )
}  # fmt: skip
