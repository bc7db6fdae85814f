"""The offline author's summaries: a memory that keeps what lasts, takes in the new and lets the old fade.

Its only sources are the turns of the session and the memory before: what is remembered was said.
"""

import random
import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.beats import phrases
from stark_udfs.demo.author.block import Block, items, mapping
from stark_udfs.demo.author.grammar import CHOICE, content_words, joined, sentence, spoken
from stark_udfs.demo.author.thirdperson import third_person

KEPT = 3  # sentences of the old memory at most
CLOSED = 0.45  # share of a remembered sentence's words in what is new from which it is dealt with
LONGEST = 45  # words of a sentence that is worth keeping
SENTENCES = re.compile(r"(?<=[.!?])\s+(?![a-z])|(?<=[.!?][\"”])\s+(?![a-z])")
EXPERIENCE = re.compile(
    r"^I (?:know|can|used|am able|have learned|carry|set|understand|recognise|keep|see|fall|dare|hear|ask)\b"
)
HOLLOW = re.compile(
    r"^(?:hi|hello|hey|thanks|bye|see you|talk soon|good (?:morning|evening|to be)|until|look|wait|hm|ha|oh|so, |"
    r"it'?s been|it has been|me again|back again|here i am|only |you won't|long time|after |i've been|i have been|"
    r"i couldn't wait)\b|:$",
    re.IGNORECASE,
)
PLANNED, WORRIED, PICTURE = " planned to ", " worried", " shared a picture"


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """A reply of the shape SummaryReply."""
    session = mapping(block.facts["session"])
    previous = str(block.facts.get("previous") or "")
    name = str(block.row.get("name") or "The person").split(" ")[0]
    turns = [mapping(turn) for turn in items(session.get("turns"))]
    own = [str(turn.get("text")) for turn in turns if str(turn.get("speaker")).split(" ")[0] == name]
    new = _new(own, name, str(session.get("interval") or ""), rng)
    shown = _shown(turns, name, rng)
    return {"summary": " ".join([*_kept(previous, new, turns), *new, *shown])}


def _new(own: Sequence[str], name: str, interval: str, rng: random.Random) -> list[str]:
    """What this session adds: the event, what has changed, an intention, a worry."""
    said = [part for text in own for part in SENTENCES.split(text) if part]
    found = [_opening(third_person(_event([text for text in own if text]), name), interval, rng)]
    experience = next((body for body in (_after(part, "exp.lead")[1] for part in said) if EXPERIENCE.match(body)), "")
    if experience:
        found.append(sentence(third_person(experience, name)))
    for act, verb in (("plan.lead", PLANNED), ("worry.lead", WORRIED + " ")):
        body = next((body for led, body in (_after(part, act) for part in said) if led), "")
        if body:
            found.append(sentence(name + verb + third_person(body, "they")))
    return found


def _event(own: Sequence[str]) -> str:
    """The sentence that tells the event: one led to as news, else the fullest of the user's first words."""
    parts = [part for text in own[:1] for part in SENTENCES.split(text)]
    news = [body for led, body in (_after(part, "tell.lead", "tell.lead.first") for part in parts) if led]
    about = [part for part in parts if not HOLLOW.search(part)] or parts or [""]
    return news[0] if news else max(about, key=lambda part: len(content_words(part)))


def _opening(told: str, interval: str, rng: random.Random) -> str:
    if not interval:
        ways = ("It began with this:", "The first session was about this:", "At the start:")
    else:
        span = spoken(interval)
        ways = (f"{span} later:", f"After {span} there was news:", f"The next talk was {span} later:")
    return sentence(joined(rng.choice(ways), told))


def _shown(turns: Sequence[Mapping[str, Json]], name: str, rng: random.Random) -> list[str]:
    shared = [(turn, str(image)) for turn in turns for image in items(turn.get("images"))]
    if not shared:
        return []
    turn, description = rng.choice(shared)
    who = name if str(turn.get("speaker")).split(" ")[0] == name else "The assistant"
    scene = description.split(",")[0].rstrip(".")
    return [sentence(f"{who}{PICTURE}: {scene[:1].lower() + scene[1:]}")]


def _kept(previous: str, new: Sequence[str], turns: Sequence[Mapping[str, Json]]) -> list[str]:
    """What stays of the memory before: how it began, and what this session has neither closed nor replaced."""
    old = [part for part in SENTENCES.split(previous) if part]
    if not old:
        return []
    talk = content_words(" ".join(str(turn.get("text")) for turn in turns))
    fresh = content_words(" ".join(new))
    alive = [part for part in old[1:] if not _faded(part, talk, fresh)]
    return [old[0], *alive[-(KEPT - 1) :]]


def _faded(part: str, talk: frozenset[str], fresh: frozenset[str]) -> bool:
    own = content_words(part)
    if PICTURE in part or not own:
        return True
    if len(own & fresh) / len(own) >= CLOSED:
        return True
    open_end = PLANNED in part or WORRIED in part
    return open_end and len(own & talk) / len(own) >= CLOSED


def _after(part: str, *acts: str) -> tuple[bool, str]:
    """Whether a sentence opens with one of the leads of these acts, and what follows the lead."""
    low = part.lower()
    for act in acts:
        for lead in leads(act):
            if low.startswith(lead):
                return True, part[len(lead) :].strip(" :,")
    return False, part


@cache
def leads(act: str) -> tuple[str, ...]:
    """Every wording of an act's leads, small letters, longest first; slots cut them off."""
    found = set()
    for line in phrases()[act]:
        fixed, choices = CHOICE.split(line.text)[::2], [c.split("|") for c in CHOICE.findall(line.text)]
        for picked in product(*choices):
            text = "".join(a + b for a, b in zip(fixed, [*picked, ""], strict=True))
            found.add(text.split("<")[0].strip().lower())
    return tuple(sorted(found - {""}, key=len, reverse=True))
