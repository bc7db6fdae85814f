"""What a person looks like: drawn from words of our own, said in one sentence, kept in fields.

The sentence opens as the paper's does: shot, age, gender, birthplace, attributes. What does not change from picture to
picture (hair, build, glasses, features) is kept apart from clothing, so that later prompts can repeat it.
"""

from random import Random

from pydantic import Field

from stark_udfs.core.english import article, listed
from stark_udfs.core.ids import rng_of
from stark_udfs.core.records import Record
from stark_udfs.core.rejects import Reject, RejectReason
from stark_udfs.images.wardrobe import Clothing, draw_clothing, fitting, pool
from stark_udfs.settings.people import Gender

TONES = 8  # of skin, for drawings

GLASSES_SHARE = 0.3
FACIAL_HAIR_SHARE = {"male": 0.45, "female": 0.0, "both": 0.15}
FEATURE_SHARE = 0.5
DYED_SHARE = 0.08  # under 45
DEFINITE = ("Netherlands", "Philippines", "Czech Republic", "Dominican Republic", "USA", "US", "UK", "UAE")


class FixedTraits(Record):
    """What stays with a person in every picture."""

    hair_style: str
    hair_colour: str = Field(description="empty for a shaved head")
    hair_length: str
    hair: str = Field(description="the three in words, as in 'long wavy auburn hair'")
    build: str
    face_shape: str
    eye_colour: str
    glasses: str | None
    facial_hair: str | None
    feature: str | None
    tone: int = Field(ge=0, lt=TONES, description="skin in drawings, drawn apart from birthplace; no prompt says it")
    likeness: int = Field(description="seed of what no word says: proportions of the drawn face")

    def phrase(self) -> str:
        """The traits for a later prompt: 'with a slim build, long wavy auburn hair and round metal glasses'."""
        parts = [f"{article(self.build)} {self.build} build", self.hair, self.facial_hair, self.glasses, self.feature]
        return f"with {listed([part for part in parts if part])}"


class Face(Record):
    """A person as a picture shows them."""

    style: str
    traits: FixedTraits
    clothing: Clothing
    background: str
    description: str = Field(description="the prompt of the face image")


def draw_face(*, age: int, gender: Gender, birthplace: str, seed: int, min_age: int) -> Face | Reject:
    """A face for a person, the same for the same seed; none for a person under `min_age`."""
    if age < min_age:
        return Reject(reason=RejectReason.WITHHELD_MINOR, detail=f"{age} years old; faces are drawn from {min_age} on")
    words = pool()
    rng = rng_of(seed, "face")
    style = rng.choice(words.styles)
    traits = draw_traits(age, gender.counts_as, rng)
    clothing = draw_clothing(gender.counts_as, style, rng)
    background = rng.choice(words.backgrounds)
    shot = style if style.endswith("shot") else f"{style} shot"
    opening = (
        f"{article(style).capitalize()} {shot}, {article(str(age))} {age}-year-old {gender.word} "
        f"from {country(birthplace)}"
    )
    worn = f"wearing {listed(clothing.worn)}"
    return Face(
        style=style,
        traits=traits,
        clothing=clothing,
        background=background,
        description=f"{opening}, {traits.phrase()}, {worn}, in front of {background}.",
    )


def draw_traits(age: int, sex: str, rng: Random) -> FixedTraits:
    """Hair, build, glasses and features that fit age and sex."""
    words = pool()
    kind = rng.choice([style for style in fitting(words.hair.styles, sex) if age >= style.from_age])
    bald = kind.name == "bald"
    colour = hair_colour(age, rng)
    length = rng.choice(kind.lengths)
    share = FACIAL_HAIR_SHARE[sex]
    return FixedTraits(
        hair_style=kind.name,
        hair_colour="" if bald else colour,
        hair_length=length,
        hair=kind.form.format(length=length, colour=colour),
        build=rng.choice(words.builds),
        face_shape=rng.choice(words.face_shapes),
        eye_colour=rng.choice(words.eye_colours),
        glasses=rng.choice(words.glasses) if rng.random() < GLASSES_SHARE + max(0, age - 45) / 120 else None,
        facial_hair=rng.choice(words.facial_hair) if rng.random() < share else None,
        feature=rng.choice(words.features) if rng.random() < FEATURE_SHARE else None,
        tone=rng.randrange(TONES),
        likeness=rng.randrange(2**31),
    )


def hair_colour(age: int, rng: Random) -> str:
    """Greyer with age; dyed now and then while young."""
    hair = pool().hair
    if rng.random() < min(0.85, max(0, age - 40) / 40):
        return rng.choice(hair.grey[: 2 if age < 60 else 4])
    if age < 45 and rng.random() < DYED_SHARE:
        return rng.choice(hair.dyed)
    return rng.choice(hair.colours)


def country(name: str) -> str:
    """A country as it stands after `from`."""
    return f"the {name}" if name.startswith("United ") or name in DEFINITE else name
