"""Spoils a share of the author's replies the way real models do: work for decoding, filters and re-asks."""

import json
import random
from dataclasses import dataclass
from typing import Literal

from stark_udfs.core.ids import Json, rng_of
from stark_udfs.settings.chat_models import Defects

LEADS = (
    "Sure! Here is the JSON you asked for:\n\n",
    "Here's what I came up with:\n\n",
    "Certainly. Based on the information provided, here is the result:\n",
    "Of course! I've kept everything in the first person.\n\n",
)
TRAILS = (
    "\n\nLet me know if you would like me to change anything!",
    "\n\nI hope this helps. Note that all names are fictional.",
    "\n\n(30 items as requested – feel free to ask for more.)",
    "\n\nWould you like another variation?",
)
REFUSALS = (
    "I'm sorry, but I can't help with that request.",
    "I'm sorry, but I'm not able to write about this person in that way. I can help with something else.",
    "I apologize, but I cannot create this content. Is there another topic I can assist you with?",
    "As an AI language model, I'm unable to provide personal details about an individual, even a fictional one.",
)
WRONG_KEYS = {"key": "entity", "value": "entity_value", "text": "utterance", "description": "image_description"}
SMART = str.maketrans({"'": "\u2019"})


@dataclass(frozen=True)
class Said:
    """A reply as it goes on the wire, and why it ended there."""

    text: str
    finish_reason: Literal["stop", "length"] = "stop"


def spoil(text: str, shares: Defects, rng: random.Random, unit_key: str) -> Said:
    """The reply, or a spoiled form of it: at most one kind, each with the probability that `shares` gives it.

    A refusal belongs to the unit and comes at every attempt; all others are drawn anew from `rng`.
    """
    if rng_of("refusal", unit_key).random() < shares.refusal:
        return Said(rng_of("refusal words", unit_key).choice(REFUSALS))
    chance = rng.random()
    for kind, share in (
        (fenced, shares.fenced),
        (with_prose, shares.prose),
        (without_a_key, shares.missing_key),
        (cut_off, shares.truncated),
        (with_a_wrong_key, shares.wrong_key),
    ):
        if chance < share:
            return kind(text, rng)
        chance -= share
    return Said(text)


def fenced(text: str, rng: random.Random) -> Said:
    """The reply in a Markdown fence, indented, often with typographic apostrophes."""
    shown = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    if rng.random() < 0.5:
        shown = shown.translate(SMART)
    return Said(f"```{rng.choice(('json', 'json', 'JSON', ''))}\n{shown}\n```")


def with_prose(text: str, rng: random.Random) -> Said:
    """The reply between polite words."""
    lead = rng.choice(LEADS) if rng.random() < 0.7 else ""
    return Said(lead + text + (rng.choice(TRAILS) if not lead or rng.random() < 0.6 else ""))


def without_a_key(text: str, rng: random.Random) -> Said:
    """The reply with one key gone: of one item where it has items, else of the whole."""
    whole: dict[str, Json] = json.loads(text)
    target = an_item(whole, rng) or whole
    target.pop(rng.choice(sorted(target)), None)
    return Said(json.dumps(whole, ensure_ascii=False))


def cut_off(text: str, rng: random.Random) -> Said:
    """The reply as it stands when the token limit strikes."""
    return Said(text[: int(len(text) * rng.uniform(0.3, 0.95))], "length")


def with_a_wrong_key(text: str, rng: random.Random) -> Said:
    """The reply with a key under another name: of every item where there are items, else of the whole."""
    whole: dict[str, Json] = json.loads(text)
    item = an_item(whole, rng)
    old = rng.choice(sorted(item or whole))
    new = WRONG_KEYS.get(old, f"{old}_text")
    for target in items_of(whole) if item else [whole]:
        if old in target:
            target[new] = target.pop(old)
    return Said(json.dumps(whole, ensure_ascii=False))


def items_of(whole: dict[str, Json]) -> list[dict[str, Json]]:
    """The objects in the first list of a reply."""
    lists = [value for value in whole.values() if isinstance(value, list)]
    return [item for item in (lists[0] if lists else []) if isinstance(item, dict) and item]


def an_item(whole: dict[str, Json], rng: random.Random) -> dict[str, Json] | None:
    """One of the reply's items, if it has any."""
    found = items_of(whole)
    return rng.choice(found) if found else None
