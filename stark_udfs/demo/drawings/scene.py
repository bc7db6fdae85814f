"""A drawn scene for a description: the place and light it names, the things it names, the words below."""

import textwrap
import unicodedata
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw, ImageFont

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.drawings import avatar, places
from stark_udfs.demo.drawings.light import weather
from stark_udfs.demo.drawings.pen import Colour, mix, sheet
from stark_udfs.demo.drawings.sheets import mark, png
from stark_udfs.demo.drawings.thing import Thing, Where
from stark_udfs.demo.drawings.words import THINGS, Named, Scene, scene_of
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.decode import Picture
from stark_udfs.images.wardrobe import Clothing

WIDTH, HEIGHT = 640, 480  # px
W = WIDTH / HEIGHT  # in units of the height
FLOOR = 0.66  # where things far away stand
PERSON = 0.84  # height of a person's box
PERSON_X = 0.36  # its middle, from the left edge or from the right one
PERSON_FOOT = 0.92
CAPTION = 42  # px
LINE = 92  # characters
OUTDOORS = ("garden", "lake", "street", "mountains")
INDOORS = ("table", "table", "kitchen", "cafe")


@dataclass(frozen=True)
class Portrait:
    """The user, where a picture shows them."""

    traits: FixedTraits
    age: int
    clothing: Clothing | None = None


@dataclass(frozen=True)
class Spot:
    """A thing at its place: its middle, its foot and its height."""

    thing: Thing
    tint: Colour
    x: float
    foot: float
    size: float


def scene_card(description: str, seed: int, portrait: Portrait | None = None, *, caption: str | None = None) -> Picture:
    """A drawn picture of a description, 640 × 480 px; equal arguments give equal bytes.

    caption: what stands below; None: the description.
    """
    scene, rng = scene_of(description), rng_of(seed, "scene", description)
    place = places.PLACES[scene.place or place_for(scene, rng)]
    image, pen = sheet(WIDTH, HEIGHT, "#dfe7ec")
    place.draw(pen, W, scene.light)
    left, right = (0.0, W) if portrait is None else (0.70, W) if rng.random() < 0.5 else (0.0, W - 0.70)
    shadow = mix("#5a5048", "#8a8078", 0.3)
    for spot in spots(scene, place, (left, right), rng):
        if spot.thing.where is not Where.SKY and spot.thing.where is not Where.BACK:
            pen.oval(spot.x, spot.foot, spot.size * spot.thing.width * 0.42, 0.012, shadow)
        corner = spot.x - spot.size * spot.thing.width / 2
        spot.thing.draw(pen.at(corner, spot.foot - spot.size, spot.size), spot.tint)
    if portrait is not None:
        corner = (PERSON_X if left else W - PERSON_X) - PERSON / 2
        person = pen.at(corner, PERSON_FOOT - PERSON, PERSON)
        avatar.person(person, portrait.traits, portrait.age, rng, portrait.clothing)
    if not place.indoors:
        weather(pen, W, scene.light)
    return png(captioned(mark(image), description if caption is None else caption))


def place_for(scene: Scene, rng: Random) -> str:
    """A place for a description that names none: where its first thing belongs."""
    first = THINGS[scene.things[0].name].where if scene.things else Where.BACK
    return rng.choice(INDOORS if first is Where.TABLE else OUTDOORS)


def spots(scene: Scene, place: places.Place, span: tuple[float, float], rng: Random) -> list[Spot]:
    """Where everything stands, from far to near."""
    rows: dict[Where, list[Named]] = {Where.SKY: [], Where.BACK: [], Where.GROUND: []}
    for named in scene.things:
        where = THINGS[named.name].where
        rows[Where.GROUND if where is Where.TABLE else where] += [named] * (2 if named.several else 1)
    found = []
    for where, row in rows.items():
        room = (span[1] - span[0]) / max(1, len(row))
        for n, named in enumerate(row):
            thing = THINGS[named.name]
            near = 1.22 if place.table and thing.where is Where.TABLE else 1.0
            size = min(thing.size * near * rng.uniform(0.94, 1.06), room * 0.94 / thing.width)
            x = span[0] + room * (n + 0.5) + rng.uniform(-0.08, 0.08) * room
            x = min(max(x, span[0] + size * thing.width / 2), span[1] - size * thing.width / 2)
            found.append(Spot(thing, named.tint or thing.tint, x, foot(where, place, size, rng), size))
    return found


def foot(where: Where, place: places.Place, size: float, rng: Random) -> float:
    """How far down a thing reaches."""
    if where is Where.SKY:
        return 0.10 + size + rng.uniform(-0.05, 0.05)
    if where is Where.BACK:
        return (0.74 if place.indoors else FLOOR) + rng.uniform(0.02, 0.06)
    return place.stand + rng.uniform(-0.02, 0.01)


def captioned(image: Image.Image, description: str) -> Image.Image:
    """The description in a strip at the bottom, two lines at most."""
    plain = unicodedata.normalize("NFKD", description[:1000]).encode("ascii", "ignore").decode()  # what the font has
    visible = "".join(c if c.isprintable() else " " for c in plain)
    words = textwrap.shorten(visible, LINE * 2 - 8, placeholder=" …")
    lines = textwrap.wrap(words, LINE)[:2]
    draw = ImageDraw.Draw(image, "RGBA")
    height = CAPTION if len(lines) > 1 else CAPTION - 14
    draw.rectangle([(0, image.height - height), (image.width, image.height)], fill=(32, 28, 40, 205))
    font = ImageFont.load_default(12)
    for n, line in enumerate(lines):
        draw.text((12, image.height - height + 7 + n * 15), line, font=font, fill=(250, 248, 244, 255))
    return image
