"""Who says what: speakers, the event that is told, and what the summary claims."""

import re

from stark_udfs.stages.consistency.found import NOTHING, Fault, Found, Scene, found
from stark_udfs.stages.consistency.names import addressed, first_names, folded, introduced, is_own, own_names
from stark_udfs.stages.text.matching import content, coverage, number_of, sentences
from stark_udfs.stages.text.sessions.turns import ASSISTANT

MACHINE = re.compile(
    r"\bas an? (?:AI|language model|assistant)\b|\bI(?:'m|’m| am) an? (?:AI|language model)\b", re.IGNORECASE
)
TO_MACHINE = re.compile(r"(?:^|[.!?]\s)(?:thanks|thank you|hello|hi|hey)?,?\s*(?:AI )?assistant[,.!]", re.IGNORECASE)
OWN_LIFE = re.compile(
    r"\bmy (?:own )?(?:mother|father|mum|dad|sister|brother|aunt|uncle|wife|husband|son|daughter|neighbou?r|colleague|boss|"
    r"flat|kitchen|doctor|school|grand\w+|nephew|niece|cousin|phone|album)\b",
    re.IGNORECASE,
)
FIRST_PERSON = re.compile(r"\b(?:I|I'[a-z]+|I’[a-z]+|my|me|we)\b")
TELLS = 0.65  # of an event's content words
TOLD = 0.3  # least share of an event's content words in all that the person says; real models reach 0.5
SUPPORTED = 0.5  # least share of a summary sentence's content words
PROPER = re.compile(r"(?<![.!?:…]\s)(?<!^)\b[A-Z][^\W\d_]{2,}(?:['’]s)?\b")


def speakers(scene: Scene) -> Found:
    """Nobody speaks to themselves by name or from the other's place, and the assistant has the person's name right."""
    faults: list[Fault] = []
    for turn in scene.session.turns:
        check = _of_assistant if turn.speaker == ASSISTANT else _of_user
        faults += [Fault(turn.turn, words, against) for words, against in check(scene, turn.speaker, turn.text)]
    return found(faults)


def _of_user(scene: Scene, speaker: str, text: str) -> list[tuple[str, str]]:
    name = scene.history.name
    if speaker != name:
        return [(speaker, f"speakers: {name}, {ASSISTANT}")]
    wrong = [(words, f"{name} speaks to {said}") for said, words in addressed(text) if folded(said) in own_names(name)]
    return wrong + [(match[0], f"{name} speaks as the assistant") for match in MACHINE.finditer(text)]


def _of_assistant(scene: Scene, speaker: str, text: str) -> list[tuple[str, str]]:
    name = scene.history.name
    wrong = [(match[0], "the assistant speaks to itself") for match in TO_MACHINE.finditer(text)]
    wrong += [
        (words, f"the assistant speaks as {name}")
        for said, words, _ in introduced(text)
        if folded(said) in own_names(name)
    ]
    event = scene.history.event(scene.session.event_id)
    wrong += [(match[0], f"the assistant speaks as {name}") for match in OWN_LIFE.finditer(text)]
    if event is not None and coverage(event.event, text) >= TELLS and FIRST_PERSON.search(text):
        wrong.append((text, f"the assistant tells what happened to {name}"))
    strangers = [(said, words) for said, words in addressed(text) if folded(said) in first_names()]
    if strangers:
        story = _story(scene)
        wrong += [
            (words, f"name: {name}")
            for said, words in strangers
            if not is_own(said, name) and folded(said) not in story
        ]
    return wrong


def _story(scene: Scene) -> frozenset[str]:
    """All words of the person, folded: whoever is named in them may be spoken of."""
    texts = [event.event for event in scene.history.events]
    texts += [
        turn.text for session in (*scene.before, scene.session) for turn in session.turns if turn.speaker != ASSISTANT
    ]
    return frozenset(word for text in texts for word in re.findall(r"\w+", folded(text)))


def event_told(scene: Scene) -> Found:
    """The person tells the event of the day, and what they have lived through since its cause."""
    event = scene.history.event(scene.session.event_id)
    said = " ".join(turn.text for turn in scene.user_turns)
    facts = [fact for fact in (event and event.event, scene.session.experience) if fact and content(fact)]
    missing = [Fault(0, fact, "told by no turn") for fact in facts if coverage(fact, said) < TOLD]
    return found(missing, checked=bool(facts))


def summary_support(scene: Scene) -> Found:
    """What the memory after the session says was said: names, numbers and content words."""
    number = scene.session.session_number
    summary = next((one.summary for one in scene.history.summaries if one.session_number == number), None)
    if summary is None:
        return NOTHING
    source = _source(scene)
    words = content(source)
    names = frozenset(folded(word) for word in re.findall(r"\w+", source))
    faults = []
    for claim in sentences(summary):
        wrong = [said for said in _named(claim) if folded(said) not in names]
        wrong += [said for said in re.findall(r"\d+", claim) if not _counted_in(said, source)]
        wanted = content(claim) - TALK
        if wrong:
            faults.append(Fault(0, claim, f"nobody said {', '.join(wrong)}"))
        elif len(wanted) > MIN_CLAIM and len(wanted & words) / len(wanted) < SUPPORTED:
            faults.append(Fault(0, claim, f"no turn says this: {', '.join(sorted(wanted - words)[:6])}"))
    return found(faults)


MIN_CLAIM = 3
TALK = content(
    "session talk told said shared picture image photo assistant AI user person asked replied mentioned described worried "
    "planned later earlier week day month conversation"
)


def _source(scene: Scene) -> str:
    person, history = scene.history, (*scene.before, scene.session)
    parts = [
        person.name,
        person.residence,
        person.birthplace,
        str(person.age),
        person.narrative,
        person.sentence,
        ASSISTANT,
    ]
    for session in history:
        day = session.session_date
        parts += [f"{day:%Y.%m.%d %B %Y %d} {day.day} {day.month}", str(session.interval), str(session.session_number)]
        for turn in session.turns:
            parts += [turn.text, *(image.description for image in turn.images)]
    return "\n".join(parts)


def _named(claim: str) -> list[str]:
    return [match[0].removesuffix("'s").removesuffix("’s") for match in PROPER.finditer(claim)]


def _counted_in(figure: str, source: str) -> bool:
    if re.search(rf"(?<!\d)0*{int(figure)}(?!\d)", source):
        return True
    return any(number_of(word) == int(figure) for word in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", source))
