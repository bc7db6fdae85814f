"""Which of a reply's values is the answer: the last, all of them as parts, or none because nobody can tell."""

import re
from typing import TypeVar

from stark_udfs.calls.reply.fitting import Item, Whole, Wrong, fitted, listed, short, together, wrong
from stark_udfs.calls.reply.forms import form_of, items_named
from stark_udfs.calls.reply.joining import MOST_PARTS, goes_on
from stark_udfs.calls.reply.pieces import Piece, Pieces
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason

Said = TypeVar("Said", bound=ReplySchema)

SIDE_BY_SIDE = re.compile(r"[\s,;]*(?:(?:\d{1,4}[.):]|[-*•])\s*)?")
GOES_ON = re.compile(
    r"\b(?:continu\w+|\d+ more|additional\w*|in addition|the rest|remaining|remainder|next (?:batch|part|set|page)"
    r"|(?:part|page|batch|set|chunk) (?:\d+|two|three|ii|iii)|(?:second|third|other) (?:part|half|batch|set)"
    r"|\d+ ?(?:of|/) ?\d+|(?:items?|numbers?|images?) \d+ ?(?:-|–|to) ?\d+)\b"
    r"|\b(?:and|plus|also)\W+(?:json\w*\s+)?\Z",
    re.IGNORECASE,
)
STILL_INSIDE = re.compile(r"\s*[,\]}]")
LONGEST_GAP = 20_000  # characters between two values that are looked at


class Choice:
    """What was made of the values so far."""

    def __init__(self, pieces: Pieces, shape: type[Said]) -> None:
        """Nothing yet."""
        self.text = pieces.text
        self.shape: type[ReplySchema] = shape
        self.best: Whole[ReplySchema] | None = None
        self.trouble: Wrong | None = None
        self.broken = False  # the trouble is a value that could not be read
        self.items: list[Item] = []
        self.echo: Wrong | None = None
        self.end: int | None = None  # of the last value that has to do with the shape
        self.parts = 1
        self.stray = ""  # of an item outside the answer

    def take(self, piece: Piece, *, keep: bool) -> None:
        """The next value."""
        fit = self._fit(piece, keep)
        if fit is None:
            return
        if isinstance(fit, Wrong) and fit.echo:
            self.echo = fit
            return
        gap = None if self.end is None else self.text[self.end : piece.start][:LONGEST_GAP]
        part = gap is not None and (SIDE_BY_SIDE.fullmatch(gap) is not None or GOES_ON.search(gap) is not None)
        if isinstance(fit, Wrong):
            self.trouble, self.broken = fit, bool(piece.fault)
        elif isinstance(fit, Item):
            self._item(fit, part)
        else:
            self._whole(fit, piece, part)
        self.end = piece.end

    def end_of(self) -> Whole[ReplySchema] | Wrong | None:
        """The answer, or what is wrong; None: nothing of the shape."""
        if self.trouble is not None:
            return self.trouble
        if self.best is None:
            if len(self.items) > 1:
                return listed([item.value for item in self.items], self.shape)
            return self.echo
        if self.stray or len(self.items) > self.best.count:
            return wrong(f"{len(self.items)} more items stand outside the answer", self.best.count + len(self.items))
        return self.best

    def _fit(self, piece: Piece, keep: bool) -> Whole[ReplySchema] | Item | Wrong | None:
        if piece.fault or (piece.cut and not keep):
            why = piece.fault or f"it ends inside its JSON, after {len(self.text)} characters"
            held = items_named(self.text[piece.start : piece.end], form_of(self.shape))
            return Wrong(Reject(reason=RejectReason.NOT_JSON, detail=short(why)), held)
        fit = fitted(piece.value, self.shape)
        if fit is None or (isinstance(fit, Whole) and fit.count == 0 and isinstance(piece.value, list)):
            return None
        if piece.lost or (piece.twice and isinstance(fit, Item)):
            return wrong(piece.lost or "two items in one object: its names stand twice")
        return fit

    def _whole(self, fit: Whole[ReplySchema], piece: Piece, part: bool) -> None:
        inside = self.broken and STILL_INSIDE.match(self.text, piece.end) is not None
        if self.trouble is not None and (part or inside or self.trouble.held > fit.count):
            return
        self.trouble = None
        if self.items and part:
            self.stray = "beside"
        if self.best is None:
            self.best = fit
        elif part or self._goes_on(self.best, fit):
            self.parts += 1
            many = wrong(f"more than {MOST_PARTS} answers where one was asked for", self.best.count + fit.count)
            both = together(self.best, fit, self.shape) if self.parts < MOST_PARTS else many
            if isinstance(both, Wrong):
                self.trouble, self.broken = both, False
            else:
                self.best = both
        elif fit.count < self.best.count:
            said = f"an answer of {self.best.count} items, then one of {fit.count}; send one that holds everything"
            self.trouble, self.broken = wrong(said, self.best.count), False
        else:
            self.best = fit

    def _item(self, item: Item, part: bool) -> None:
        self.items.append(item)
        if self.best is not None:
            self.stray = "after"

    def _goes_on(self, first: Whole[ReplySchema], second: Whole[ReplySchema]) -> bool:
        only = form_of(self.shape).only
        if only is None:
            return False
        old, new = first.value.get(only), second.value.get(only)
        return isinstance(old, list) and isinstance(new, list) and goes_on(old, new)


def chosen(pieces: Pieces, shape: type[Said], *, keep_items: bool) -> Said | Reject | None:
    """The answer; why there is none; None: nothing here has to do with the shape."""
    choice = Choice(pieces, shape)
    for piece in pieces.found:
        choice.take(piece, keep=keep_items)
    if pieces.stopped:
        return Reject(
            reason=RejectReason.NOT_JSON, detail=short(f"too many brackets that begin no value: {pieces.fault}")
        )
    verdict = choice.end_of()
    if isinstance(verdict, Whole):
        return verdict.said if isinstance(verdict.said, shape) else None
    return verdict.reject if isinstance(verdict, Wrong) else None
