"""Where the values of a text are: each JSON value outside thoughts, in order, in one pass over the text.

Steps are bounded: a place where no value begins costs what was read of it, and no more than so many of them are tried.
"""

import re
from dataclasses import dataclass, field

from stark_udfs.calls.reply.lenient import LenientReader, NotLenientJson
from stark_udfs.calls.reply.thoughts import OPENING, thought_ends
from stark_udfs.core.ids import Json

MOST_BROKEN = 60  # places where a value seems to begin and does not; prose has few brackets
MOST_READ = 4  # times the text, for what is read in vain
MOST_VALUES = 5_000
BEGIN = re.compile(rf"[{{\[]|{OPENING}", re.IGNORECASE)
BRACKET = re.compile(r"[{\[]")
TYPE_WORD = re.compile(r"(?:string|integer|number|boolean|array|object|str|int|float|bool)\b")  # of a form, not a value
FENCE = re.compile(r"\n[ \t]*```")  # never inside a string, where a line break is written \n
BROKEN_ENDS = re.compile(r"```|\n[ \t]*\n|</?[a-z_]+>", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A value from `start` to `end`; or why there is none, of something that names a part of the shape.

    cut: the text ends inside it. lost: what a name that stands twice has overwritten. twice: the outermost object has
    such names.
    """

    start: int
    end: int
    value: Json = None
    fault: str = ""
    cut: bool = False
    lost: str = ""
    twice: bool = False


@dataclass
class Pieces:
    """What was found in a text.

    outside: all text that is no thought. endless: the last thought has no closing mark. fault: of the first bracket
    that begins no value. stopped: not everything was read, so that nothing can be said of the text.
    read: characters read, values and vain tries together.
    """

    text: str
    found: list[Piece] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    outside: str = ""
    endless: bool = False
    fault: str = ""
    stopped: bool = False
    read: int = 0


def pieces_of(text: str, named: re.Pattern[str], *, marks: bool = True) -> Pieces:
    """The values of a text; `named` finds the names of a shape; without `marks` no thinking is looked for."""
    pieces = Pieces(text)
    pattern = BEGIN if marks else BRACKET
    outside: list[str] = []
    at = said = broken = vain = 0
    while (begin := pattern.search(text, at)) is not None:
        start = begin.start()
        if begin.group() not in {"{", "["}:
            outside.append(text[said:start])
            ends = thought_ends(text, begin)
            pieces.thoughts.append(text[begin.end() : ends[0] if ends else len(text)])
            pieces.endless = ends is None
            at = said = ends[1] if ends else len(text)
            continue
        reader = LenientReader(text, start)
        piece = _read(reader, named)
        pieces.read += reader.at - start
        if isinstance(piece, Piece):
            pieces.found.append(piece)
            at = piece.end
        else:
            pieces.fault = pieces.fault or piece
            broken += 1
            vain += reader.at - start
            at = begin.end()
        if broken > MOST_BROKEN or vain > MOST_READ * len(text) or len(pieces.found) > MOST_VALUES:
            pieces.stopped = True
            break
    pieces.outside = "".join((*outside, text[said:]))
    return pieces


def _read(reader: LenientReader, named: re.Pattern[str]) -> Piece | str:
    """The piece that begins where the reader stands; or what is wrong, where it has nothing to do with the shape."""
    start, text = reader.at, reader.text
    try:
        value = reader.read()
    except NotLenientJson as error:
        if named.search(text, start, reader.at) is None or TYPE_WORD.match(text, reader.at):
            return str(error)
        fence = FENCE.search(text, start, reader.at + 3)
        if fence or text.startswith("```", reader.at):
            end = fence.start() if fence else reader.at
            return Piece(start, end, fault=f"it ends inside its JSON, after {end - start} characters")
        after = BROKEN_ENDS.search(text, reader.at)
        return Piece(start, after.start() if after else len(text), fault=str(error))
    if reader.cut and named.search(text, start) is None:
        return f"it ends inside its JSON, after {len(text)} characters"
    return Piece(start, reader.at, value, cut=reader.cut, lost=reader.lost, twice=reader.twice)
