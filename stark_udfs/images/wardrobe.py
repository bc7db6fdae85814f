"""What people wear: pieces that go together, drawn from words of our own, seen as far as the shot shows them."""

from functools import cache
from importlib.resources import files
from random import Random
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from stark_udfs.core.english import article, listed
from stark_udfs.core.records import Record

ONE_PIECE_SHARE = {"male": 0.0, "female": 0.3, "both": 0.1}
SPECIAL_SHARE = 0.08
COAT_SHARE = 0.3
GRAPHIC_SHARE = 0.35
HAT_SHARE = 0.12
SMALL_SHARE = 0.3
BAG_SHARE = 0.4


class Clothing(Record):
    """What a person wears in one picture."""

    worn: tuple[str, ...] = Field(description="pieces in words, outermost last")
    colour: str = Field(description="of the main piece")
    pattern: str = Field(description="of the main piece")
    collar: str
    coat_colour: str | None
    hat: str | None = Field(description="kind of hat")
    small: str | None = Field(description="kind of scarf, headscarf, tie, …")
    accent: str = Field(description="colour of hat and small piece")


class Entry(BaseModel):
    """A kind of garment or hair, with what fits it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str = ""
    sex: Literal["male", "female"] | None = Field(None, alias="for")
    materials: tuple[str, ...] = ()
    collars: tuple[str, ...] = ()
    sleeves: tuple[str, ...] = ()
    shoulders: tuple[str, ...] = ()
    lengths: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    graphic: bool = False
    full: bool = Field(False, description="seen in a full-body shot only")
    wide: bool = Field(False, description="not seen in a portrait or headshot")
    needs: str | None = Field(None, description="the kind of top it goes with")
    weight: float = 1.0
    name: str = ""
    form: str = ""
    from_age: int = 0


class HairPool(BaseModel):
    """Words for hair."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    colours: tuple[str, ...]
    grey: tuple[str, ...]
    dyed: tuple[str, ...]
    styles: tuple[Entry, ...]


class Pool(BaseModel):
    """All words of which faces are drawn; data/faces.yml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    styles: tuple[str, ...]
    full_styles: tuple[str, ...]
    wide_styles: tuple[str, ...]
    builds: tuple[str, ...]
    face_shapes: tuple[str, ...]
    eye_colours: tuple[str, ...]
    features: tuple[str, ...]
    glasses: tuple[str, ...]
    facial_hair: tuple[str, ...]
    hair: HairPool
    backgrounds: tuple[str, ...]
    colours: tuple[str, ...]
    patterns: tuple[str, ...]
    graphics: tuple[str, ...]
    tops: tuple[Entry, ...]
    coats: tuple[Entry, ...]
    bottoms: tuple[Entry, ...]
    one_pieces: tuple[Entry, ...]
    specials: tuple[Entry, ...]
    shoes: tuple[Entry, ...]
    shoe_patterns: tuple[str, ...]
    bags: tuple[Entry, ...]
    hats: tuple[Entry, ...]
    smalls: tuple[Entry, ...]


@cache
def pool() -> Pool:
    """The words, read once per process."""
    return Pool.model_validate(yaml.safe_load(files("stark_udfs.images").joinpath("data/faces.yml").read_text("utf-8")))


def draw_clothing(sex: str, style: str, rng: Random) -> Clothing:
    """Pieces that go together and are seen in that shot."""
    words = pool()
    colour, accent = rng.choice(words.colours), rng.choice(words.colours)
    special, whole = rng.random() < SPECIAL_SHARE, rng.random() < ONE_PIECE_SHARE[sex]
    main = rng.choice(fitting(words.specials if special else words.one_pieces if whole else words.tops, sex))
    pattern = "plain" if special else rng.choice(words.patterns)
    collar = rng.choice(main.collars or ("",))
    coat_colour = rng.choice(words.colours) if not special and rng.random() < COAT_SHARE else None
    hat = rng.choice(fitting(words.hats, sex)) if rng.random() < HAT_SHARE else None
    small = small_piece(sex, style, main.type, rng) if hat is None and rng.random() < SMALL_SHARE else None
    worn = [main_piece(main, colour, pattern, collar, rng)]
    if coat_colour:
        worn.append(coat(rng.choice(fitting(words.coats, sex)), coat_colour, rng))
    if style in words.full_styles:
        worn += lower_pieces(sex, rng, bare_legs=whole or special)
    worn += [accessory(piece, accent, rng) for piece in (hat, small) if piece]
    if style in words.wide_styles and rng.random() < BAG_SHARE:
        bag = rng.choice(fitting(words.bags, sex))
        worn.append(piece_of(rng.choice(bag.materials), bag.type))
    return Clothing(
        worn=tuple(worn),
        colour=colour,
        pattern=pattern,
        collar=collar,
        coat_colour=coat_colour,
        hat=hat.type if hat else None,
        small=small.type if small else None,
        accent=accent,
    )


def main_piece(main: Entry, colour: str, pattern: str, collar: str, rng: Random) -> str:
    """Top, one-piece or special clothing: 'a hip-length navy wool sweater with a crew neck and long sleeves'."""
    piece = piece_of(rng.choice(main.lengths), pattern, colour, rng.choice(main.materials or ("",)), main.type)
    details = [collar, rng.choice(main.sleeves), rng.choice(main.shoulders or ("",))]
    if main.graphic and rng.random() < GRAPHIC_SHARE:
        details.append(rng.choice(pool().graphics))
    return f"{piece} with {listed([detail for detail in details if detail])}"


def coat(entry: Entry, colour: str, rng: Random) -> str:
    """'an open knee-length beige wool overcoat with peak lapels'."""
    piece = piece_of("open", rng.choice(entry.lengths), colour, rng.choice(entry.materials), entry.type)
    details = [rng.choice(entry.collars)]
    if entry.graphic and rng.random() < GRAPHIC_SHARE:
        details.append(f"{rng.choice(pool().graphics)} on the back")
    return f"{piece} with {listed(details)}"


def lower_pieces(sex: str, rng: Random, *, bare_legs: bool) -> list[str]:
    """Bottoms, unless the main piece covers the legs, and shoes."""
    words = pool()
    pieces = []
    if not bare_legs:
        entry = rng.choice(fitting(words.bottoms, sex))
        shape, length, material = rng.choice(entry.shapes), rng.choice(entry.lengths), rng.choice(entry.materials)
        pattern, colour = rng.choice(("plain", "plain", *words.patterns)), rng.choice(words.colours)
        pieces.append(piece_of(length, shape, pattern, colour, material, entry.type))
    shoe = rng.choice(fitting(words.shoes, sex))
    pattern, colour = rng.choice(words.shoe_patterns), rng.choice(words.colours)
    pieces.append(piece_of(pattern, colour, rng.choice(shoe.materials), shoe.type))
    return pieces


def small_piece(sex: str, style: str, main: str, rng: Random) -> Entry | None:
    """A scarf, belt, tie, … that is seen in that shot and goes with the main piece."""
    words = pool()
    entries = [
        entry
        for entry in fitting(words.smalls, sex)
        if (not entry.full or style in words.full_styles)
        and (not entry.wide or style in words.wide_styles)
        and entry.needs in (None, main)
    ]
    return rng.choices(entries, [entry.weight for entry in entries])[0] if entries else None


def accessory(entry: Entry, colour: str, rng: Random) -> str:
    """A hat or a small piece: 'a tartan red wool scarf'."""
    return piece_of(rng.choice(entry.patterns or ("plain",)), colour, rng.choice(entry.materials), entry.type)


def fitting(entries: tuple[Entry, ...], sex: str) -> list[Entry]:
    """The entries for that sex; `both` takes them all."""
    return [entry for entry in entries if sex == "both" or entry.sex in (None, sex)]


def piece_of(*parts: str) -> str:
    """Words of a garment with their article; plurals such as jeans have none."""
    words = " ".join(part for part in parts if part and part != "plain")
    plural = words.endswith("s") and not words.endswith("ss")
    return words if plural else f"{article(words)} {words}"
