"""Stage `image_plans`: where a picture comes from, told by category, source and a few words of the description."""

import random
import re
from dataclasses import replace

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.block import Block, items
from stark_udfs.demo.author.grammar import content_words
from stark_udfs.demo.author.words import a, capital

SELF = re.compile(r"\bselfie\b|\bat arm's length\b|\bcheek to cheek\b", re.IGNORECASE)
TOGETHER = re.compile(r"\bfriends?\b|\bboth people\b|\bcolleagues\b", re.IGNORECASE)
MIRRORED = re.compile(r"\bmirror, both people\b", re.IGNORECASE)
SUBJECT = re.compile(r"\ban? (?:(?:young|elderly) )?(?:man|woman|person)\b", re.IGNORECASE)
YOUNG = re.compile(r"\b(?:child|children|boys?|girls?|pupils?|teenage(?:rs?)?|kids?)\b(?!['’])", re.IGNORECASE)
PAPER = re.compile(
    r"\b(?:screenshot|pages?|chart|diagram|map|plan|list|receipt|infographic|calendar|flowchart|timetable|recipe|"
    r"leaflet|notes?|notebook|register|certificate|minutes book|phrasebook|atlas)\b",
    re.IGNORECASE,
)
ONCE = re.compile(
    r"\b(?:posters?|painting|oil|engraving|woodcut|woodblock|lithograph|print|museum|advert|advertisement|relief|vase|statue|"
    r"photograph|press photo|satellite|postcard|snapshot|sepia|film|medieval|antique|guild)\b",
    re.IGNORECASE,
)
DRAWN = re.compile(r"\b(?:cartoon|drawing|drawings|comic|sketch|model|silhouettes)\b", re.IGNORECASE)
PEOPLE = re.compile(
    r"\b(?:m[ae]n|wom[ae]n|lad(?:y|ies)|people|person|couples?|crowd|someone|gentleman|musicians?|nurses|clerks|peasants|"
    r"villagers|passengers|colleagues|strangers|fishwife|inventors?|goalkeeper|skaters|bride|grandmother|faces)\b",
    re.IGNORECASE,
)
FOUND = {"landmark": 0.9, "food": 0.6, "nature": 0.6, "pet": 0.5, "animals": 0.5, "travel": 0.4, "music": 0.4}
STYLES = {
    "t2i": ("everyday light", "natural colours", "shot on a phone", "slightly grainy", "soft contrast", "sharp detail"),
    "retrieval": ("a plain photograph", "seen straight on", "in natural light", "in the middle of the frame"),
    "web": ("as it is shown in articles", "a clear view of the whole", "the original", "in full"),
}
PARTS = re.compile(r"(?:, |: | with | near | on | in )")


CHILD = re.compile(
    rf"{YOUNG.pattern}|\b(?:bab(?:y|ies)|infants?|newborns?|toddlers?|teens?|youths?|school(?:boy|girl|child|mate)\w*|"
    r"class|team|friends?|famil(?:y|ies)|(?:grand|step|god)?(?:sons?|daughters?|child(?:ren)?)|nieces?|nephews?|"
    r"brothers?|sisters?|siblings?|cousins?|twins?|students?|\w+-graders?|little ones?|"
    r"(?:\d|1\d|[a-z]+teen)[- ](?:year|month|week)s?[- ]olds?|young (?:people|m[ae]n|wom[ae]n)|aged (?:\d|1\d))\b",
    re.IGNORECASE,
)
SPEAKS_OF_OTHERS = re.compile(
    r"\b(?:them|they|their|he|she|his|hers?|him|each|every(?:one|body)|both|all)\b", re.IGNORECASE
)
LEFT = (  # what a moment leaves behind
    "A kitchen table with an open notebook, a spilt bottle of blue ink and a stained pen in the window light",
    "A wet lawn in the evening with a ball by the hedge and a striped scarf on the fence",
    "An empty bench under a chestnut tree, a paper bag and two apple cores beside it",
    "A hallway with muddy boots in a row under the coats, a folded kite leaning on the wall",
    "A gravel path after rain, chalk lines half washed away, a red bucket on its side",
    "A rug in the afternoon sun with wooden blocks, a picture book and a cup of cocoa",
    "A fogged window with a drawn sun on it, a plate of sliced pears on the sill",
    "A swing still moving over worn grass, long shadows of the trees across it",
)
LEFT_ONCE = (
    "A faded photograph of an empty schoolroom, rows of wooden desks and a globe by the window",
    "An old postcard of a village square, a fountain, closed shutters and a handcart",
    "An engraving of a fairground before it opens, a carousel under canvas, flags in the wind",
    "A watercolour of a harbour street, washing between the houses and a cat on the steps",
)


def write(block: Block, rng: random.Random) -> dict[str, Json]:
    """The reply about one picture, or about another in its place."""
    if not block.facts.get("without_children"):
        return plan(block, rng)
    text = childless(str(block.row.get("description") or ""), rng)
    return {"description": text, **plan(replace(block, row={**block.row, "description": text, "keywords": []}), rng)}


def childless(text: str, rng: random.Random) -> str:
    """The parts of a description that speak of no child; another scene where its subject is one."""
    first, *more = text.rstrip(" .").split(", ")
    if CHILD.search(first):
        return rng.choice(LEFT_ONCE if ONCE.search(text) else LEFT)
    return ", ".join([first, *(part for part in more if not (CHILD.search(part) or SPEAKS_OF_OTHERS.search(part)))])


def plan(block: Block, rng: random.Random) -> dict[str, Json]:
    """What is to be made of one picture."""
    text = str(block.row.get("description") or "")
    shown = shown_in(block, text)
    module = module_for(block, text, shown, rng)
    return {
        "shown": shown,
        "under_18": bool(YOUNG.search(text)),
        "real_person": "",
        "module": module,
        "prompt": prompt(block, text, module, shown, rng),
        "retry_prompt": prompt(block, turned(text), module, shown, rng),
        "query": query(block, text),
    }


def shown_in(block: Block, text: str) -> str:
    """Who is in the picture; one found on the internet does not show the user."""
    own = block.row.get("source") != "internet"
    if own and (block.row.get("category") == "selfie" or SELF.search(text) or MIRRORED.search(text)):
        return "user_with_others" if TOGETHER.search(text) else "user"
    if block.row.get("category") in {"screenshot", "document"} or PAPER.search(text):
        return "document"
    return "others" if PEOPLE.search(text) else "nobody"


def module_for(block: Block, text: str, shown: str, rng: random.Random) -> str:
    """The module: p-t2i for the user, a search for what exists, paint for what is anybody's."""
    offered = [str(module) for module in items(block.facts.get("modules"))]
    if shown.startswith("user"):
        return "p-t2i"
    wishes = _wishes(block, text, shown, rng)
    return next((module for module in wishes if module in offered), "t2i")


def _wishes(block: Block, text: str, shown: str, rng: random.Random) -> tuple[str, ...]:
    if DRAWN.search(text):
        return ("t2i", "retrieval", "web")
    if ONCE.search(text) and block.row.get("source") == "internet":
        return ("web", "retrieval", "t2i")
    if shown == "document":
        return ("retrieval", "web", "t2i")
    category = str(block.row.get("category") or "")
    if rng.random() >= FOUND.get(category, 0.25):
        return ("t2i", "retrieval", "web")
    return ("web", "retrieval", "t2i") if category == "landmark" and rng.random() < 0.6 else ("retrieval", "web", "t2i")


def prompt(block: Block, text: str, module: str, shown: str, rng: random.Random) -> str:
    """The description in the words of a module."""
    if module != "p-t2i":
        return f"{capital(text)}, {rng.choice(STYLES[module])}"
    looks = str(block.facts.get("looks") or "")
    noun = str(block.facts.get("noun") or "person")
    subject = f"{a(noun)} img{f' {looks}' if looks else ''},"
    scene, found = SUBJECT.subn(lambda _: subject, text, count=1)
    scene = scene if found else f"{subject} {text[:1].lower()}{text[1:]}"
    hidden = ", the others seen from behind" if shown == "user_with_others" and _reframes(block) else ""
    return capital(f"{scene.replace(',,', ',').rstrip(',')}{hidden}")


def _reframes(block: Block) -> bool:
    return block.facts.get("groups") == "reframe"


def turned(text: str) -> str:
    """The same picture the other way round: "steam against a window: a pot of beans"."""
    place = PARTS.search(text, len(text) // 3)
    if place is None or text[place.start() :].startswith(":"):
        return f"A picture of this: {text[:1].lower()}{text[1:]}"
    first, joint, second = text[: place.start()], place.group().strip(" ,"), text[place.end() :]
    return f"{capital(f'{joint} {second}'.strip())}: {first[:1].lower()}{first[1:]}"


def query(block: Block, text: str) -> str:
    """A few words of the keywords, or of the description."""
    known = [str(word) for word in items(block.row.get("keywords"))]
    if known:
        return " ".join(known[:4])
    words = [word for word in re.findall(r"[\w'’-]+", text.lower()) if len(word) > 2 and content_words(word)]
    return " ".join(dict.fromkeys(words[:6])) or "picture"
