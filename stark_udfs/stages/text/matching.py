"""Whether a text says what another says: by content words that are cut to their stems, not by meaning.

A sentence in the present tense ("Galina brings a list") is found again in the past ("Galina brought a list"). Text
without spaces between words, such as Chinese, is compared by pairs of characters.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
SENTENCE = re.compile(r"(?<=[.!?…;:])\s+")


def listed(text: str) -> list[str]:
    """The words of a word list that is written as one text."""
    return text.split()


UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
STOP = frozenset(
    listed(
        """a about after again all also am an and any are as at be because been before being but by can
            could did do does doing down during each for from further get got had has have
            having he her here hers him his how i if in into is it its itself just me more most
            my myself no nor not now of off on once only or other our out over own same she
            should so some such than that the their them themselves then there these they this
            those through to too under until up us very was we were what when where which while
            who whom why will with would you your yours yourself let one much many yes oh ah
            well really still even ever never going gone go went come came thing"""
    )
)
IRREGULAR = {
    past: base
    for base, pasts in (
        line.split(":")
        for line in listed(
            """become:became begin:began,begun bite:bit,bitten blow:blew,blown break:broke,broken bring:brought
            build:built buy:bought catch:caught choose:chose,chosen cost:costs cut:cuts dig:dug
            draw:drew,drawn drink:drank,drunk drive:drove,driven eat:ate,eaten fall:fell,fallen
            feel:felt feed:fed fight:fought find:found fly:flew,flown forget:forgot,forgotten
            freeze:froze,frozen give:gave,given grow:grew,grown hang:hung have:had hear:heard
            hide:hid,hidden hold:held keep:kept know:knew,known lead:led learn:learnt leave:left
            lend:lent lie:lay,lain light:lit lose:lost make:made mean:meant meet:met pay:paid
            read:reads ride:rode,ridden ring:rang,rung rise:rose,risen run:ran say:said,says
            see:saw,seen sell:sold send:sent set:sets shake:shook shine:shone shoot:shot
            show:showed,shown shut:shuts sing:sang,sung sink:sank,sunk sit:sat sleep:slept
            smell:smelt speak:spoke,spoken spend:spent stand:stood steal:stole,stolen
            stick:stuck swim:swam,swum take:took,taken teach:taught tear:tore,torn tell:told
            think:thought throw:threw,thrown understand:understood wake:woke,woken
            wear:wore,worn win:won write:wrote,written burn:burnt spill:spilt dream:dreamt
            sew:sewn weave:wove,woven child:children man:men woman:women foot:feet tooth:teeth
            mouse:mice half:halves knife:knives leaf:leaves shelf:shelves loaf:loaves life:lives
            wife:wives person:people swear:swore,sworn sweep:swept kneel:knelt bend:bent
            creep:crept bear:bore bind:bound lay:laid bleed:bled deal:dealt swing:swung"""
        )
    )
    for past in pasts.split(",")
}
NUMBERS = {
    word: value
    for value, word in enumerate(
        listed(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
            "seventeen eighteen nineteen"
        )
    )
}
TENS = {
    word: 10 * value
    for value, word in enumerate(listed("twenty thirty forty fifty sixty seventy eighty ninety"), start=2)
}


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without its ending: "brought" and "brings" are "bring", "stopped" and "stops" are "stop"."""
    word = word.casefold().replace("’", "'")
    word = word.removesuffix("'s").removesuffix("n't").split("'")[0] if "'" in word else word
    word = IRREGULAR.get(word, word)
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        if len(word) > len(ending) + 2 and word.endswith(ending):
            return _base(word[: -len(ending)])
    for ending in ("es", "s"):
        if len(word) > 3 and word.endswith(ending) and not word.endswith("ss"):
            return _base(word[: -len(ending)])
    return _base(word)


def _base(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    if len(word) > 3 and word.endswith("i"):
        word = word[:-1] + "y"
    return word.removesuffix("e") if len(word) > 3 else word


@lru_cache(maxsize=20_000)
def content(text: str) -> frozenset[str]:
    """The stems of the content words of a text."""
    found: set[str] = set()
    for word in WORD.findall(text):
        if UNSPACED.search(word):
            found.update(word[place : place + 2] for place in range(max(1, len(word) - 1)))
        elif word.casefold().replace("’", "'") not in STOP and "'" not in word[:2]:
            cut = stem(word)
            if cut and cut not in STOP:
                found.add(cut)
    return frozenset(found)


def coverage(claim: str, text: str) -> float:
    """The share of a claim's content words that a text has, in [0, 1]; 0 for a claim without any."""
    wanted = content(claim)
    return len(wanted & content(text)) / len(wanted) if wanted else 0.0


def best(claim: str, texts: Iterable[str]) -> tuple[int, float]:
    """The place of the text that says most of a claim, and its coverage; the first of equals; (-1, 0.0): none does."""
    found = (-1, 0.0)
    for place, text in enumerate(texts):
        share = coverage(claim, text)
        if share > found[1]:
            found = (place, share)
    return found


def sentences(text: str) -> list[str]:
    """The sentences of a text, and what stands before a colon or semicolon."""
    return [part for part in SENTENCE.split(text) if part]


def number_of(word: str) -> int | None:
    """The number that a word or figure says, 0 to 99 in words; None: it says none."""
    word = word.casefold()
    if word.isdecimal():
        return int(word) if len(word) < 10 else None
    if word in NUMBERS or word in TENS:
        return NUMBERS.get(word, TENS.get(word))
    tens, _, ones = word.partition("-")
    return TENS[tens] + NUMBERS[ones] if tens in TENS and 0 < NUMBERS.get(ones, 0) < 10 else None


def counted(text: str) -> dict[str, set[int]]:
    """By the stem of the word that follows: the numbers of a text, as {"day": {5}} of "five days"; not "one"."""
    words = re.findall(r"[^\W_]+(?:[-'’][^\W_]+)*", text)
    found: dict[str, set[int]] = {}
    for word, after in pairwise(words):
        number = number_of(word)
        if number is not None and number != 1 and after.casefold() not in STOP and number_of(after) is None:
            found.setdefault(stem(after), set()).add(number)
    return found
