"""A reader of almost-JSON: what models write when they mean JSON. It never evaluates anything.

Taken: text after the value, single and typographic quotes as delimiters, around a name in any pairing, trailing commas,
raw line breaks in strings, `True`, `False`, `None`, `NaN` (as null), `//` comments. Not taken: anything that would have
to be guessed, such as a missing comma or an unescaped quote inside a string; those are asked again.

Of a name that stands twice in one object the last value holds, but nothing that may be an item is lost by it: two lists
are joined where they are parts of one, and everything else is told in `lost`.
"""

import re

from stark_udfs.calls.reply.joining import MOST_PARTS, joined
from stark_udfs.core.ids import Json

DEEPEST = 64
CLOSING = {
    '"': '"',
    "'": "'",
    "\u201c": "\u201d",
    "\u201d": "\u201d",
    "\u201e": "\u201d\u201c",
    "\u2018": "\u2019",
    "\u2019": "\u2019",
    "\u00ab": "\u00bb",
    "\uff02": "\uff02",
}
NAME = re.compile(
    r"[^\"'\u201c-\u201f\u2018\u2019\u00ab\u00bb\uff02\\:{}\[\]]{0,200}[\"'\u201c-\u201f\u2018\u2019\u00bb\uff02](?=\s*:)"
)
MIXED = re.compile(r'"\s*(?::|,\s*["\u201c]|[}\]])')  # a straight quote that ends something inside curly ones
SPACE = re.compile(r"(?:[\s\ufeff\u200b]+|//[^\n]*)*")
NUMBER = re.compile(r"-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,4})?")
WORD = re.compile(r"[A-Za-z]{3,5}")
WORDS: dict[str, bool | None] = {
    "true": True,
    "false": False,
    "null": None,
    "True": True,
    "False": False,
    "None": None,
    "NaN": None,
    "nan": None,
}
UNTIL = {end: re.compile(rf"[^{end}\\]*") for end in CLOSING.values()}
HEX = re.compile(r"[0-9a-fA-F]{4}")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
LONGEST_INTEGER = 18  # digits: what a long column holds


class NotLenientJson(ValueError):
    """The text is not even almost JSON; the message says where."""


class CutOff(NotLenientJson):
    """The text ends before the value does."""


class LenientReader:
    """Reads one value; `at` is then the place after it, and `cut` says that the text ended inside it.

    Of a value that was cut off, the list items that were complete are there. `lost` says what a name that stands twice
    has overwritten, and `twice` that the outermost object has such names.
    """

    def __init__(self, text: str, start: int = 0) -> None:
        """Read from character `start` on."""
        self.text = text
        self.at = start
        self.cut = False
        self.lost = ""
        self.twice = False
        self.joins = 0

    def read(self) -> Json:
        """The value at the start.

        Raises:
            CutOff: the text ends before anything complete.
            NotLenientJson: it is not a value.
        """
        return self._value(0)

    def _value(self, depth: int) -> Json:
        if depth > DEEPEST:
            raise NotLenientJson(f"deeper than {DEEPEST} levels at character {self.at}")
        first = self._peek()
        if first == "{":
            return self._object(depth)
        if first == "[":
            return self._array(depth)
        if first in CLOSING:
            return self._string()
        return self._plain()

    def _object(self, depth: int) -> Json:
        self.at += 1
        found: dict[str, Json] = {}
        doubled: dict[str, bool] = {}
        try:
            while self._peek() != "}":
                if self._peek() not in CLOSING:
                    raise NotLenientJson(f"no quoted name at character {self.at}")
                name = self._name()
                self._expect(":")
                value = self._value(depth + 1)
                if not self.cut or isinstance(value, list):
                    if name in found:
                        value = self._again(name, found[name], value, doubled)
                    found[name] = value
                if self.cut:
                    return found
                self._comma("}")
            self.at += 1
        except CutOff:
            self.cut = True
        if any(doubled.values()) and len(doubled) >= min(2, len(found)):
            self._twice(doubled, depth)
        return found

    def _again(self, name: str, old: Json, new: Json, doubled: dict[str, bool]) -> Json:
        """The value of a name that stands twice; `doubled` then holds whether the two differ."""
        differ = old != new
        if differ and isinstance(old, list) and isinstance(new, list):
            self.joins += 1
            both = joined(old, new) if self.joins < MOST_PARTS else None
            if both is not None:
                return both
        if differ and (isinstance(old, list | dict) or isinstance(new, list | dict)):
            self.lost = self.lost or f"{name!r} stands twice, with different contents"
        doubled[name] = doubled.get(name, False) or differ
        return new

    def _twice(self, doubled: dict[str, bool], depth: int) -> None:
        """Names that stand twice in one object of a list are two items run together."""
        if depth == 0:
            self.twice = True
        else:
            self.lost = self.lost or f"two items in one object: {', '.join(sorted(doubled))[:200]} stand twice"

    def _array(self, depth: int) -> Json:
        self.at += 1
        found: list[Json] = []
        try:
            while self._peek() != "]":
                value = self._value(depth + 1)
                if self.cut:
                    return found
                found.append(value)
                self._comma("]")
            self.at += 1
        except CutOff:
            self.cut = True
        return found

    def _name(self) -> str:
        """A name; whatever quotes are around it, a colon comes after them."""
        name = NAME.match(self.text, self.at + 1)
        if name is None:
            return self._string()
        self.at = name.end()
        return name.group()[:-1]

    def _string(self) -> str:
        begin = self.at
        text = self._quoted()
        if self.text[begin] in "\u201c\u201d\u201e" and MIXED.search(self.text, begin, self.at):
            raise NotLenientJson(f"straight and curly quotes mixed in a string at character {begin}")
        return text

    def _quoted(self) -> str:
        end = CLOSING[self.text[self.at]]
        self.at += 1
        pieces: list[str] = []
        while True:
            plain = UNTIL[end].match(self.text, self.at)
            if plain:
                pieces.append(plain.group())
                self.at = plain.end()
            if self.at >= len(self.text):
                raise CutOff(f"the text ends inside a string at character {self.at}")
            if self.text[self.at] in end:
                self.at += 1
                return "".join(pieces)
            pieces.append(self._escape())

    def _escape(self) -> str:
        self.at += 2
        if self.at > len(self.text):
            raise CutOff("the text ends inside an escape")
        letter = self.text[self.at - 1]
        if letter != "u":
            return ESCAPES.get(letter, letter)
        first = self._hex()
        if 0xD800 <= first < 0xDC00 and self.text.startswith("\\u", self.at):
            mark = self.at
            self.at += 2
            second = self._hex()
            if 0xDC00 <= second < 0xE000:
                return chr(0x10000 + ((first - 0xD800) << 10) + second - 0xDC00)
            self.at = mark
        return "\ufffd" if first == 0 or 0xD800 <= first < 0xE000 else chr(first)

    def _hex(self) -> int:
        digits = HEX.match(self.text, self.at)
        if digits is None:
            raise NotLenientJson(f"a bad \\u escape at character {self.at}")
        self.at = digits.end()
        return int(digits.group(), 16)

    def _plain(self) -> Json:
        number = NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            if self.at == len(self.text):
                raise CutOff("the text ends inside a number")
            return _number(number.group(), self.at)
        word = WORD.match(self.text, self.at)
        if word is None or word.group() not in WORDS:
            rest = self.text[self.at : self.at + 6]
            if self.at + len(rest) == len(self.text) and any(known.startswith(rest) for known in WORDS):
                raise CutOff("the text ends inside a word")
            raise NotLenientJson(f"no value at character {self.at}: {self.text[self.at : self.at + 20]!r}")
        self.at = word.end()
        return WORDS[word.group()]

    def _comma(self, closing: str) -> None:
        following = self._peek()
        if following == ",":
            self.at += 1
        elif following != closing:
            raise NotLenientJson(f"no comma at character {self.at}: {self.text[self.at : self.at + 20]!r}")

    def _expect(self, mark: str) -> None:
        if self._peek() != mark:
            raise NotLenientJson(f"no {mark!r} at character {self.at}")
        self.at += 1

    def _peek(self) -> str:
        space = SPACE.match(self.text, self.at)
        if space:
            self.at = space.end()
        if self.at >= len(self.text):
            raise CutOff(f"the text ends inside the value at character {self.at}")
        return self.text[self.at]


def _number(digits: str, at: int) -> int | float:
    if digits.lstrip("-").isdigit():
        if len(digits) > LONGEST_INTEGER:
            raise NotLenientJson(f"a number of {len(digits)} digits at character {at}")
        return int(digits)
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise NotLenientJson(f"a number out of range at character {at}")
    return value
