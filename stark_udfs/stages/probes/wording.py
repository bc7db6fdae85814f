"""Whether a question in a model's words may stand for the template's: it asks the same and gives nothing away."""

import re

from stark_udfs.stages.probes.proof import QUOTE
from stark_udfs.stages.probes.records import NEVER_SAID, Probe
from stark_udfs.stages.text.dates import days_in
from stark_udfs.stages.text.matching import WORD, content, coverage

LONGEST = 400  # characters
KEPT = 0.6  # of the content words of a quote: what is asked about has to stay recognisable
CHOICE = 0.9  # of those of an answer that the question offers, as "which of two" does
GIVEN_AWAY = 1 / 3  # of the answer's words, said by the question and not by the template


def unfit(name: str, probe: Probe, text: str) -> str | None:
    """Why a wording is not used; None: it is fit.

    Args:
        name: of the episode's person.
        probe: with the template's question and the answer; neither is changed by any wording.
        text: the question in other words, clean.
    """
    if not text.endswith("?"):
        return "it does not end as a question does"
    if len(text) > LONGEST:
        return f"{len(text)} characters"
    if name in probe.question and not any(re.search(rf"\b{re.escape(part)}\b", text) for part in name.split()):
        return f"it does not name {name}"
    if not days_in(probe.question) <= days_in(text):
        return "it does not name the day"
    for quote in QUOTE.findall(probe.question):
        least = CHOICE if quote == probe.answer or probe.form == "which_first" else KEPT
        if (share := coverage(quote, text)) < least and content(quote):
            return f"it keeps {share:.0%} of {quote!r}"
    return _given_away(probe, text)


def _given_away(probe: Probe, text: str) -> str | None:
    if probe.answer == NEVER_SAID:
        return None
    if days_in(probe.answer) & (days_in(text) - days_in(probe.question)):
        return "it says the answer's date"
    hidden = content(probe.answer) - content(probe.question)
    told = hidden & content(text)
    if told and len(told) >= GIVEN_AWAY * len(hidden):
        words = dict.fromkeys(word for word in WORD.findall(text) if content(word) & told)
        return f"it gives away {', '.join(words)}"
    return None
