"""How one person writes: the same through all their sessions, different from the next person."""

import random
import re
from dataclasses import dataclass

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.author.grammar import listed, sentence
from stark_udfs.demo.author.person import Person

FULL_FORMS = (
    ("can't", "cannot"), ("won't", "will not"), ("n't", " not"), ("I'm", "I am"), ("I've", "I have"),
    ("I'll", "I will"),
    ("it's been", "it has been"), ("It's been", "It has been"), ("that's", "that is"), ("That's", "That is"),
    ("it's", "it is"), ("It's", "It is"), ("there's", "there is"), ("There's", "There is"), ("we've", "we have"),
    ("they're", "they are"), ("we're", "we are"), ("you're", "you are"),
)  # fmt: skip
SPICE = {
    "plain": ("",),
    "chatty": ("Honestly, ", "I swear, ", "You know, ", "Seriously, ", "Okay, "),
    "gentle": ("Well, ", "You see, ", "I must say, "),
    "dry": ("Predictably, ", "For the record, ", "Naturally, "),
    "warm": ("Ah, ", "Oh, ", "My goodness, ", "Believe me, "),
}
ENDS = {
    "plain": ("",),
    "chatty": (" haha", " lol", " :)", " for real"),
    "gentle": ("",),
    "dry": (" So there.", " Make of it what you will.", " Such is life."),
    "warm": (" It does the heart good.", " Imagine!", " Bless us all."),
}


@dataclass(frozen=True)
class Voice:
    """A manner of writing. `moves`: most things said in one turn; shares are in [0, 1]."""

    manner: str
    moves: int
    full_forms: bool
    calm: bool
    lower: bool
    spice: float

    def say(self, text: str, rng: random.Random) -> str:
        """The text as this person would write it."""
        text = sentence(text)
        if self.spice > rng.random():
            text = _spiced(text, rng.choice(SPICE[self.manner]))
        if self.full_forms:
            for short, full in FULL_FORMS:
                text = re.sub(rf"(?<=[A-Za-z]){short}\b|\b{short}\b" if short == "n't" else rf"\b{short}\b", full, text)
        if self.calm:
            text = text.replace("!", ".")
        if self.spice * 0.5 > rng.random() and text[-1] in ".!":
            end = rng.choice(ENDS[self.manner])
            text = (text[:-1] if end[:1] == " " and end[1:2].islower() else text) + end
        return lowered(text) if self.lower else text


def voice_of(person: Person) -> Voice:
    """The manner that belongs to a person."""
    rng = rng_of(person.key, "voice")
    stage = person.stage.name
    pools = {
        "child": ("chatty", "plain", "chatty"), "teen": ("chatty", "dry", "chatty", "plain"),
        "student": ("chatty", "dry", "plain"), "retired": ("gentle", "warm", "dry", "plain"),
    }  # fmt: skip
    manner = rng.choice(pools.get(stage, ("plain", "dry", "warm", "gentle", "chatty")))
    young = person.age < 25
    return Voice(
        manner=manner,
        moves=rng.choice((2, 3, 3, 4)),
        full_forms=manner in {"gentle", "dry"} and rng.random() < 0.5,
        calm=rng.random() < 0.4,
        lower=young and rng.random() < 0.35,
        spice=rng.choice((0.0, 0.08, 0.15, 0.22)),
    )


def lowered(text: str) -> str:
    """Small letters where a sentence starts, as one types on a phone; names, "I" and abbreviations stay."""
    return re.sub(
        r"(^|[.!?:]\s+)(The|A|An|It|It's|That|That's|There|There's|We|My|They|He|She|And|But|So|Oh|Well|Since|Turns|Not|"
        r"Ha|Hi|Hey|Hello|Look|Last|One|Once|What|Maybe|Okay|You|Yes|No|Honestly|Seriously|Also|Only|In|On|At)\b",
        lambda found: found[1] + found[2].lower(),
        text,
    )


def _spiced(text: str, word: str) -> str:
    if not word or text.startswith(("Oh", "Ha", "Well", "Hi", "Hey", "Hello", "Hm", "Honestly", "Ah", "Wait")):
        return text
    first, _, rest = text.partition(" ")
    if first in {"I", "I'm", "I've", "I'd", "I'll"}:
        return word + text
    return f"{word}{first.lower()} {rest}" if first in listed("runs on") else text
