"""The form of what a plan says, whatever a model says: names of modules and people, prompts and queries. Pure."""

import re
from collections.abc import Sequence
from enum import StrEnum

from stark_udfs.core.english import article
from stark_udfs.images.models.photomaker.trigger import TRIGGER
from stark_udfs.images.requests import Module

PROMPT_LIMIT = 600  # characters
QUERY_LIMIT = 100
NAME_LIMIT = 80
WORDS_BEFORE_TRIGGER = 30  # CLIP reads 75 tokens, and the trigger has to be among them

MODULES = {module.value: module for module in Module}
TRIGGERS = re.compile(rf"\s*\[?\b{TRIGGER}\b\]?", re.IGNORECASE)
CLASS_WORDS = {"man", "woman", "person", "lady", "gentleman", "male", "female", "adult"}
NOT_QUERY = re.compile(r"[^\w\s'’&-]|(?<!\w)[-'’]|[-'’](?!\w)|_")
ADDRESS = re.compile(r"(?:https?:|www\.)\S*|\S+@\S+|\bsite:\S*", re.IGNORECASE)
NOBODY = {"", "-", "none", "no", "nobody", "n/a", "na", "null", "false", "true", "yes", "unknown", "not applicable"}
HIDDEN = re.compile(
    r"\b(?:from behind|from the back|backs? (?:turned|to (?:the|us))|out of (?:frame|focus|shot|the picture)|"
    r"cropped (?:out|off)|cut off|blur(?:red|ry)|facing away|turned away|silhouettes?|"
    r"faces? (?:hidden|not visible|unseen)|(?:only|just) (?:\w+ ){1,3}(?:hands?|arms?|shoulders?) visible)\b",
    re.IGNORECASE,
)


class Shown(StrEnum):
    """Who can be seen in a picture."""

    USER = "user"
    WITH_OTHERS = "user_with_others"
    OTHERS = "others"
    NOBODY = "nobody"
    DOCUMENT = "document"

    @property
    def has_user(self) -> bool:
        """Whether the user is among them."""
        return self in {Shown.USER, Shown.WITH_OTHERS}


def module_of(said: str) -> Module | None:
    """The module of that name, whatever its case."""
    return MODULES.get(said.strip().casefold())


def named(real_person: str, user: str) -> str | None:
    """The public figure whom a model named, if it named one and not the user."""
    name = " ".join(real_person.split())
    parts = {part.casefold() for part in user.split()}
    if name.casefold() in NOBODY or {part.casefold() for part in name.split()} <= parts:
        return None
    return cut(name, NAME_LIMIT)


def plain(prompt: str) -> str:
    """A prompt without trigger words."""
    return cut(TRIGGERS.sub("", prompt).strip(), PROMPT_LIMIT)


def personal(prompt: str, noun: str, *, name: str, append: bool) -> str:
    """A prompt with one trigger that follows a class word: "a photo of a woman img, reading".

    The first trigger stays; one that no class word stands before gets `noun`; one too late is moved to the start.

    Args:
        prompt: as a model wrote it, with any number of triggers.
        noun: the class word of the user.
        name: of the user; before the trigger it gives way to the class word. Empty: not known.
        append: without a trigger: at the end (paper), or after the class word or at the start.
    """
    someone = f"{article(noun)} {noun}"
    text = cut(prompt.strip(), PROMPT_LIMIT - 2 * len(f"{someone} {TRIGGER}, "))
    head, found, tail = _at_trigger(text, noun, append=append)
    head, tail = head.rstrip(" ,;:"), TRIGGERS.sub("", tail)
    if not found:
        late = not append or len(head.split()) > WORDS_BEFORE_TRIGGER
        return f"{someone} {TRIGGER}, {head}" if late else f"{head.rstrip('.')}, {someone} {TRIGGER}"
    if name:
        head = re.sub(rf"\b(?:{'|'.join(map(re.escape, _spellings(name)))})$", someone, head)
    last = re.search(r"[^\W\d_]+$", head)
    if last is None or last.group().casefold() not in CLASS_WORDS | {noun.casefold()}:
        head = f"{head}, {someone}" if head else someone
    if len(head.split()) > WORDS_BEFORE_TRIGGER:
        return f"{someone} {TRIGGER}, {head}{tail}"
    return f"{head} {TRIGGER}{tail}"


def _at_trigger(text: str, noun: str, *, append: bool) -> tuple[str, bool, str]:
    """What stands before the trigger, or before the place where it belongs, whether there is one, and what follows."""
    found = TRIGGERS.search(text)
    if found is not None:
        return text[: found.start()], True, text[found.end() :]
    word = None if append else re.search(rf"\b{re.escape(noun)}\b", text, re.IGNORECASE)
    return (text, False, "") if word is None else (text[: word.end()], True, text[word.end() :])


def class_word(prompt: str) -> str | None:
    """The word before the trigger, lower case."""
    found = re.search(rf"([^\W\d_]+) {TRIGGER}\b", prompt)
    return found.group(1).lower() if found else None


def query_of(wanted: str, keywords: Sequence[str], description: str, *, name: str) -> str:
    """A search phrase: what the model wants, else the keywords, else the description; never the user's name."""
    whole, given = re.escape(name), re.escape(name.split(maxsplit=1)[0])
    theirs = re.compile(rf"\b(?:{whole}(?:['’]s)?|{given}['’]s)(?!\w)", re.IGNORECASE)
    for text in (wanted, " ".join(keywords), description):
        words = theirs.sub(" ", ADDRESS.sub(" ", text))
        query = cut(" ".join(NOT_QUERY.sub(" ", words).split()), QUERY_LIMIT)
        if query:
            return query
    return ""


def _spellings(name: str) -> list[str]:
    """The full name and each of its parts, longest first."""
    return sorted({name, *name.split()}, key=lambda part: (-len(part), part))


def others_hidden(prompt: str) -> bool:
    """Whether a prompt says that the faces of other people are not to be seen."""
    return HIDDEN.search(prompt) is not None


def cut(text: str, limit: int) -> str:
    """The start of a text, at most `limit` characters, up to the end of a word."""
    if len(text) <= limit:
        return text
    start = text[: limit + 1]
    return (start.rsplit(" ", 1)[0] if " " in start else start[:limit]).rstrip(" ,;:")
