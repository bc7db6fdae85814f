"""How the moves of a session follow each other: two sides in turn, a brief to keep, things that must be said."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stark_udfs.core.ids import Json
from stark_udfs.demo.author import moves
from stark_udfs.demo.author.beats import phrases
from stark_udfs.demo.author.grammar import content_words, to_you
from stark_udfs.demo.author.pictures import Shot, Wish, choose
from stark_udfs.demo.author.talk import Said, Talk, Who

LEAST_TEXTS = 4
NAMED = 0.45  # pictures whose lead names a part of them
LEADS = ("share.mobile", "share.reuse", "share.web", "ashare.web")


@dataclass(frozen=True)
class Brief:
    """What a session is to be like. `turns` counts those that are only a picture."""

    opener: Who
    turns: int
    wishes: tuple[Wish, ...]


@dataclass
class Direction:
    """Which side speaks when, who shows what, and at which turns the things are said that must be said."""

    speakers: list[Who]
    shots: dict[int, Wish]
    extras: dict[int, list[str]] = field(default_factory=dict)

    def of(self, who: Who) -> list[int]:
        """The turns of one side."""
        return [place for place, speaker in enumerate(self.speakers) if speaker == who]


def play(talk: Talk, brief: Brief, album: Sequence[Mapping[str, Json]], shown: Mapping[str, int]) -> list[Said]:
    """The session, turn by turn."""
    direction = direct(talk, brief)
    seen: Shot | None = None
    used: frozenset[str] = frozenset()
    for place, who in enumerate(direction.speakers):
        turn = _user_turn if who == "user" else _assistant_turn
        said = turn(talk, direction, place, seen)
        wish = direction.shots.get(place)
        if not wish:
            talk.add(who, said)
            seen = None
            continue
        before = talk.before() | content_words(" ".join(words for _, words in said)) | _lead_words()
        shot = choose(wish, talk.scene.chapter, album=album, shown=shown, used=used, before=before, rng=talk.rng)
        talk.add(who, [*said, _lead(talk, shot)])
        talk.said.append(Said(who, (f"share.{shot.source}",), "", shot))
        shown = {**shown, shot.description: shown.get(shot.description, 0) + 1}
        used |= {shot.album_id or ""}
        seen = shot
    return talk.said


def direct(talk: Talk, brief: Brief) -> Direction:
    """Speakers, pictures and compulsory moves laid over the turns; longer than asked where the pictures need it."""
    texts = max(brief.turns - len(brief.wishes), LEAST_TEXTS)
    other: Who = "assistant" if brief.opener == "user" else "user"
    for length in range(texts, texts + 2 * len(brief.wishes) + 2):
        speakers = [brief.opener if place % 2 == 0 else other for place in range(length)]
        shots = _placed(talk, brief.wishes, speakers)
        if shots is not None:
            break
    else:
        shots = {}
    direction = Direction(speakers, shots)
    _lay_extras(talk, direction)
    return direction


def _placed(talk: Talk, wishes: Sequence[Wish], speakers: Sequence[Who]) -> dict[int, Wish] | None:
    """A turn for each picture, after which the other side still speaks; None if there are too few."""
    found: dict[int, Wish] = {}
    for wish in wishes:
        free = [
            place
            for place in range(1 if wish.by == "assistant" else 0, len(speakers) - 1)
            if speakers[place] == wish.by and place not in found
        ]
        if wish.by == "assistant" and len(free) > 1 and speakers[0] == "user":
            free = [place for place in free if place > 1] or free
        if not free:
            return None
        found[talk.rng.choice(free)] = wish
    return found


def _lay_extras(talk: Talk, direction: Direction) -> None:
    """Puts experience, worry, plan and the rest on the user's turns; the event comes with the first of them."""
    rng, mine = talk.rng, direction.of("user")
    for place in mine:
        direction.extras[place] = []
    direction.extras[mine[0]].append("tell")
    last = mine[-1]
    later = mine[1:] or mine
    if talk.scene.experience:
        early = later[: max(1, len(later) * 2 // 3)]
        direction.extras[rng.choice(early)].append("experience")
    if rng.random() < 0.95:
        before_last = mine[-2] if len(mine) > 2 and direction.speakers[-1] == "user" else last
        direction.extras[rng.choice((before_last, before_last, last))].append("plan")
    middle = [place for place in later if place != last] or later
    for act, share in (
        ("worry", 0.5),
        ("ask", 0.3),
        ("detail", 0.45),
        ("joke", 0.16),
        ("digress", 0.16),
        ("detail", 0.3),
    ):
        if rng.random() < share:
            place = rng.choice(middle)
            if len(direction.extras[place]) < 2 and act not in direction.extras[place]:
                direction.extras[place].append(act)
    if talk.threads:
        _lay_recall(talk, direction, mine)


def _lay_recall(talk: Talk, direction: Direction, mine: Sequence[int]) -> None:
    """Somebody comes back to an earlier session: the user unasked, or the assistant in one of its first turns."""
    rng = talk.rng
    own = talk.threads[0].kind in {"n", "w"} and rng.random() < 0.35
    if own:
        place = rng.choice(mine[:2])
        direction.extras[place].insert(0 if "tell" not in direction.extras[place] else 1, "own_recall")
        return
    theirs = [place for place in direction.of("assistant") if place < len(direction.speakers) - 1]
    free = [place for place in theirs if place not in direction.shots] or theirs
    if free:
        direction.extras.setdefault(rng.choice(free[:2]), []).append("recall")


def _user_turn(talk: Talk, direction: Direction, place: int, seen: Shot | None) -> moves.Moves:
    said: moves.Moves = []
    extras = list(direction.extras[place])
    if place == 0:
        said += moves.greet(talk, "user")
    if seen:
        said.append(("react.picture", talk.phrase("pic.react.user", "user", ref=seen.eye)))
    said += moves.answer(talk)
    makers = {
        "tell": moves.tell, "experience": moves.experience, "plan": moves.plan, "worry": moves.worry,
        "detail": moves.detail, "own_recall": moves.own_recall, "ask": moves.simple("user.ask"),
        "joke": moves.simple("joke"), "digress": moves.simple("digress"),
    }  # fmt: skip
    must = [act for act in extras if act in {"tell", "experience", "plan", "own_recall"}]
    rest = [act for act in extras if act not in must]
    for act in (*must, *rest):
        if act in must or len(said) < talk.scene.voice.moves:
            said += [(("ask" if name == "user.ask" else name), words) for name, words in makers[act](talk)]
    if place == len(direction.speakers) - 1 or (place == direction.of("user")[-1] and talk.rng.random() < 0.6):
        said += _farewell(talk, len(said))
    if not said:
        said += moves.detail(talk) or moves.simple("digress")(talk)
    said.sort(key=lambda move: move[0] == "ask")
    return said


def _farewell(talk: Talk, moves_so_far: int) -> moves.Moves:
    if moves_so_far < talk.scene.voice.moves and talk.rng.random() < 0.5:
        return [("thanks", talk.phrase("thanks", "user")), ("close", talk.phrase("close.user", "user"))]
    act = talk.rng.choice(("thanks", "close.user"))
    return [(act.removesuffix(".user"), talk.phrase(act, "user"))]


def _assistant_turn(talk: Talk, direction: Direction, place: int, seen: Shot | None) -> moves.Moves:
    said: moves.Moves = []
    if place == 0:
        said += moves.greet(talk, "assistant")
    elif talk.said:
        said += moves.respond(talk, _last_acts(talk), seen)
    if place == len(direction.speakers) - 1:
        if not said and talk.rng.random() < 0.5:
            said += moves.remark(talk)
        return [*said, ("close", talk.phrase("close.asst", "assistant"))]
    if "recall" in direction.extras.get(place, []) and talk.threads:
        return said + moves.recall(talk)
    if place == 0:
        talk.pending.append(("how", talk.phrase("how", "user")))
        return said
    if place in direction.shots:
        return said or moves.remark(talk) or moves.nod(talk)
    initiation = talk.rng.choice(
        (moves.ask, moves.ask, moves.ask, moves.more, moves.suggest, moves.suggest, moves.around)
    )
    asked = initiation(talk)
    return (said + asked) or moves.remark(talk) or moves.nod(talk)


def _last_acts(talk: Talk) -> tuple[str, ...]:
    """Acts of the user's last turn, its picture aside."""
    texts = [turn for turn in talk.said if not turn.shot]
    return texts[-1].acts if texts else ()


def _lead_words() -> frozenset[str]:
    """Words that may lead to a picture; it is chosen before its lead."""
    return content_words(" ".join(line.text for act in LEADS for line in phrases()[act]))


def _lead(talk: Talk, shot: Shot) -> tuple[str, str]:
    if shot.by == "assistant":
        return ("share.lead", _naming(shot, talk.phrase("ashare.web", "assistant"), to_you(shot.eye)))
    act = "share.web" if shot.source == "internet" else "share.reuse" if shot.album_id else "share.mobile"
    return ("share.lead", _naming(shot, talk.phrase(act, "user"), shot.eye))


def _naming(shot: Shot, lead: str, eye: str) -> str:
    """The lead, which for some pictures says what to look at: else no word of a dialogue would tell which one comes.

    Drawn from the picture alone: other words of the session stay as they are.
    """
    rng = random.Random(shot.description)
    if rng.random() >= NAMED:
        return lead
    more = rng.choice(("mostly for", "look out for", "it's about", "mind", "watch"))
    return f"{lead.rstrip(':')}; {more} {eye}:"
