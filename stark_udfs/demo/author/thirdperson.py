"""What somebody says of themselves, told of them by somebody else."""

import re

CHANGES = (
    (r"\bI'm\b", "{name} was"), (r"\bI am\b", "{name} was"), (r"\bI've\b", "{name} had"), (r"\bI'd\b", "{name} had"),
    (r"\bI'll\b", "{name} would"), (r"\bI will\b", "{name} would"), (r"\bI can't\b", "{name} couldn't"),
    (r"\bI cannot\b", "{name} could not"), (r"\bI can\b", "{name} could"), (r"\bI have\b", "{name} had"),
    (r"\bI don't\b", "{name} didn't"), (r"\bI do not\b", "{name} did not"), (r"\bam I\b", "was {name}"),
    (r"\bI\b", "{name}"), (r"\bmyself\b", "themselves"), (r"\bmine\b", "theirs"), (r"\bmy\b", "their"),
    (r"\bMy\b", "Their"), (r"\bme\b", "them"), (r"\bours\b", "theirs"), (r"\bour\b", "their"), (r"\bus\b", "them"),
    (r"\bwe\b", "they"), (r"\bWe\b", "They"),
)  # fmt: skip
PAST = {
    "know": "knew", "carry": "carried", "set": "set", "go": "went", "think": "thought",
    "want": "wanted", "need": "needed",
    "worry": "worried", "plan": "planned", "hear": "heard", "see": "saw", "fall": "fell",
    "keep": "kept", "buy": "bought",
    "sit": "sat", "wait": "waited", "like": "liked", "feel": "felt", "understand": "understood", "find": "found",
    "recognise": "recognised", "notice": "noticed", "ask": "asked", "look": "looked",
    "say": "said", "remember": "remembered",
    "believe": "believed", "play": "played", "dare": "dared", "hold": "held", "do": "did", "get": "got", "make": "made",
}  # fmt: skip
CHANGED = tuple((re.compile(pattern), word) for pattern, word in CHANGES)
VERB = re.compile(r"\{name\} (\w+)")
THEY = "they"
OWNED = re.compile(r"\btheir\b", re.IGNORECASE)


def third_person(text: str, name: str) -> str:
    """The sentence about `name`, in the past: the name once, then they."""
    for pattern, word in CHANGED:
        text = pattern.sub(word, text)
    text = VERB.sub(lambda found: "{name} " + PAST.get(found[1], found[1]), text)
    if name != THEY:
        first, mark, rest = text.partition("{name}")
        if OWNED.search(first):
            return OWNED.sub(f"{name}'s", first, count=1) + third_person(mark + rest, THEY)
        return first + (name if mark else "") + third_person(rest, THEY)
    return text.replace("{name} was", "they were").replace("was {name}", "were they").replace("{name}", THEY)
