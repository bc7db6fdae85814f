"""The small template language of the story files, and the turns of phrase that depend on who speaks.

`{a|b}` is a free choice, `[now|then]` a tense, `<name>` a slot. Choices do not nest; a slot may stand inside one.
"""

import random
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

Tense = Literal["present", "past"]

CHOICE = re.compile(r"\{([^{}]*)\}")
TENSE = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")
SLOT = re.compile(r"<(\w+)>")
SPACES = re.compile(r"\s+")
LOOSE = re.compile(r"\s+([,.;:!?])")
DOUBLED = re.compile(r"(?<!\.)([.!?])\.(?=\s|$)")
STARTS = re.compile(r"(^|[.!?]\s+)([\"“]?)([a-z])")
ARTICLE = re.compile(r"\b([Aa])n?\s+(?=([A-Za-z][\w'’-]*))")
WORD = re.compile(r"[a-z][a-z'’-]*[a-z]|[a-z]")
NOUN = re.compile(
    r"\b(?:an?|the|two|three|one|his|her) ((?:[\w'’-]+ ){0,2}?[\w'’-]+)"
    r"(?= (?:of|on|in|at|with|and|by|from|under|over|between|beside|to|into|near|behind|against|around|after|before|"
    r"through|being|made|that|which|next|still|left|half|full|\w+ing|\w+ed)\b|,|\.|$)",
    re.IGNORECASE,
)
CAMERA = frozenset(
    {
        "thumb",
        "edge",
        "doorway",
        "window",
        "flash",
        "low angle",
        "corner",
        "museum number",
        "crooked horizon",
        "little",
        "wide panorama",
        "torn lower edge",
    }
)


SMALL = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight",
         "9": "nine", "10": "ten", "11": "eleven", "12": "twelve"}  # fmt: skip
YOU = (
    (r"\bI am\b", "you are"), (r"\bI was\b", "you were"), (r"\bI'm\b", "you're"), (r"\bI've\b", "you've"),
    (r"\bI'll\b", "you'll"), (r"\bI'd\b", "you'd"), (r"\bam I\b", "are you"), (r"\bI\b", "you"), (r"\bme\b", "you"),
    (r"\bmyself\b", "yourself"), (r"\bmine\b", "yours"), (r"\bmy\b", "your"), (r"\bMy\b", "Your"),
    (r"\bwe are\b", "you are"), (r"\bwe\b", "you"), (r"\bus\b", "you"), (r"\bour\b", "your"), (r"\bours\b", "yours"),
)  # fmt: skip
SELF = re.compile(r"\b(?:I|me|myself|mine|my|we|us|ours?)\b", re.IGNORECASE)
TO_YOU = tuple((re.compile(pattern), word) for pattern, word in YOU)


def render(template: str, rng: random.Random, slots: Mapping[str, str], tense: Tense = "past") -> str:
    """The template as words, choices drawn and slots filled; no capital, no mark added.

    Raises:
        KeyError: a slot that nobody fills.
    """
    text = template
    for _ in range(3):
        text = TENSE.sub(lambda found: found[1] if tense == "present" else found[2], text)
        text = CHOICE.sub(lambda found: rng.choice(found[1].split("|")), text)
        if "<" not in text:
            break
        text = SLOT.sub(lambda found: slots[found[1]], text)
    return tidy(text)


@cache
def listed(name: str) -> frozenset[str]:
    """Words of data/words.txt: "common" ones carry no meaning, those of "runs on" go small after a lead."""
    text = files("stark_udfs.demo.author").joinpath("data/words.txt").read_text("utf-8")
    parts = (part.split("\n", 1) for part in text.removeprefix("# ").split("\n# "))
    return frozenset({head: body.split() for head, body in parts}[name])


def joined(lead: str, text: str) -> str:
    """A lead and what follows it, with a small letter where the lead runs on."""
    if not lead:
        return text
    if lead[-1] not in ".?!" and text.split(" ", maxsplit=1)[0].strip(",'") in listed("runs on"):
        text = text[:1].lower() + text[1:]
    return f"{lead} {text}"


def tidy(text: str) -> str:
    """Single spaces, no space before a mark, the article that the next word asks for."""
    text = SPACES.sub(" ", LOOSE.sub(r"\1", text)).strip()
    return ARTICLE.sub(lambda found: _article(found[1], found[2]) + " ", DOUBLED.sub(r"\1", text))


def _article(written: str, following: str) -> str:
    low = following.lower()
    vowel = low[0] in "aeiou" and not low.startswith(("uni", "use", "uk", "eu", "one", "once"))
    silent = low.startswith(("hour", "honest", "honour", "heir"))
    letter = following.isupper() and len(following) > 1 and following[0] in "AEFHILMNORSX"
    return written + ("n" if vowel or silent or letter else "")


def sentence(text: str) -> str:
    """Capitals where sentences start, and a mark at the end."""
    text = STARTS.sub(lambda found: found[1] + found[2] + found[3].upper(), text)
    return text if text.endswith((".", "!", "?", "…", ":", '."', '?"', '!"')) else text + "."


def to_you(text: str) -> str:
    """What one person says of themselves, said to them by another."""
    if not SELF.search(text):
        return text
    for pattern, word in TO_YOU:
        text = pattern.sub(word, text)
    return text


@lru_cache(maxsize=8192)
def content_words(text: str) -> frozenset[str]:
    """Words that carry meaning, lower case, a plural's or verb's final s and a genitive cut off."""
    common = listed("common")
    words = (word.replace("’", "'").removesuffix("'s") for word in WORD.findall(text.lower()))
    return frozenset(_stem(word) for word in words if word not in common and len(word) > 2)


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if len(word) > len(ending) + 3 and word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending)
    return word


def overlap(text: str, before: frozenset[str]) -> float:
    """Share of the text's content words that stand among the words before it."""
    own = content_words(text)
    return len(own & before) / len(own) if own else 1.0


def detail_of(description: str, rng: random.Random) -> str:
    """A short noun phrase out of a picture's description, with "the", to speak of what it shows."""
    found = [noun for noun in NOUN.findall(description) if noun.lower() not in CAMERA and content_words(noun)]
    if found:
        return f"the {rng.choice(found)}"
    words = description.split(",", maxsplit=1)[0].split()[:3]
    return "the " + " ".join([words[0].lower(), *words[1:]]) if words else "the picture"


def spoken(interval: str) -> str:
    """An interval in words, "three weeks" for "3 weeks"."""
    number, _, unit = interval.partition(" ")
    if number == "1":
        return f"{'an' if unit.startswith('hour') else 'a'} {unit}"
    return f"{SMALL.get(number, number)} {unit}".strip()
