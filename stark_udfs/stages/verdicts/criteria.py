"""The seven criteria by which sessions are judged, and which of them apply to a session.

Source: the human evaluation of the paper (§4.3): the same names and the same four points. The words are ours.
"""

from collections.abc import Mapping
from enum import StrEnum

LOWEST, HIGHEST = 1, 4
POINTS = {1: "not at all", 2: "a little", 3: "mostly", 4: "a lot"}


class Criterion(StrEnum):
    """What is judged; the value is the column's name."""

    COHERENCE = "coherence"
    CONSISTENCY = "consistency"
    IMAGE_TURN = "image_turn_relevance"
    IMAGE_DIALOGUE = "image_dialogue_relevance"
    IMAGE_PERSONA = "image_persona_relevance"
    TIME_INTERVAL = "time_interval"
    EXPERIENCE = "experience"


QUESTIONS: Mapping[Criterion, str] = {
    Criterion.COHERENCE: "Does each turn follow from the turns before it, so that it reads as one conversation?",
    Criterion.CONSISTENCY: "Does everything that is said agree with the person's profile, with what is remembered of "
    "earlier sessions, and with itself?",
    Criterion.IMAGE_TURN: "Do the shared images fit the turns in which they are shared, and those next to them?",
    Criterion.IMAGE_DIALOGUE: "Do the shared images fit what the session as a whole is about?",
    Criterion.IMAGE_PERSONA: "Could the shared images be this person's, or found for this person: do they fit the "
    "profile, the place and the age?",
    Criterion.TIME_INTERVAL: "Does the session show that the stated time has passed since the session before, and "
    "nothing that contradicts it?",
    Criterion.EXPERIENCE: "Does the session take up what the person lived through since the session before?",
}
OF_IMAGES = (Criterion.IMAGE_TURN, Criterion.IMAGE_DIALOGUE, Criterion.IMAGE_PERSONA)


def applies(criterion: Criterion, *, images: int, interval: str | None, experience: str | None) -> bool:
    """Whether there is anything to judge: no image, no session before or no experience leaves a criterion without."""
    if criterion in OF_IMAGES:
        return images > 0
    if criterion is Criterion.TIME_INTERVAL:
        return interval is not None
    return criterion is not Criterion.EXPERIENCE or bool(experience)
