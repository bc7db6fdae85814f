"""How questions quote a fact: whole where it is short, else a part that makes sense on its own."""

import re
from collections.abc import Iterator

QUOTE_LIMIT = 90  # characters of a fact that a question quotes
LONGEST = 1000  # characters of a fact in which parts are looked for
FEWEST_WORDS = 4  # of a part: fewer name nothing
CLAUSE = re.compile(r"(?<=[,;:])\s+|\s+(?=(?:and|but|because|where|which|who|when|while|until|since)\s)")
MORE = "…"


def quoted(text: str) -> str:
    """A text in the marks by which a question's quotes are known."""
    return f"“{text}”"


def parts(fact: str) -> Iterator[str]:
    """What a question could quote of a fact, best first: all of it, its beginning, then the clauses after it.

    What is left out is told by `…`.
    """
    text = fact.strip().rstrip(".").replace("“", "'").replace("”", "'")
    if len(text) <= QUOTE_LIMIT:
        yield text
        return
    text = text[:LONGEST]
    yield text[:QUOTE_LIMIT].rsplit(" ", 1)[0].rstrip(",;:") + MORE
    starts = [0, *(found.end() for found in CLAUSE.finditer(text))]
    ends = [*(found.start() for found in CLAUSE.finditer(text)), len(text)]
    for first, start in enumerate(starts):
        fitting = [end for end in ends[first:] if end - start <= QUOTE_LIMIT]
        part = text[start : fitting[-1]].strip(" ,;:") if fitting else ""
        if len(part.split()) >= FEWEST_WORDS:
            yield f"{MORE if start else ''}{part}{'' if fitting[-1] == len(text) else MORE}"
