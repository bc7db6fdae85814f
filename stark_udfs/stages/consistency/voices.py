"""Who says what: speakers, the event that is told, and what the summary claims."""

import re

from stark_udfs.stages.consistency.found import NOTHING, Fault, Found, Scene, found
from stark_udfs.stages.consistency.names import addressed, folded, introduced, is_first_name, is_own, own_names
from stark_udfs.stages.text.matching import content, coverage, number_of, sentences
from stark_udfs.stages.text.sessions.turns import ASSISTANT

MACHINE = re.compile(
    r"\bas an? (?:AI|language model|assistant)\b|\bI(?:'m|’m| am)(?: only| just)? an? (?:AI|language model)\b",
    re.IGNORECASE,
)
TO_MACHINE = re.compile(r"(?:^|[.!?]\s)(?:thanks|thank you|hello|hi|hey)?,?\s*(?:AI )?assistant[,.!]", re.IGNORECASE)
OWN_LIFE = re.compile(
    r"\bmy (?:own )?(?:mother|father|mum|dad|sister|brother|aunt|uncle|wife|husband|son|daughter|neighbou?r|"
    r"colleague|boss|flat|kitchen|doctor|school|grand\w+|nephew|niece|cousin|phone|album)\b",
    re.IGNORECASE,
)
INTRODUCTION = 3  # turns of the first session in which people say who they are
FIRST_PERSON = re.compile(r"\b(?:I|I'[a-z]+|I’[a-z]+|my|me|we)\b")
TELLS = 0.65  # of an event's content words
TOLD = 0.5  # least share of an event's content words in all that the person says; a real model's least was 0.69
LIVED = 0.6  # the same of an experience; a real model's least was 0.86
SUPPORTED = 0.55  # least share of a claim's content words that somebody said
MISSING = 2  # content words of a claim that nobody said, from which their share counts
PROPER = re.compile(r"(?<![.!?:…]\s)(?<!^)\b[A-Z][^\W\d_]{2,}(?:['’]s)?\b")


def speakers(scene: Scene) -> Found:
    """Nobody speaks to themselves by name or from the other's place, and the assistant has the person's name right."""
    faults: list[Fault] = []
    for turn in scene.session.turns:
        if turn.speaker == ASSISTANT:
            wrong = _of_assistant(scene, turn.text)
        else:
            opens = not scene.place and turn.turn <= INTRODUCTION
            wrong = _of_user(scene, turn.speaker, turn.text, opens=opens)
        faults += [Fault(turn.turn, words, against) for words, against in wrong]
    return found(faults)


def _of_user(scene: Scene, speaker: str, text: str, *, opens: bool) -> list[tuple[str, str]]:
    name = scene.history.name
    if speaker != name:
        return [(speaker, f"speakers: {name}, {ASSISTANT}")]
    spoken_to = [] if opens else addressed(text)  # who begins with their name introduces themselves
    wrong = [(words, f"{name} speaks to {said}") for said, words in spoken_to if own_names(said) & own_names(name)]
    return wrong + [(match[0], f"{name} speaks as the assistant") for match in MACHINE.finditer(text)]


def _of_assistant(scene: Scene, text: str) -> list[tuple[str, str]]:
    name = scene.history.name
    wrong = [(match[0], "the assistant speaks to itself") for match in TO_MACHINE.finditer(text)]
    wrong += [
        (words, f"the assistant speaks as {name}")
        for said, words, _ in introduced(text)
        if own_names(said) & own_names(name)
    ]
    event = scene.history.event(scene.session.event_id)
    wrong += [(match[0], f"the assistant speaks as {name}") for match in OWN_LIFE.finditer(text)]
    if event is not None and coverage(event.event, text) >= TELLS and FIRST_PERSON.search(text):
        wrong.append((text, f"the assistant tells what happened to {name}"))
    strangers = [(said, words) for said, words in addressed(text) if is_first_name(said)]
    if strangers:
        story = _story(scene)
        wrong += [
            (words, f"name: {name}")
            for said, words in strangers
            if not is_own(said, name) and not own_names(said) & story
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
    wanted = ((event and event.event, TOLD), (scene.session.experience, LIVED))
    facts = [(fact, least) for fact, least in wanted if fact and content(fact)]
    missing = [Fault(0, fact, "told by no turn") for fact, least in facts if coverage(fact, said) < least]
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
        unsaid = wanted - words
        if wrong:
            faults.append(Fault(0, claim, f"nobody said {', '.join(wrong)}"))
        elif len(unsaid) >= MISSING and 1 - len(unsaid) / len(wanted) < SUPPORTED:
            faults.append(Fault(0, claim, f"no turn says this: {', '.join(sorted(unsaid)[:6])}"))
    return found(faults)


TALK = content(
    "session talk told said shared picture image photo assistant AI user person asked replied mentioned "
    "described worried planned later earlier week day month conversation want know find write take make "
    "give keep first next new old time whole small good way see look hear feel think people everybody "
    "advised suggested declined promised reported revealed decided loved hoped agreed admitted explained "
    "added wondered offered"
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
