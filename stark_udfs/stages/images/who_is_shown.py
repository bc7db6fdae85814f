"""Whom a description shows, as far as words tell: the user, a child, people of the user's age, grown-ups.

It backs up what a model says of a picture, and errs towards seeing a person: better a picture lost than one too many.
Possessions and compounds are no persons: "a girl's bicycle", "baby carrots", "a kid-friendly café".
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

READ = 4096  # texts whose reading is kept: one replay of a picture reads the same ones several times
JOINERS = re.compile("[\u200c\u200d\u00ad]")
QUOTED = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')

CHILD = re.compile(
    r"\b(?:bab(?:y|ies)|newborns?|infants?|toddlers?|kiddos?|(?:school|grand|god|step)?child(?:ren)?|"
    r"(?:school|grand)?kids?|boys?|girls?|(?:school|choir|altar)[ -]?boys?|schoolgirls?|teens?|teen-?age(?:d|rs?)?|"
    r"adolescents?|tweens?|pre-?teens?|youngsters?|youths|juveniles?|under-?age|minors|pupils?|pre-?schoolers?|"
    r"kindergart(?:e)?ners?|(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)[ -]graders?|"
    r"(?:grade|middle|high|elementary|primary)[ -]school(?:ers?| (?:students?|class|graduates?))|kindergarten class|"
    r"(?:school|class) (?:photo(?:graph)?s?|portraits?|pictures?)|quincea[nñ]eras?|little ones?|tots?|"
    r"(?:young|little|small) (?:lads?|lass(?:es)?|ones?|brothers?|sisters?|cousins?)|"
    r"(?:(?:great-?)?grand|step|god)?(?:sons?|daughters?)|nephews?|nieces?)\b"
)
NOT_BEFORE = re.compile(  # what stands before a word that then means no child
    r"(?:\b(?:no|without|without any|not a single|not one|zero|empty of|free of|devoid of|nor) (?:\w+ )?"
    r"|\b(?:statues?|sculptures?|figurines?|bronzes?|monuments?) (?:of|depicting|showing) (?:[\w-]+ ){0,3}"
    r"|\b(?:adult|grown|grown-up|dilated) )$"
)
POSSESSIVE = re.compile(r"['’]s?[ -]")
OWNED_YET_SHOWN = re.compile(  # a part of somebody, or a gathering of them; and "the boy's on a swing"
    r"(?:[\w-]+ )?(?:faces?|hands?|fists?|fingers?|arms?|knees?|legs?|feet|foot|heads?|hair|eyes|smiles?|back|body|"
    r"silhouettes?|reflections?|portraits?|photo(?:graph)?s?|selfies?|choirs?|teams?|class|groups?|orchestras?|parades?|"
    r"games?|match(?:es)?|races?|part(?:y|ies)|bands?)\b"
    r"|(?:on|in|at|with|and|by) |(?!paint|draw|cloth|build|read|writ)\w+ing\b"
)
THINGS = (
    r"(?:books?|menus?|meals?|sections?|corners?|areas?|toys?|bicycles?|shoes|boots|socks|clothes|clothing|jackets?|coats?|"
    r"bedrooms?|rooms?|beds?|chairs?|seats?|pools?|museums?|hospitals?|wards?|crayons?|strollers?|bottles?|magazines?|novels?|"
    r"fiction|films?|movies?|cartoons?|songs?|furniture|backpacks?|playgrounds?|size[ds]?|friendly|proof|safe|gloves|"
    r"department|care|drama|series|psychology)\b"
)
ANIMALS = (
    r"(?:elephant|goat|bird|duck|chick|turtle|sea turtle|lamb|rabbit|bunn(?:y|ie)|fox|owl|deer|panda|kangaroo|penguin|"
    r"seal|monkey|hedgehog|giraffe|lion|tiger|bear|whale|dolphin|cow|horse|squid|octopus|squirrel|sloth|gorilla|"
    r"dinosaur)(?:e?s)?\b"
)
NOT_AFTER = {  # what follows a word that then means no child
    "": re.compile(rf"[ -]{THINGS}"),
    "baby": re.compile(
        rf"[ -](?:{ANIMALS}|carrots?|corn|spinach|potato(?:es)?|tomato(?:es)?|leaves|kale|greens|lettuce|eggplants?|"
        r"aubergines?|artichokes?|bok choy|back ribs|blue|pink|grand|shower|powder|oil|food|monitor|carriage|pram|"
        r"booties|blanket|crib|cot|cradle|dolls?|bump|bath|gifts?)\b"
    ),
    "boy": re.compile(r" (?:bands?|george)\b"),
    "girl": re.compile(r" (?:bands?|groups?|power|scout cookies)\b"),
    "kid": re.compile(r" (?:goats?|leather)\b"),
    "teen": re.compile(r" spirit\b"),
    "teenage": re.compile(r" mutant\b"),
    "pupil": re.compile(r" of (?:the|an?|its|his|her) eyes?\b"),
    "pupils": re.compile(r" of (?:the|its|his|her) eyes\b"),
    "son": re.compile(r" (?:jarocho|cubano)\b"),
}
PROPER_NAMES = re.compile(
    r"(?:&|\band) Sons\b|\b(?:(?:Beach|Beastie|Backstreet|Pet Shop) Boys|Game Boys?|(?:Spice|Golden|Gilmore) Girls|"
    r"Tater Tots)\b"
)

PEERS = re.compile(
    r"\b(?:(?:boy|girl)?friends?|besties?|buddy|buddies|pals?|(?:class|school|team|band|room)?mates?|cousins?|siblings?|"
    r"brothers?|sisters?|twins?|students?|(?:team|group) (?:photo|picture|selfie|shot)s?|"
    r"young (?:people|persons?|m[ae]n|wom[ae]n|couples?|musicians?|dancers?|players?|athletes?|fans?))\b"
)
GROWN = re.compile(
    r"\b(?:m[ae]n|wom[ae]n|adults?|elderly|grown-ups?|lad(?:y|ies)|gentlem[ae]n|mothers?|fathers?|mom|mum|dad|parents?|"
    r"grand(?:mothers?|fathers?|ma|pa|parents?)|uncles?|aunts?|teachers?|coach(?:es)?|vendors?|chefs?|bakers?|priests?|"
    r"monks?|fisherm[ae]n|farmers?|drivers?|waiters?|pensioners?|retire(?:d|es?)|musicians?|craftsm[ae]n|shopkeepers?)\b"
)
SOMEONE = re.compile(
    r"\b(?:a|one|two|three|four|five|six|several|a few) (?:\w+ )?(?:people|persons?|figures)\b"
    r"|\b(?:two|three|four|five|six|several|smiling|laughing) (?:\w+ )?faces\b"
    r"|\b(?:some|every)(?:one|body)\b(?!['’]s)"
)

SELFIE = re.compile(
    r"\bselfies?\b(?![ -](?:sticks?|museums?|spots?|cameras?))|(?<!'s )\bself-portraits?\b(?! (?:by|of)\b)"
)
MYSELF = re.compile(
    r"\b(?:me|myself)\b|\bmy (?:own )?(?:face|reflection|smile|hair|head|portrait|profile picture)\b"
    r"|\bi(?:['’]m| am| was| stand| hold| sit| wear)\b|\bthe user\b"
    r"(?! (?:interface|guide|manual|menu|account|profile|id)\b)"
    r"|\bthe (?:phone['’]s owner|owner of the phone)\b"
)
OWNED_PARTS = r"['’]s (?:\w+ )?(?:face|reflection|smile|hair|head|portrait|profile picture)\b"

ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: number for number, word in enumerate(ONES)} | {
    f"{ten}{'-' + ONES[one] if one else ''}": 20 + 10 * place + one
    for place, ten in enumerate(TENS)
    for one in range(10)
}
NUMBER = rf"(?:\d{{1,3}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))})"
AGE = re.compile(
    rf"\b(?P<old>{NUMBER})[ -](?P<unit>year|yr|month|week|day)s?[ -]olds?\b"
    rf"|\baged? (?P<aged>{NUMBER})\b(?!(?:[ -](?:years?|months?|weeks?|days?))(?! old)| (?:and|or) (?:over|up)|\+)"
    r"|\b(?P<short>\d{1,2}) ?y/?o\b"
)
OLD_THINGS = re.compile(
    r"\b(?:whisk(?:y|ey)|scotch|rum|wine|port|cheddar|cheese|gouda|parmesan|balsamic|vinegar|tea|cars?|van|bike|bicycle|"
    r"motorbike|motorcycle|scooter|laptop|computer|phone|smartphone|camera|guitar|piano|violin|house|building|church|temple|"
    r"bridge|trees?|oak|olive|bonsai|pine|dogs?|pupp(?:y|ies)|cats?|kittens?|horse|pony|rabbit|parrot|tortoise|turtle|hamster|"
    r"goldfish|cow|goat|sheep|company|shop|restaurant|bread|bagel|newspaper|magazine|receipt|jacket|coat|sofa|sweater|"
    r"sourdough|starter|kimchi|beard|stubble|labrador|retriever|terrier|shepherd|collie|spaniel|poodle|corgi|tabby|mare|foal|"
    r"calf|plant|cactus|vine|ruins?|wall|painting|statue|recipe|tradition|brick|seedlings?|sapling)\b"
)
FUNCTION_WORD = re.compile(r"[,.;:]| (?:with|in|on|at|and|by|holding|next|beside|near|who|is|of) ")
MALE = re.compile(r"\b(?:m[ae]n|males?|gentlem[ae]n|guys?|boys?|father|grandfather|husband)\b")
FEMALE = re.compile(r"\b(?:wom[ae]n|females?|lad(?:y|ies)|girls?|mother|grandmother|wife)\b")


@dataclass(frozen=True)
class Owner:
    """The person whose pictures are described. counts_as: male, female or both."""

    name: str
    age: int
    counts_as: str


@dataclass(frozen=True)
class Seen:
    """Who stands in a description.

    user: by "selfie", "me", the name, or the owner's own age.
    child: anybody under the age from which faces are drawn.
    peers: friends, classmates and the like, as old as the owner for all that words say.
    grown: somebody who is called a grown-up.
    someone: a person of whom no word says how old they are.
    """

    user: bool
    child: bool
    peers: bool
    grown: bool
    someone: bool


@lru_cache(maxsize=READ)
def seen_in(text: str, owner: Owner, *, min_age: int) -> Seen:
    """Whom the text shows, as far as its words tell. `min_age`: younger people count as children."""
    said = JOINERS.sub("", unicodedata.normalize("NFKC", text))
    low = PROPER_NAMES.sub("", said).casefold()
    ages = _ages(low)
    return Seen(
        user=_user(said, low, owner) or any(_is(owner, age, rest) for age, rest in ages),
        child=any(age < min_age for age, _ in ages) or _any(CHILD, low),
        peers=_any(PEERS, low),
        grown=GROWN.search(low) is not None,
        someone=SOMEONE.search(low) is not None,
    )


def _any(words: re.Pattern[str], low: str) -> bool:
    return any(not _harmless(low, found) for found in words.finditer(low))


def _harmless(low: str, found: re.Match[str]) -> bool:
    """Whether the word is said of a thing, or of nobody."""
    if NOT_BEFORE.search(low, max(0, found.start() - 80), found.start()):
        return True
    owns = POSSESSIVE.match(low, found.end())
    if owns:
        return OWNED_YET_SHOWN.match(low, owns.end()) is None
    return any(NOT_AFTER[word].match(low, found.end()) for word in ("", found.group()) if word in NOT_AFTER)


def _user(said: str, low: str, owner: Owner) -> bool:
    unquoted = QUOTED.sub(" ", low)
    return (
        SELFIE.search(low) is not None
        or MYSELF.search(unquoted) is not None
        or any(name.search(said) for name in _names(owner.name))
    )


@cache
def _names(name: str) -> tuple[re.Pattern[str], ...]:
    """The full name in any spelling, and the given name as written; what belongs to the person is not the person."""
    whole = " ".join(name.split())
    if not whole:
        return ()
    given = re.escape(whole.split()[0])
    theirs = rf"(?!['’]s)|\b{given}{OWNED_PARTS}"
    return (
        re.compile(rf"\b{re.escape(whole)}\b(?!['’]s)", re.IGNORECASE),
        re.compile(rf"\b{given}\b{theirs}") if len(given) > 2 else re.compile(rf"\b{given}{OWNED_PARTS}"),
    )


def _ages(low: str) -> list[tuple[float, str]]:
    """The ages of people in years, each with the words after it."""
    found = []
    for match in AGE.finditer(low):
        words = match.group("old") or match.group("aged") or match.group("short")
        number = int(words) if words.isdigit() else NUMBERS[words]
        rest = FUNCTION_WORD.split(low[match.end() : match.end() + 60] + " ", maxsplit=1)[0]
        before = FUNCTION_WORD.split(low[max(0, match.start() - 40) : match.start()])[-1]
        described = before if match.group("aged") else " ".join(rest.split()[:4])
        if OLD_THINGS.search(described) is None:
            found.append((number if match.group("unit") in (None, "year", "yr") else 0.0, described))
    return found


def _is(owner: Owner, age: float, described: str) -> bool:
    """Whether a person of that age, in those words, is the owner."""
    other = {"male": FEMALE, "female": MALE}.get(owner.counts_as)
    return age == owner.age and (other is None or other.search(described) is None)
