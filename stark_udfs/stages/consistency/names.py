"""Names in text: who is spoken to, who somebody says they are, and what one person is to another."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from stark_udfs.data.names import packaged_names
from stark_udfs.stages.text.matching import listed

NAME = r"(?!I['’])[^\W\d_a-z][\w'’-]+"
ADDRESSED = re.compile(
    rf"(?:^|[.!?…:]\s+)(?:(?i:hello|hi|hey|welcome(?: back)?|good (?:morning|afternoon|evening|night)|"
    rf"nice to hear from you|goodbye|bye|thanks|thank you|dear)(?i: again| there)?,?\s+(?P<greeted>{NAME}(?: {NAME})?)"
    rf"(?=[,.!?:]|$)|(?P<first>{NAME}(?: {NAME})?),\s)|,\s+(?P<last>{NAME}(?: {NAME})?)(?=[.!?…]|$)"
)
INTRODUCED = re.compile(
    rf"\b[Mm]y name(?:'s|’s| is)\s+(?P<named>{NAME}(?:\s{NAME})?)"
    rf"|\bI(?:'m|’m| am)\s+(?P<am>{NAME}(?: {NAME})?)(?=[,.!]|\s+(?:and|from|by)\b)"
)
KIN = frozenset(
    listed(
        "mother father mum dad mom sister brother aunt uncle cousin niece nephew daughter son grandmother "
        "grandfather grandma grandpa granddaughter grandson wife husband"
    )
)
OTHERS = frozenset(listed("neighbour neighbor colleague boss teacher doctor dentist landlord landlady coach"))
ONE_OF_A_KIND = frozenset(listed("mother father mum dad mom wife husband dog cat"))
RELATED = re.compile(
    rf"\b[Mm]y\s+(?:(?:old|little|older|younger|elder|big|best|dear|late)\s+)?"
    rf"(?P<relation>{'|'.join(sorted(KIN | OTHERS | ONE_OF_A_KIND))})"
    rf"(?:\s+called|\s+named|,)?\s+(?P<name>{NAME})(?![\w'’-])"
)


def folded(text: str) -> str:
    """Without accents and case."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


@cache
def first_names() -> frozenset[str]:
    """The packaged first names and their parts, folded."""
    names = [folded(name.name) for name in packaged_names() if name.kind == "first"]
    return frozenset(names) | {part for name in names for part in name.split()}


def is_first_name(said: str) -> bool:
    """Whether a capitalised word is a first name and not, as "Hope" or "May" are, a word with which sentences begin."""
    word = folded(said).split()[0]
    return word in first_names() and (word not in COMMON or (" " in folded(said) and folded(said) in first_names()))


def latin(text: str) -> bool:
    """Whether a text begins in Latin script."""
    return unicodedata.name(text[:1], "").startswith("LATIN")


COMMON = frozenset(
    listed(
        "will grace hope joy faith may june april august summer autumn rose lily ivy mark bill frank jack pat "
        "sunny an my so no sea do you he she art drew rich grant chance chase max miles page brook dawn eve "
        "gene guy jean jay kit lance lee norm ray rob sky van victor young ha han kim min ming jun long dong "
        "da di la le lan bao hong sun son sung song than that the thi to van sam sol star amber ruby pearl "
        "crystal violet olive daisy heather holly hazel jasmine iris honey angel christian earnest happy "
        "lucky precious blessing comfort patience gift peace mercy charity prince king duke earl major bishop"
    )
)


def own_names(name: str) -> frozenset[str]:
    """The parts of a full name, folded."""
    return frozenset(folded(part) for part in re.split(r"[\s-]+", name) if part)


def is_own(said: str, name: str) -> bool:
    """Whether a name that was said means the person: a part of theirs, or a pet form that begins as one does."""
    parts = own_names(name)
    words = folded(said).split()
    return bool(parts & set(words)) or any(len(w) > 2 and part.startswith(w[:3]) for w in words for part in parts)


def addressed(text: str) -> Iterator[tuple[str, str]]:
    """The names by which a turn speaks to somebody, with the words around them."""
    for match in ADDRESSED.finditer(text):
        yield match["greeted"] or match["first"] or match["last"], match[0].strip(" ,.!?:…")


def introduced(text: str) -> Iterator[tuple[str, str, bool]]:
    """The names that somebody gives as theirs, with the words, and whether they said "my name is"."""
    for match in INTRODUCED.finditer(text):
        yield match["named"] or match["am"], match[0], match["named"] is not None


def relations(text: str) -> Iterator[tuple[str, str, str]]:
    """(relation, name, words) of every "my neighbour Galina"."""
    for match in RELATED.finditer(text):
        if match["name"][0].isupper():
            yield match["relation"].casefold(), match["name"].removesuffix("'s").removesuffix("’s"), match[0]


def exclude(one: str, other: str) -> bool:
    """Whether one person cannot be both: an aunt and a sister, a neighbour and an uncle."""
    same = {"mum": "mother", "mom": "mother", "dad": "father", "grandma": "grandmother", "grandpa": "grandfather"}
    one, other = same.get(one, one), same.get(other, other)
    return one != other and ({one, other} <= KIN or bool({one, other} & KIN and {one, other} & (OTHERS - {"boss"})))
