"""The five PeaCoK relations: what each asks for, and the sentence that its inference completes."""

import re
from dataclasses import dataclass
from enum import StrEnum

from stark_udfs.core.english import article


class Relation(StrEnum):
    """A side of life that a persona sentence lets one infer."""

    CHARACTERISTIC = "characteristic"
    EXPERIENCE = "experience"
    GOAL = "goal"
    RELATIONSHIP = "relationship"
    ROUTINE = "routine"


@dataclass(frozen=True)
class Form:
    """How a relation is asked for and said.

    lead: the words before the inference, as in the paper's Table 4.
    starts: how an inference begins, grammatically.
    """

    asks: str
    lead: str
    starts: str
    example: str


FORMS = {
    Relation.CHARACTERISTIC: Form(
        asks="a trait of character that shows in this person's life: how they are, not what they do once",
        lead="I",
        starts="a verb in the present tense",
        example="lose my patience with slow cooks but never with slow eaters",
    ),
    Relation.EXPERIENCE: Form(
        asks="something this person did or lived through in the past that made them who they are",
        lead="I",
        starts="a verb in the past tense",
        example="spent a summer repairing nets with an uncle who hardly spoke",
    ),
    Relation.GOAL: Form(
        asks="what this person intends to do or reach in the coming months or years",
        lead="I plan",
        starts="'to' and a verb",
        example="to open a lunch counter with four stools before I turn fifty",
    ),
    Relation.RELATIONSHIP: Form(
        asks="how this person relates to somebody else (family, friends, colleagues, neighbors) because of it",
        lead="So, I",
        starts="a verb in the present tense",
        example="trade recipes with the widow on the third floor every Sunday",
    ),
    Relation.ROUTINE: Form(
        asks="what this person does again and again because of it",
        lead="I regularly",
        starts="a verb in the present tense",
        example="walk to the early market to get the first crate of sardines",
    ),
}

SPOKEN = (
    (re.compile(r"^so,?\s+(?=i\b)", re.IGNORECASE), ""),
    (re.compile(r"^i\s+", re.IGNORECASE), ""),
    (re.compile(r"^i['’]m\s+", re.IGNORECASE), "am "),
    (re.compile(r"^i['’]ve\s+", re.IGNORECASE), "have "),
)
LEADS = {
    Relation.GOAL: re.compile(r"^(?:am\s+)?plan(?:ning)?\s+(?=to\b)", re.IGNORECASE),
    Relation.ROUTINE: re.compile(r"^regularly\s+", re.IGNORECASE),
}


def tidy(relation: Relation, inference: str) -> str:
    """The inference without the words that its sentence form brings, a leading "I", or final periods."""
    text = inference.strip(" \"'“”")
    for pattern, instead in SPOKEN:
        text = pattern.sub(instead, text)
    if relation in LEADS:
        text = LEADS[relation].sub("", text)
    text = text.rstrip(' ."”')
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def said(relation: Relation, inference: str) -> str:
    """The sentence that the inference completes."""
    return f"{FORMS[relation].lead} {inference}."


def self_portrait(age: int, gender: str, birthplace: str, residence: str) -> str:
    """The profile in the first person."""
    aged = f"{article(str(age))} {age}-year-old"
    if birthplace == residence:
        return f"I am {aged} {gender} from {birthplace}, where I still live."
    return f"I am {aged} {gender}, born in {birthplace} and now living in {residence}."


def sentence_form(relation: Relation, inference: str, *, name: str, portrait: str, persona: str) -> str:
    """Name, profile, persona sentence and inference as one text, ordered as in the paper's Table 4."""
    inferred = said(relation, inference)
    if relation is Relation.EXPERIENCE:
        return f"My name is {name}. {inferred} Now, {portrait} {persona}"
    return f"My name is {name}. {portrait} {persona} {inferred}"
