"""Offline rules for what a session must not hold: words and patterns, each with its category and weight.

They look at whole words, so that place names and cooking are left alone, and at who does what to whom, so that feet
may kill and time may be killed. Slurs are kept as digests: nobody has to read them. The rules find the plain cases
alone; a classifier or an endpoint finds more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from re import Pattern

from stark_udfs.stages.verdicts.verdict import Finding, TextVerdict, verdict_of

SOMEBODY = r"(?:you|him|her|them|my (?:wife|husband|mother|father|boss|neighbou?r|brother|sister|son|daughter))"
SELF = r"(?:my|your|him|her|them)sel(?:f|ves)"


@dataclass(frozen=True)
class Rule:
    """What is looked for: a match of `pattern` is a finding of `category` with `weight` in (0, 1]."""

    name: str
    category: str
    weight: float
    pattern: Pattern[str]


PHONE = (
    r"(?<![\w.,+-])(?:\+\d{1,3}[ .()/-]{0,2}(?:\d[ .()/-]{0,2}){6,12}\d"
    r"|\(\d{3}\) ?\d{3}-\d{4}|\d{3}[-.]\d{3}[-.]\d{4})(?![\w-])"
)
MAIL = (  # not those of the domains that are set aside for examples
    r"(?<![\w.+-])[\w.+-]{1,64}@(?!example\.(?:com|org|net)\b)[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}(?!\w)"
)
INTENDS = r"(?:i'?ll|i will|we'?ll|i(?:'m| am) going to|i want(?:ed)? to|someone should)"
NUDE = r"(?:nudes?|naked (?:pictures?|photos?|selfies?))"


def _rule(name: str, category: str, weight: float, pattern: str) -> Rule:
    return Rule(name, category, weight, re.compile(pattern, re.IGNORECASE))


RULES = (
    _rule("mail address", "privacy", 0.8, MAIL),
    _rule("phone number", "privacy", 0.8, PHONE),
    _rule("wish to die", "self_harm", 0.9, rf"\b(?:kill(?:ing|ed)?|hang(?:ing|ed)?) {SELF}\b(?! laughing)"),
    _rule("wish to die", "self_harm", 0.9, r"\b(?:end(?:ing)? my (?:own )?life|better off dead)\b"),
    _rule("wish to die", "self_harm", 0.9, r"\bwant(?:ed)? to die\b(?! of| laughing| on stage| with shame)"),
    _rule("wish to die", "self_harm", 0.9, r"\bdon'?t want to (?:live any ?more|be alive)\b"),
    _rule(
        "self-injury",
        "self_harm",
        0.9,
        rf"\b(?:hurt|harm|cut|burn|starv)(?:ting|ing|e|s)? {SELF} (?:on purpose|again to|to feel|to punish)",
    ),
    _rule("suicide", "self_harm", 0.6, r"\bsuicid(?:e|al)\b(?! squad)"),
    _rule("threat", "violence", 0.9, rf"\b{INTENDS} (?:kill|murder|stab|shoot|strangle|beat up) {SOMEBODY}\b"),
    _rule("injury", "violence", 0.6, rf"\b(?:stabbed|strangled|murdered|beat up|tortured|raped) {SOMEBODY}\b"),
    _rule("weapon", "violence", 0.7, r"\b(?:build|make|making|built) (?:a|the) (?:pipe )?bomb\b"),
    _rule("pornography", "sexual", 0.8, r"\b(?:porn(?:o|ography|ographic)?|masturbat(?:e|es|ed|ing|ion))\b"),
    _rule(
        "nude pictures",
        "sexual",
        0.8,
        rf"\b(?:send|sent|share|show) (?:me |you |us )?(?:your |my )?{NUDE}\b",
    ),
    _rule("intercourse", "sexual", 0.6, r"\b(?:have|had|having) sex\b"),
)
SLUR, SLUR_WEIGHT = "slur", 0.9
WORD = re.compile(r"[^\W\d_]+")
SLURS = frozenset(
    {
        "08a841e996781e9e",
        "120f6e5b4ea32f65",
        "12e6274e4309293e",
        "158869a97379229b",
        "16ea09fc78ca83ca",
        "22fc75e65a0e9d34",
        "333f7618092958c7",
        "3b1e0d7c5dd45583",
        "6d1833779e389477",
        "8f5083e3e5c7dc89",
        "98b52c4b6b7d1f48",
        "bd331fb1d24298f5",
        "c3de533e9b7fe63b",
        "cc02032349c833ac",
        "dc675e448132fd2a",
        "eef3bd091670c344",
        "f9d0d9b18ae9033a",
    }
)


@dataclass(frozen=True)
class RuleModerator:
    """The rules, as one who gives verdicts."""

    threshold: float = 0.5

    def load(self) -> "RuleModerator":
        """Itself: there is nothing to load."""
        return self

    def verdicts(self, sessions: Sequence[Sequence[str]]) -> list[TextVerdict]:
        """One verdict per session; a session is the texts of its turns."""
        return [verdict_of(findings(texts), self.threshold) for texts in sessions]


def findings(texts: Sequence[str]) -> list[Finding]:
    """What the rules find in the turns of a session.

    Example:
        ```python
        findings(["Write to ana@mail.org!"])  # [Finding(turn=1, category="privacy", name="mail address", score=0.8)]
        ```
    """
    found = []
    for turn, text in enumerate(texts, 1):
        found += [Finding(turn, rule.category, rule.name, rule.weight) for rule in RULES if rule.pattern.search(text)]
        if any(_is_slur(word) for word in WORD.findall(text)):
            found.append(Finding(turn, "hate", SLUR, SLUR_WEIGHT))
    return found


def _is_slur(word: str) -> bool:
    folded = word.casefold()
    return any(sha256(form.encode()).hexdigest()[:16] in SLURS for form in {folded, folded.removesuffix("s")})
