"""From a dialogue to what is searched for: which turns, at which weight, with or without pleasantries."""

import re
from dataclasses import dataclass

from stark_udfs.ultron.retrieval.benchmark import Query, Turn

SENTENCE = re.compile(r"[^.!?…]+[.!?…]*\s*")
PLEASANTRY = re.compile(
    r"^\W*(thanks?|thank you|hi|hey|hello|wow|congrats|congratulations|bye|see you|take care|cheers|great|awesome|cool"
    r"|nice)\b[^,;]{0,40}(, \w+)?$"
    r"|\b(good|great|nice) to (see|hear)\b|\bhow (have|are) (you|things)\b|\btalk to you\b"
    r"|\b(take a|have a) look\b|\blook at (this|that)\b|\bcheck (this|it) out\b"
    r"|\bhere('s| is) (a|the|one|it)\b[^,;]{0,12}$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class QueryForm:
    """How a dialogue is made into a query.

    turns: how many of the last turns; None: all.
    weights: of the last turn, of the one before it, …: each turn is embedded by itself and the vectors are added, so
        that ranking by the sum is ranking by the weighted mean of the cosines. Empty: the turns are one text.
    speakers: whether names stand before what was said.
    own: only turns of the one who shares the image.
    pleasantries: whether greetings, thanks and announcements are kept.
    """

    turns: int | None = 1
    weights: tuple[float, ...] = ()
    speakers: bool = False
    own: bool = False
    pleasantries: bool = True

    @property
    def name(self) -> str:
        """As it stands in tables."""
        if self.weights:
            said = "turns × " + "/".join(f"{weight:g}" for weight in self.weights)
        else:
            said = {None: "dialogue", 1: "last turn"}.get(self.turns, f"last {self.turns} turns")
        more = ((self.speakers, "named"), (self.own, "own turns"), (not self.pleasantries, "no pleasantries"))
        return ", ".join([said, *(word for given, word in more if given)])

    def parts(self, query: Query) -> list[tuple[str, float]]:
        """Texts and their weights; at least one, which is empty where nothing was said."""
        turns = [turn for turn in query.context if turn.text and (not self.own or turn.speaker == query.speaker)]
        if self.weights:
            weighted = zip(reversed(turns), self.weights, strict=False)
            parts = [(self._said(turn), weight) for turn, weight in weighted]
        else:
            kept = turns if self.turns is None else turns[-self.turns :]
            parts = [(" ".join(map(self._said, kept)), 1.0)]
        return parts or [("", 1.0)]

    def _said(self, turn: Turn) -> str:
        text = turn.text if self.pleasantries else without_pleasantries(turn.text)
        return f"{turn.speaker}: {text}" if self.speakers else text


LAST_TURN = QueryForm()
THREE_TURNS = QueryForm(turns=3)
DIALOGUE = QueryForm(turns=None)
WEIGHTED = QueryForm(turns=None, weights=(1.0, 0.3, 0.2))


def without_pleasantries(text: str) -> str:
    """The text without sentences that only greet, thank or announce; the text itself where nothing else is in it."""
    kept = "".join(part for part in SENTENCE.findall(text) if not PLEASANTRY.search(part.strip(" .!?…"))).strip()
    return kept or text
