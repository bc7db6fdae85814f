"""What a session says of the person, against profile, persona and earlier sessions."""

import re
from functools import cache

from stark_udfs.data.countries import packaged_countries
from stark_udfs.stages.consistency.found import Fault, Found, Scene, found
from stark_udfs.stages.consistency.names import (
    NAME,
    ONE_OF_A_KIND,
    exclude,
    first_names,
    folded,
    introduced,
    is_first_name,
    is_own,
    latin,
    relations,
)
from stark_udfs.stages.text.matching import content, counted, coverage, listed, number_of, sentences, stem

AGE = r"(?P<age>\d{1,3}|[a-z]+(?:-[a-z]+)?)"
AGES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bI(?:'m|’m| am)(?: only| just| already| now)? {AGE}(?: years old|(?=[,.!?;]| and\b| now\b|$))",
        rf"\bI(?:'m|’m| am) an? {AGE}[- ]year[- ]old\b",
        rf"\bas an? {AGE}[- ]year[- ]old\b",
        rf"\b{AGE}[- ]year[- ]olds? like me\b",
        rf"\bat my age,? (?:of )?{AGE}\b",
        rf"\bI(?:'ve| have|’ve)? (?:just )?turned {AGE}\b",
    )
)
LIVES = re.compile(
    r"(?:\bI(?:'m|’m| am)?(?: still| now)? (?:live|living|settled)|(?:^|[.!?]\s)Living|"
    r"\bmy (?:life|home|years)(?: here)?) in (?P<place>[^.,;!?]+)"
)
BORN = re.compile(r"\b(?:I was|I'm|I’m|I am)(?: a| from)?[^.,;!?]{0,20}? ?born in (?P<place>[^.,;!?]+)")
FROM = re.compile(r"\bI(?:'m|’m| am| come)(?: originally)? from (?P<place>[^.,;!?]+)")
DENIED = re.compile(
    r"\bI(?:'ve|’ve| have)? (?:never (?:liked?|cared?|had|have|eat|ate|eaten|drink|drank|drunk|watch(?:ed)?|"
    r"touch(?:ed)?|play(?:ed)?|read|own(?:ed)?|was|did|do|wanted?|tried|try|needed)|hate|can(?:'t|’t|not) stand|"
    r"detest|loathe|dislike|no longer (?:like|care|have|want|own)|"
    r"do(?:n't|n’t| not) (?:like|care for|own|have any|believe in)|"
    r"have (?:no|little) (?:interest in|taste for))\b(?P<what>[^.;!?]*)",
    re.IGNORECASE,
)
DISMISSED = re.compile(
    r"(?P<what>[^.;:!?]*) (?:mean|means|is|are|leaves?) (?:nothing (?:to|for) me|not for me|me cold)\b", re.IGNORECASE
)
SOFTENED = re.compile(r"\b(?:without|unless|until|enough|such|like that|more than|alone|today|yet)\b", re.IGNORECASE)
SAME_FACT = 0.6  # of the content words of a fact, from which a sentence counts as saying it again


def profile(scene: Scene) -> Found:
    """Name, age and places, as the person tells them, against the profile."""
    faults: list[Fault] = []
    for turn in scene.user_turns:
        faults += [Fault(turn.turn, words, against) for words, against in _told(scene, turn.text)]
    return found(faults)


def _told(scene: Scene, text: str) -> list[tuple[str, str]]:
    person = scene.history
    faults = []
    for said, words, plainly in introduced(text):
        name = said
        known = plainly or is_first_name(name)
        if known and latin(name) == latin(person.name) and not is_own(name, person.name):
            faults.append((words, f"name: {person.name}"))
    years = (scene.session.session_date - scene.history.sessions[0].session_date).days // 365 + 1
    for pattern in AGES:
        for match in pattern.finditer(text):
            age = number_of(match["age"])
            if age is not None and age >= 8 and not person.age - 1 <= age <= person.age + years:
                faults.append((match[0], f"age: {person.age}"))
    for pattern, right in ((LIVES, [person.residence]), (BORN, [person.birthplace]), (FROM, _homes(scene))):
        for match in pattern.finditer(text):
            country = _country(match["place"])
            if country is not None and country not in {_country(place) or place for place in right}:
                faults.append((match[0], f"place: {' or '.join(right)}"))
    return faults


def _homes(scene: Scene) -> list[str]:
    return [scene.history.birthplace, scene.history.residence]


@cache
def _countries() -> dict[str, str]:
    named = {folded(other): country.name for country in packaged_countries() for other in country.others}
    return named | {folded(country.name): country.name for country in packaged_countries()}


def _country(place: str) -> str | None:
    """The country that a place begins with; None: no country."""
    words = folded(place).removeprefix("the ").split()
    for count in range(min(5, len(words)), 0, -1):
        country = _countries().get(" ".join(words[:count]))
        if country is not None:
            return country
    return None


def persona(scene: Scene) -> Found:
    """What the person says of themselves against the persona sentence and the narrative: denied, or counted anew."""
    person = scene.history
    wanted = content(person.entity_value)
    faults: list[Fault] = []
    for turn in scene.user_turns:
        for match in (*DENIED.finditer(turn.text), *DISMISSED.finditer(turn.text)):
            said = content(match["what"])
            if wanted and len(wanted & said) >= max(1, 0.7 * len(wanted)) and not SOFTENED.search(match["what"]):
                faults.append(Fault(turn.turn, match[0], person.sentence))
        for fact in (person.sentence, *sentences(person.narrative)):
            faults += [Fault(turn.turn, said, fact) for said in _recounted(fact, turn.text)]
    return found(faults, checked=bool(wanted))


def _recounted(fact: str, text: str) -> list[str]:
    """The sentences of a text that say a fact with another number."""
    numbers = counted(fact)
    if not numbers:
        return []
    wrong = []
    for said in sentences(text):
        now = counted(said)
        differ = any(now[thing].isdisjoint(numbers[thing]) for thing in numbers.keys() & now.keys())
        if differ and coverage(fact, said) >= SAME_FACT:
            wrong.append(said)
    return wrong


def event_facts(scene: Scene) -> Found:
    """Numbers and people of the session's event and of its experience, against how the person tells them."""
    event = scene.history.event(scene.session.event_id)
    facts = [fact for fact in (event and event.event, scene.session.experience) if fact]
    faults: list[Fault] = []
    for turn in scene.user_turns:
        for fact in facts:
            faults += [Fault(turn.turn, said, fact) for said in _recounted(fact, turn.text)]
            faults += [Fault(turn.turn, said, fact) for said in _renamed(fact, turn.text)]
    return found(faults, checked=any(counted(fact) or _slots(fact) for fact in facts))


SLOT = re.compile(rf"\b(?P<before>[a-z]{{3,}}) (?P<name>{NAME}(?: {NAME})?)")
PREPOSITIONS = frozenset(listed("and the for with but that who from near into onto between about after when than then"))


def _slots(text: str, *, known: bool = True) -> dict[str, set[str]]:
    """By the noun before it, the names of "my neighbour Galina"; `known`: only names that are packaged."""
    found_names: dict[str, set[str]] = {}
    for match in SLOT.finditer(text):
        name = folded(match["name"].split("'")[0].split("’")[0])
        if match["before"] not in PREPOSITIONS and (not known or name.split()[0] in first_names()):
            found_names.setdefault(stem(match["before"]), set()).add(name.split()[0])
    return found_names


def _renamed(fact: str, text: str) -> list[str]:
    """The sentences of a text that say a fact of somebody else: the same noun, another name."""
    names = _slots(fact)
    wrong = []
    for said in sentences(text) if names else []:
        now = _slots(said, known=False)
        differ = any(now[noun].isdisjoint(names[noun]) for noun in names.keys() & now.keys())
        if differ and coverage(fact, said) >= SAME_FACT:
            wrong.append(said)
    return wrong


def earlier_sessions(scene: Scene) -> Found:
    """Who somebody is to the person, against what they said in earlier sessions and in the events before."""
    known = [
        (relation, name, words)
        for session in scene.before
        for turn in session.turns
        if turn.speaker == scene.history.name
        for relation, name, words in relations(turn.text)
    ]
    today = scene.session.session_date
    told = [fact for event in scene.history.events if event.date <= today for fact in relations(event.event)]
    faults = [
        Fault(turn.turn, words, earlier)
        for turn in scene.user_turns
        for relation, name, words in relations(turn.text)
        for before, other, earlier in (*known, *told)
        if (folded(name) == folded(other) and exclude(relation, before))
        or (folded(name) != folded(other) and relation == before and relation in ONE_OF_A_KIND)
    ]
    return found(faults, checked=bool(known))
