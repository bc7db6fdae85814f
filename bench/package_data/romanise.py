"""Names in other alphabets, letter by letter as the country itself writes them in Latin (passports, road signs)."""

import re
import unicodedata
from collections.abc import Mapping

CYRILLIC = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i", "й": "y", "к": "k",
    "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f", "х": "h",
    "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sht", "ъ": "a", "ь": "y", "ю": "yu", "я": "ya",
}  # fmt: skip  # Bulgaria, law of 2009
MACEDONIAN = {**CYRILLIC, "ѓ": "gj", "ѕ": "dz", "ј": "j", "љ": "lj", "њ": "nj", "ќ": "kj", "ц": "c", "џ": "dj"}
BELARUSIAN = {
    **CYRILLIC, "г": "h", "ё": "io", "і": "i", "й": "i", "ў": "u", "х": "kh", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia", "'": "", "’": "",
}  # fmt: skip  # passports
GREEK = {
    "α": "a", "β": "v", "γ": "g", "δ": "d", "ε": "e", "ζ": "z", "η": "i", "θ": "th", "ι": "i", "κ": "k", "λ": "l",
    "μ": "m", "ν": "n", "ξ": "x", "ο": "o", "π": "p", "ρ": "r", "σ": "s", "ς": "s", "τ": "t", "υ": "y", "φ": "f",
    "χ": "ch", "ψ": "ps", "ω": "o", "ου": "ou", "γγ": "ng", "γξ": "nx", "γχ": "nch",
}  # fmt: skip  # ELOT 743
GEORGIAN = {
    "ა": "a", "ბ": "b", "გ": "g", "დ": "d", "ე": "e", "ვ": "v", "ზ": "z", "თ": "t", "ი": "i", "კ": "k", "ლ": "l",
    "მ": "m", "ნ": "n", "ო": "o", "პ": "p", "ჟ": "zh", "რ": "r", "ს": "s", "ტ": "t", "უ": "u", "ფ": "p", "ქ": "k",
    "ღ": "gh", "ყ": "q", "შ": "sh", "ჩ": "ch", "ც": "ts", "ძ": "dz", "წ": "ts", "ჭ": "ch", "ხ": "kh", "ჯ": "j",
    "ჰ": "h",
}  # fmt: skip  # the national system of 2002, without its apostrophes
ARMENIAN = {
    "ա": "a", "բ": "b", "գ": "g", "դ": "d", "ե": "e", "զ": "z", "է": "e", "ը": "y", "թ": "t", "ժ": "zh", "ի": "i",
    "լ": "l", "խ": "kh", "ծ": "ts", "կ": "k", "հ": "h", "ձ": "dz", "ղ": "gh", "ճ": "ch", "մ": "m", "յ": "y", "ն": "n",
    "շ": "sh", "ո": "o", "չ": "ch", "պ": "p", "ջ": "j", "ռ": "r", "ս": "s", "վ": "v", "տ": "t", "ր": "r", "ց": "ts",
    "փ": "p", "ք": "k", "օ": "o", "ֆ": "f", "ու": "u", "և": "ev", "ւ": "v",
}  # fmt: skip  # passports


def bulgarian(name: str) -> str:
    """As Bulgaria writes it; -ия at the end is -ia."""
    return _spelt(re.sub("ия$", "иа", name.lower()), CYRILLIC)


def macedonian(name: str) -> str:
    """As North Macedonia writes it."""
    return _spelt(name.lower(), MACEDONIAN)


def belarusian(name: str) -> str:
    """As Belarus writes it: a soft vowel at the start or after another vowel has its own y."""
    return _spelt(re.sub(r"(?:^|(?<=[аеёіоуыэюя]))([еёюя])", _iotated, name.lower()), BELARUSIAN)


def greek(name: str) -> str:
    """As Greece and Cyprus write it."""
    bare = "".join(c for c in unicodedata.normalize("NFD", name.lower()) if c != "\N{COMBINING ACUTE ACCENT}")
    text = unicodedata.normalize("NFC", bare)
    text = re.sub(r"([αεη])υ(?=[θκξπστφχψς]|$)", r"\1f", text)
    text = re.sub(r"([αεη])υ(?=[αβγδεζηιλμνορω])", r"\1v", text)
    text = re.sub(r"(^|-)μπ", r"\1b", text)
    return _spelt(text, GREEK)


def georgian(name: str) -> str:
    """As Georgia writes it."""
    return _spelt(name, GEORGIAN)


def armenian(name: str) -> str:
    """As Armenia writes it: ye and vo at the start."""
    text = name.lower()
    text = re.sub("^ե(?!վ)", "ye", text)
    text = re.sub("^ո(?!ւ)", "vo", text)
    return _spelt(text, ARMENIAN)


def _iotated(match: re.Match[str]) -> str:
    return {"е": "ye", "ё": "yo", "ю": "yu", "я": "ya"}[match.group(1)]


def _spelt(text: str, letters: Mapping[str, str]) -> str:
    """Each letter, or pair of letters, by the table; what is not in the table stays, and is sorted out later."""
    pairs = "|".join(sorted(map(re.escape, letters), key=len, reverse=True))
    return re.sub(pairs, lambda match: letters[match.group(0)], text)
