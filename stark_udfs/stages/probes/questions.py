"""Makers of probes, one per form of question: candidates from what the pipeline knows and the turns tell."""

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations

from stark_udfs.core.ids import rng_of
from stark_udfs.stages.consistency.names import first_names, folded, relations
from stark_udfs.stages.probes.candidates import day, probe, turn_ids
from stark_udfs.stages.probes.causes import what_explains, what_led_to, why_said
from stark_udfs.stages.probes.evidence import Evidence, told_events, told_experiences, user_turns
from stark_udfs.stages.probes.quotes import parts, quoted
from stark_udfs.stages.probes.records import NEVER_SAID, Probe, ProbeKind
from stark_udfs.stages.text.events.intervals import between
from stark_udfs.stages.text.history import EpisodeHistory
from stark_udfs.stages.text.matching import WORD
from stark_udfs.stages.text.sessions.turns import ASSISTANT

Maker = Callable[[EpisodeHistory], Iterator[Probe]]
TOPICS = (
    "a wedding", "a divorce", "a lottery ticket", "a motorcycle", "a swimming pool", "a chess tournament",
    "a parachute", "a piano", "a car accident", "a passport", "a tattoo", "a submarine", "a horse",
    "a mortgage", "a greenhouse",
    "a drum kit", "a marathon", "a vineyard", "a lawsuit", "a caravan", "a trumpet", "a glacier", "a violin", "a sauna",
)  # fmt: skip
RELATIVES = (
    "uncle", "brother-in-law", "godmother", "landlord", "dentist", "stepfather", "fiancée", "twin sister", "accountant",
    "piano teacher", "mother-in-law", "lawyer", "gardener", "hairdresser", "great-grandmother", "stepsister",
)  # fmt: skip


def _quotable(history: EpisodeHistory) -> list[Evidence]:
    """The told events of which a question can quote something."""
    return [told for told in told_events(history) if told.part is not None]


def who_is(history: EpisodeHistory) -> Iterator[Probe]:
    """The name of a neighbour, an aunt, …"""
    for session in history.sessions:
        for turn in user_turns(session):
            for relation, name, words in relations(turn.text):
                question = f"What is the name of {history.name}'s “{relation}”?"
                proof = [history.turn_id(session.session_number, turn.turn)]
                if folded(name) in first_names() and words:
                    yield probe(history, ProbeKind.SINGLE_FACT, "who_is", question, name, proof)


def what_happened(history: EpisodeHistory) -> Iterator[Probe]:
    """What was told on a day."""
    days = [session.session_date for session in history.sessions]
    for told in told_events(history):
        if days.count(told.session.session_date) == 1:
            question = (
                f"What did {history.name} tell the {ASSISTANT} had happened, on {day(told.session.session_date)}?"
            )
            yield probe(history, ProbeKind.SINGLE_FACT, "what_happened", question, told.fact, turn_ids(history, told))


def which_first(history: EpisodeHistory) -> Iterator[Probe]:
    """Which of two things was told first."""
    for one, two in combinations(_quotable(history), 2):
        if one.session.session_date < two.session.session_date:
            pair = [one.quote, two.quote]
            rng_of(history.episode_id, *pair).shuffle(pair)
            question = f"Which did {history.name} tell about first: {pair[0]} or {pair[1]}?"
            answer = one.part or ""
            yield probe(
                history, ProbeKind.SEVERAL_SESSIONS, "which_first", question, answer, turn_ids(history, one, two)
            )


def who_in_both(history: EpisodeHistory) -> Iterator[Probe]:
    """Who plays a part in two events."""
    for one, two in combinations(_quotable(history), 2):
        both = _people(history, one) & _people(history, two)
        if len(both) == 1:
            question = f"Who plays a part both in {one.quote} and in {two.quote}, beside {history.name}?"
            name = next(iter(both))
            if name not in one.quote + two.quote:
                yield probe(
                    history, ProbeKind.SEVERAL_SESSIONS, "who_in_both", question, name, turn_ids(history, one, two)
                )


def _people(history: EpisodeHistory, told: Evidence) -> set[str]:
    text = " ".join(turn.text for turn in told.session.turns if turn.turn in told.turns)
    own = {folded(part) for part in history.name.split()}
    inner = [
        word for before, word in zip(WORD.findall(text), WORD.findall(text)[1:], strict=False) if before[0].islower()
    ]
    return {
        bare
        for word in inner
        if (bare := word.split("'")[0].split("’")[0])[0].isupper()
        and folded(bare) in first_names()
        and folded(bare) not in own
        and bare in told.fact
    }


def when_told(history: EpisodeHistory) -> Iterator[Probe]:
    """The day on which something was told."""
    for told in _quotable(history):
        question = f"On which date did {history.name} tell the {ASSISTANT} about this: {told.quote}?"
        answer = told.session.session_date.isoformat()
        yield probe(history, ProbeKind.TIME, "when_told", question, answer, turn_ids(history, told))


def how_long_between(history: EpisodeHistory) -> Iterator[Probe]:
    """The time between two tellings."""
    for one, two in combinations(_quotable(history), 2):
        earlier, later = one.session.session_date, two.session.session_date
        if earlier < later:
            question = (
                f"How much time lay between the talk in which {history.name} told of {one.quote} and the one "
                f"about {two.quote}?"
            )
            answer = between(earlier, later)
            yield probe(history, ProbeKind.TIME, "how_long_between", question, answer, turn_ids(history, one, two))


def what_picture(history: EpisodeHistory) -> Iterator[Probe]:
    """What the only picture that somebody shared on a day showed."""
    for session in history.sessions:
        if [one.session_date for one in history.sessions].count(session.session_date) > 1:
            continue
        for who in (history.name, ASSISTANT):
            shown = [(turn.turn, image) for turn in session.turns if turn.speaker == who for image in turn.images]
            if len(shown) == 1:
                turn, image = shown[0]
                question = f"What did the picture show that “{who}” shared on {day(session.session_date)}?"
                proof = [history.turn_id(session.session_number, turn)]
                yield probe(history, ProbeKind.VISUAL, "what_picture", question, image.description, proof)


def when_shown(history: EpisodeHistory) -> Iterator[Probe]:
    """The day on which a picture was first shared."""
    seen: set[str] = set()
    for session, turn in history.turns():
        for image in turn.images:
            question = f"On which date was this picture first shared: {quoted(next(parts(image.description)))}?"
            proof = [history.turn_id(session.session_number, turn.turn)]
            if image.image_id not in seen:
                answer = session.session_date.isoformat()
                yield probe(history, ProbeKind.VISUAL, "when_shown", question, answer, proof)
            seen.add(image.image_id)


def who_shared(history: EpisodeHistory) -> Iterator[Probe]:
    """Who shared a picture."""
    for session in history.sessions:
        for turn in session.turns:
            for image in turn.images:
                question = f"Who shared this picture: {quoted(next(parts(image.description)))}?"
                proof = [history.turn_id(session.session_number, turn.turn)]
                yield probe(history, ProbeKind.VISUAL, "who_shared", question, turn.speaker, proof)


def what_holds_now(history: EpisodeHistory) -> Iterator[Probe]:
    """The turn that an earlier experience took."""
    days = [session.session_date for session in history.sessions]
    for lived in told_experiences(history, "update"):
        when = lived.session.session_date
        if days.count(when) == 1:
            question = f"What did {history.name} see otherwise than before, as they said on {day(when)}?"
            yield probe(history, ProbeKind.UPDATE, "what_holds_now", question, lived.fact, turn_ids(history, lived))


def latest_news(history: EpisodeHistory) -> Iterator[Probe]:
    """What was told last, or was the last picture: what holds now."""
    if len(history.sessions) < 2:
        return
    last = history.sessions[-1]
    for told in told_events(history):
        if told.session is last:
            question = f"What is the latest that {history.name} has told about what happened?"
            yield probe(history, ProbeKind.UPDATE, "latest_news", question, told.fact, turn_ids(history, told))
    shown = [(session, turn, image) for session, turn in history.turns() for image in turn.images]
    if shown:
        session, turn, image = shown[-1]
        question = "What does the picture show that was shared last?"
        proof = [history.turn_id(session.session_number, turn.turn)]
        yield probe(history, ProbeKind.UPDATE, "latest_picture", question, image.description, proof)


def never_said(history: EpisodeHistory) -> Iterator[Probe]:
    """What nobody ever spoke of."""
    for relative in RELATIVES:
        question = f"What is the name of {history.name}'s “{relative}”?"
        yield probe(history, ProbeKind.ADVERSARIAL, "never_said", question, NEVER_SAID)
    for topic in TOPICS:
        question = f"What did {history.name} say about “{topic}”?"
        yield probe(history, ProbeKind.ADVERSARIAL, "never_said", question, NEVER_SAID)


MAKERS: Mapping[ProbeKind, tuple[Maker, ...]] = {
    ProbeKind.SINGLE_FACT: (who_is, what_happened),
    ProbeKind.SEVERAL_SESSIONS: (who_in_both, which_first),
    ProbeKind.TIME: (when_told, how_long_between),
    ProbeKind.CAUSE: (why_said, what_explains, what_led_to),
    ProbeKind.VISUAL: (what_picture, when_shown, who_shared),
    ProbeKind.UPDATE: (what_holds_now, latest_news),
    ProbeKind.ADVERSARIAL: (never_said,),
}
