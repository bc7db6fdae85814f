"""A flat portrait that follows a face's traits: equal traits give one recognisable person in every picture."""

from dataclasses import dataclass
from random import Random

from stark_udfs.core.ids import rng_of
from stark_udfs.demo.drawings import hair
from stark_udfs.demo.drawings import worn as worn_things
from stark_udfs.demo.drawings.colours import CLOTH, EYES, HAIR, SKIN
from stark_udfs.demo.drawings.pen import Colour, Pen, darker, lighter, mix, sheet
from stark_udfs.demo.drawings.sheets import mark, png
from stark_udfs.images.appearance import FixedTraits
from stark_udfs.images.decode import Picture
from stark_udfs.images.wardrobe import Clothing

SIDE = 512  # px
ADULT = 18  # the least that safety.min_face_age can be
WIDTHS = {"round": 1.06, "square": 1.02, "long": 0.91, "heart-shaped": 1.0, "diamond-shaped": 0.97, "oval": 0.97}
CHINS = {"round": 0.92, "square": 0.90, "long": 1.07, "heart-shaped": 1.02, "diamond-shaped": 1.03, "oval": 1.0}
JAWS = {"square": 0.85, "round": 0.82, "heart-shaped": 0.64, "diamond-shaped": 0.68, "long": 0.78}
SHOULDERS = {"slim": 0.88, "slender": 0.88, "lanky": 0.90, "petite": 0.84, "athletic": 1.04, "broad-shouldered": 1.12}
HEAVY = ("sturdy", "stocky", "full-figured")

GROUNDS = ("#dfe7ec", "#f2e3d0", "#dce8d8", "#e8dcea", "#f4ead0", "#d6e4ea", "#f1dcd7", "#e3e0d5")


@dataclass(frozen=True)
class Build:
    """A head in numbers, which follow from the traits alone."""

    skin: Colour
    hair: Colour
    rx: float  # half the head's width
    chin: float  # how far the chin is from the middle of the head
    eyes_apart: float
    eye: float
    brow: float
    nose: float
    mouth: float
    shoulders: float


@dataclass(frozen=True)
class Mood:
    """What changes from picture to picture."""

    smile: float  # 0 calm … 1 wide
    open_mouth: bool
    glance: float  # -1 left … 1 right
    brow_lift: float


def avatar(traits: FixedTraits, age: int, seed: int, clothing: Clothing | None = None) -> Picture:
    """A portrait, 512 × 512 px; `seed` sets mood and background, never the person."""
    rng = rng_of(seed, "avatar")
    ground = rng.choice(GROUNDS)
    image, pen = sheet(SIDE, SIDE, ground)
    pen.disc(0.5, 0.5, 0.43, lighter(ground, 0.45))
    person(pen, traits, age, rng, clothing)
    return png(mark(image))


def person(pen: Pen, traits: FixedTraits, age: int, rng: Random, clothing: Clothing | None) -> None:
    """Head and shoulders in a box of 1 × 1; what is below its bottom edge is cut off by the picture.

    Raises:
        ValueError: the person is under 18. Nobody so young is shown; the caller withholds the picture.
    """
    if age < ADULT:
        raise ValueError(f"nobody under {ADULT} is shown (got {age}).")
    build = build_of(traits)
    mood = Mood(rng.uniform(0.35, 1), rng.random() < 0.4, rng.uniform(-1, 1), rng.uniform(0, 0.008))
    worn = clothing or plain_clothing(traits)
    covered = worn.small in ("headscarf", "veil")
    if not covered:
        hair.behind(pen, traits, build.hair, build.rx)
    body(pen, build, worn)
    neck_and_head(pen, build, traits)
    if "turtleneck" in worn.collar:
        pen.box(0.5 - 0.082, 0.655, 0.5 + 0.082, 0.76, darker(CLOTH.get(worn.colour, "#888888"), 0.08), 0.02)
    if worn.small == "scarf":
        worn_things.scarf(pen, CLOTH.get(worn.accent, "#888888"))
    features(pen, build, traits, age, mood)
    beard(pen, build, traits, mood)
    mouth(pen, build, mood)
    if covered:
        worn_things.headscarf(pen, build, CLOTH.get(worn.accent, "#888888"), sheer=worn.small == "veil")
    else:
        hair.before(pen, traits, build.hair, build.rx)
    if traits.glasses:
        worn_things.spectacles(pen, build, traits.glasses)
    if worn.small == "headband":
        pen.arc(0.5, 0.40, build.rx + 0.012, 0.235, (207, 333), CLOTH.get(worn.accent, "#888888"), 0.034)
    if worn.hat:
        worn_things.hat(pen, worn.hat, build, CLOTH.get(worn.accent, "#888888"))


def plain_clothing(traits: FixedTraits) -> Clothing:
    """What somebody wears of whom only the traits are known: always the same."""
    rng = rng_of(traits.likeness, "clothes")
    colour = rng.choice(("navy", "teal", "mustard", "rust", "forest-green", "burgundy", "lavender", "grey", "red"))
    return Clothing(
        worn=(),
        colour=colour,
        pattern="plain",
        collar="a crew neck",
        coat_colour=None,
        hat=None,
        small=None,
        accent=colour,
    )


def build_of(traits: FixedTraits) -> Build:
    """Proportions: face shape and build as the words say, the rest from `likeness`."""
    rng = rng_of(traits.likeness, "build")
    heavy = 1.05 if traits.build in HEAVY else 1.0
    return Build(
        skin=SKIN[traits.tone],
        hair=HAIR.get(traits.hair_colour, "#3f2a22"),
        rx=0.168 * WIDTHS.get(traits.face_shape, 1.0) * heavy,
        chin=0.225 * CHINS.get(traits.face_shape, 1.0),
        eyes_apart=rng.uniform(0.064, 0.080),
        eye=rng.uniform(0.019, 0.025),
        brow=0.018 if traits.feature == "thick eyebrows" else rng.uniform(0.009, 0.014),
        nose=rng.uniform(0.018, 0.032),
        mouth=rng.uniform(0.046, 0.066),
        shoulders=SHOULDERS.get(traits.build, 1.06 if traits.build in HEAVY else 0.96),
    )


def body(pen: Pen, build: Build, worn: Clothing) -> None:
    """Shoulders, clothes and collar."""
    colour = CLOTH.get(worn.colour, "#888888")
    half = 0.34 * build.shoulders
    worn_things.trunk(pen, half, colour)
    worn_things.pattern(pen, half, colour, worn.pattern)
    if "turtleneck" not in worn.collar:
        pen.oval(0.5, 0.735, 0.105, 0.052 if "V-neck" not in worn.collar else 0.03, build.skin)
    if "V-neck" in worn.collar or "wrapped" in worn.collar:
        pen.poly([(0.405, 0.725), (0.595, 0.725), (0.5, 0.86)], build.skin)
    if worn.coat_colour:
        worn_things.coat(pen, half, CLOTH.get(worn.coat_colour, "#888888"))
    if worn.small == "tie":
        accent = CLOTH.get(worn.accent, "#888888")
        pen.poly([(0.475, 0.79), (0.525, 0.79), (0.535, 1.05), (0.465, 1.05)], accent)
        pen.poly([(0.468, 0.765), (0.532, 0.765), (0.5, 0.815)], darker(accent))


def neck_and_head(pen: Pen, build: Build, traits: FixedTraits) -> None:
    """Neck with its shadow, ears, head."""
    skin, shade = build.skin, darker(build.skin, 0.14)
    pen.box(0.5 - 0.07, 0.55, 0.5 + 0.07, 0.745, skin, 0.03)
    pen.cut(0.5, 0.605, 0.071, 0.075, (0, 180), shade)
    for side in (-1, 1):
        pen.oval(0.5 + side * (build.rx + 0.004), 0.425, 0.028, 0.042, skin)
        pen.oval(0.5 + side * (build.rx + 0.006), 0.425, 0.014, 0.024, shade)
    jaw = JAWS.get(traits.face_shape, 0.77)
    bottom = 0.40 + build.chin
    pen.oval(0.5, 0.385, build.rx, 0.205, skin)
    pen.oval(0.5, 0.44, build.rx * 0.985, build.chin * 0.72, skin)
    pen.oval(0.5, bottom - 0.095, build.rx * jaw, 0.095, skin)


def features(pen: Pen, build: Build, traits: FixedTraits, age: int, mood: Mood) -> None:
    """Eyes, brows, nose, cheeks, and the lines of age."""
    skin = build.skin
    brow = darker(build.hair if traits.hair_colour else "#3f2a22", 0.2)
    for side in (-1, 1):
        x = 0.5 + side * build.eyes_apart
        pen.oval(x, 0.475, 0.032, 0.020, mix(skin, "#e0776f", 0.26 - 0.02 * traits.tone))
        pen.oval(x, 0.410, build.eye * 1.45, build.eye * 1.02, "#fdfcfa")
        pen.disc(x + mood.glance * 0.006, 0.411, build.eye * 0.82, EYES.get(traits.eye_colour, "#5c3d26"))
        pen.disc(x + mood.glance * 0.006, 0.411, build.eye * 0.42, "#17131a")
        pen.disc(x + mood.glance * 0.006 + 0.006, 0.405, build.eye * 0.22, "#ffffff")
        pen.arc(x, 0.412, build.eye * 1.5, build.eye * 1.2, (195, 345), darker(brow, 0.3), 0.007)
        y = 0.366 - mood.brow_lift
        pen.line([(x - side * 0.030, y + 0.004), (x, y - 0.006), (x + side * 0.036, y + 0.004)], brow, build.brow)
    pen.line([(0.504, 0.425), (0.5 + build.nose * 0.55, 0.470), (0.497, 0.476)], darker(skin, 0.2), 0.008)
    if traits.feature == "freckles across the nose":
        for n in range(9):
            pen.disc(0.5 + (n - 4) * 0.019, 0.455 + (n * 7 % 3) * 0.010, 0.0042, darker(mix(skin, "#a3552c", 0.4), 0.1))
    if traits.feature == "a small mole on the cheek":
        pen.disc(0.5 + build.rx * 0.55, 0.497, 0.007, darker(skin, 0.6))
    if traits.feature == "dimples":
        for side in (-1, 1):
            pen.arc(
                0.5 + side * (build.mouth + 0.026),
                0.525,
                0.012,
                0.018,
                (90, 270) if side > 0 else (270, 90),
                darker(skin, 0.22),
                0.006,
            )
    if traits.feature == "a cleft chin":
        pen.line([(0.5, 0.40 + build.chin - 0.030), (0.5, 0.40 + build.chin - 0.016)], darker(skin, 0.22), 0.007)
    if age >= 50 or traits.feature == "laughter lines around the eyes":
        wrinkles(pen, build, age)


def wrinkles(pen: Pen, build: Build, age: int) -> None:
    """Lines around eyes and mouth; from 65 on the forehead, too."""
    line = darker(build.skin, 0.16 if age < 65 else 0.22)
    for side in (-1, 1):
        x = 0.5 + side * (build.eyes_apart + build.eye * 1.9)
        pen.line([(x, 0.405), (x + side * 0.018, 0.398)], line, 0.005)
        pen.line([(x, 0.415), (x + side * 0.018, 0.420)], line, 0.005)
        pen.arc(0.5 + side * 0.052, 0.505, 0.022, 0.034, (290, 50) if side > 0 else (130, 250), line, 0.006)
        if age >= 65:
            pen.arc(0.5 + side * build.eyes_apart, 0.428, 0.030, 0.018, (35, 145), line, 0.005)
    if age >= 65:
        pen.line([(0.455, 0.315), (0.5, 0.311), (0.545, 0.315)], line, 0.005)
        pen.line([(0.463, 0.333), (0.5, 0.329), (0.537, 0.333)], line, 0.005)


def mouth(pen: Pen, build: Build, mood: Mood) -> None:
    """A smile, open or closed."""
    y, half = 0.528, build.mouth
    lip = mix(darker(build.skin, 0.3), "#b03a48", 0.45)
    if mood.open_mouth:
        pen.cut(0.5, y, half, 0.022 + 0.02 * mood.smile, (0, 180), darker(lip, 0.35))
        pen.cut(0.5, y, half * 0.86, 0.012, (0, 180), "#fbf8f4")
    else:
        pen.arc(0.5, y - 0.012, half, 0.014 + 0.016 * mood.smile, (10, 170), lip, 0.010)


def beard(pen: Pen, build: Build, traits: FixedTraits, mood: Mood) -> None:
    """Stubble, beard or moustache around the mouth."""
    kind = traits.facial_hair
    if not kind:
        return
    colour = build.hair if traits.hair_colour else "#3f2a22"
    bottom = 0.40 + build.chin
    if "stubble" in kind:
        colour = mix(build.skin, colour, 0.28)
    if "moustache" not in kind:
        goatee = "goatee" in kind
        reach = build.rx * (0.36 if goatee else 0.93)
        drop = 0.05 if "long" in kind else 0.022 if "full" in kind else 0.006
        if not goatee:
            pen.cut(0.5, 0.47, reach, bottom - 0.47 + drop, (8, 172), colour)
            pen.oval(0.5, 0.475, reach * 0.80, 0.038, build.skin)
        pen.oval(0.5, bottom - 0.050 + drop * 0.6, reach * 0.8, 0.056 + drop * 0.6, colour)
        pen.oval(0.5, 0.530, build.mouth + 0.008, 0.024, build.skin if "stubble" not in kind else colour)
    if "stubble" not in kind:
        thick = 0.024 if "thick" in kind or "full" in kind else 0.016
        for side in (-1, 1):
            pen.line(
                [(0.5, 0.503), (0.5 + side * 0.03, 0.506), (0.5 + side * (build.mouth + 0.006), 0.520)], colour, thick
            )
