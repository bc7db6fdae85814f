"""Judged sessions to start from."""

from datetime import date

from stark_udfs.stages.text.sessions.turns import ASSISTANT, SharedImage, Turn
from stark_udfs.stages.verdicts.judged import EarlierSession, JudgedSession

TOLD = "I went to the pottery course on Monday and burnt my first bowl."
LINES = (
    "Hello, three weeks already!",
    "Hello Hana. How was the pottery course?",
    TOLD,
    "Was it the glaze?",
    "No, the kiln was far too hot.",
    "What will you try next?",
    "A plate with a blue rim.",
    "Send me a picture.",
)


def image(number: int, description: str = "A burnt bowl on a wooden shelf") -> SharedImage:
    return SharedImage(
        image_id=f"i-{number}", reused=False, description=description, rationale="", source="mobile", keywords=["bowl"]
    )


def turns(*, images: bool = True) -> list[Turn]:
    said = [
        Turn(turn=number, speaker=ASSISTANT if number % 2 == 0 else "Hana Mori", text=text, images=[])
        for number, text in enumerate(LINES, 1)
    ]
    if images:
        said[2] = said[2].model_copy(update={"images": [image(1)]})
    return said


def judged(**changed: object) -> JudgedSession:
    """The second session of Hana Mori."""
    given: dict[str, object] = {
        "judgement_id": "e-1:2:default",
        "episode_id": "e-1",
        "session_number": 2,
        "judge": "default",
        "name": "Hana Mori",
        "age": 34,
        "gender": "female",
        "birthplace": "Japan",
        "residence": "Brazil",
        "narrative": "I'm Hana Mori, and I left Japan for Brazil.",
        "entity_key": "food",
        "entity_value": "miso soup",
        "sentence": "I make miso soup on Sundays.",
        "earlier": [
            EarlierSession(session_number=1, session_date=date(2021, 3, 5), interval=None, event="Hana signs up.")
        ],
        "memory": "Hana signed up for a course.",
        "session_date": date(2021, 3, 26),
        "event": "Hana burns a bowl.",
        "interval": "3 weeks",
        "experience_op": "add",
        "experience": "Hana had gone to a pottery course.",
        "turns": turns(),
        "files": [],
    }
    return JudgedSession.model_validate({**given, **changed})


def stranger() -> JudgedSession:
    """Somebody else's session."""
    shown = turns()
    shown[4] = shown[4].model_copy(update={"images": [image(9, "Snow on parked trucks beside the harbour")]})
    shown[2] = shown[2].model_copy(update={"images": []})
    return judged(
        judgement_id="e-2:1:default",
        episode_id="e-2",
        name="Omar Farid",
        age=71,
        gender="male",
        birthplace="Egypt",
        residence="Canada",
        narrative="I'm Omar Farid, and Omar drives.",
        entity_key="vehicle",
        entity_value="lorry",
        sentence="I drive a lorry.",
        turns=shown,
    )
