"""What a server says about the use of its pictures, in the headers that come with them.

Sources: X-Robots-Tag with noai and noimageai (as image data sets honour it) · TDM Reservation Protocol ·
Content-Usage of the IETF working group on AI preferences.
"""

from typing import Protocol

AGENT = "stark-udfs"
DIRECTIVES = frozenset({"noai", "noimageai", "noindex", "noimageindex", "none"})
VALUED = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
USES = frozenset({"ai", "train-ai", "train-genai"})


class Headers(Protocol):
    """The headers of an answer, of which one name can come several times."""

    def getall(self, key: str, default: list[str], /) -> list[str]:
        """All values of a header."""


def opted_out(headers: Headers) -> str | None:
    """The header by which the owner keeps the picture from such a use."""
    for value in headers.getall("X-Robots-Tag", []):
        if directive := robots_directive(value):
            return f"X-Robots-Tag: {directive}"
    if any(value.strip() == "1" for value in headers.getall("TDM-Reservation", [])):
        return "TDM-Reservation: 1"
    for value in headers.getall("Content-Usage", []):
        for preference in value.lower().split(","):
            use, _, answer = preference.partition("=")
            if use.strip() in USES and answer.strip() == "n":
                return f"Content-Usage: {use.strip()}=n"
    return None


def robots_directive(value: str) -> str | None:
    """The first directive for everyone, or for us, that says no. `bot: a, b` speaks to that bot alone."""
    agent = "*"
    for part in value.lower().split(","):
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if colon and name in VALUED:
            continue
        if colon:
            agent, name = name, rest
        if name in DIRECTIVES and agent in ("*", AGENT):
            return name
    return None
