"""How a model asks for an image: the paper's `<RET> <h> description </h>`, written and read."""

import re

ASSISTANT = "AI Assistant"  # how the tables call it
RETRIEVE, OPEN, CLOSE = "<RET>", "<h>", "</h>"
TOKENS = (RETRIEVE, OPEN, CLOSE)
ASKED = re.compile(r"(?:<RET>\s*)?<h>(.*?)(?:</h>|$)", re.DOTALL)
DESCRIPTION_LIMIT, IMAGES_LIMIT, TEXT_LIMIT = 500, 5, 4000  # characters, images and characters of one turn


def image_words(description: str) -> str:
    """The words that ask for an image.

    Example:
        ```python
        image_words("a red kite")  # "<RET> <h> a red kite </h>"
        ```
    """
    return f"{RETRIEVE} {OPEN} {description} {CLOSE}"


def read_turn(said: str) -> tuple[str, tuple[str, ...]]:
    """What a model said, without, and the descriptions of the images that it asks for.

    A description that was cut off counts up to its end; more images than 5 are passed over, long texts are cut.

    Example:
        ```python
        read_turn("Look! <RET> <h> a red kite </h>")  # ("Look!", ("a red kite",))
        ```
    """
    found = [" ".join(match.group(1).split())[:DESCRIPTION_LIMIT] for match in ASKED.finditer(said)]
    text = ASKED.sub(" ", said)
    for token in TOKENS:
        text = text.replace(token, " ")
    return " ".join(text.split())[:TEXT_LIMIT], tuple(one for one in found if one)[:IMAGES_LIMIT]
