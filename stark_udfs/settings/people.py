"""Settings of `demographics`: who the people are."""

from typing import Literal

from pydantic import Field

from stark_udfs.settings.section import Section


class Gender(Section):
    """One gender as people are drawn and spoken of."""

    word: str = Field(min_length=1, description="as in 'a 34-year-old <word>'")
    noun: str = Field(description="adult noun, as in 'a photo of a <noun>': the class word of an image prompt")
    child_noun: str
    subject: str = Field(description="pronoun: she, he, they")
    object: str = Field(description="pronoun: her, him, them")
    possessive: str = Field(description="pronoun: her, his, their")
    weight: float = Field(
        1.0, ge=0, description="relative; with population weights it scales the counts of `counts_as`"
    )
    counts_as: Literal["male", "female", "both"] = Field(description="whose census counts and whose names apply")


GENDERS = (
    Gender(word="male", noun="man", child_noun="boy", subject="he", object="him", possessive="his", counts_as="male"),
    Gender(
        word="female",
        noun="woman",
        child_noun="girl",
        subject="she",
        object="her",
        possessive="her",
        counts_as="female",
    ),
    Gender(
        word="non-binary person",
        noun="person",
        child_noun="child",
        subject="they",
        object="them",
        possessive="their",
        weight=0.02,  # 2 of 102 people
        counts_as="both",
    ),
)
COUNTRIES = (  # the paper's 19
    "United States",
    "China",
    "Japan",
    "India",
    "United Arab Emirates",
    "France",
    "Germany",
    "Italy",
    "South Korea",
    "Saudi Arabia",
    "Kazakhstan",
    "Brazil",
    "Mexico",
    "Egypt",
    "Argentina",
    "Russia",
    "United Kingdom",
    "Spain",
    "Canada",
)


class PeopleSettings(Section):
    """Who the people are: drawn, or the user's own table."""

    source: str | None = Field(
        None,
        description="a CSV, Parquet or Delta table of age, gender, birthplace, residence: its path, or a table's name; "
        "null: drawn",
    )
    count: int = Field(10_000, ge=1, description="profiles to draw")
    weights: Literal["uniform", "population"] = "population"
    bands: tuple[tuple[int, int], ...] = Field(
        tuple((age, age + 10) for age in range(10, 90, 10)),
        description="ages, both ends included; a band, then a uniform age in it",
    )
    min_age: int = Field(10, ge=0, le=120)
    moved_share: float = Field(
        0.30, ge=0, le=1, description="share whose residence is not the birthplace (paper: 0.30)"
    )
    genders: tuple[Gender, ...] = Field(GENDERS, description="the paper has the first two")
    countries: tuple[str, ...] = Field(
        COUNTRIES, min_length=1, description="any country that has names, packaged or in `names`, may be added"
    )
    names: str | None = Field(None, description="a CSV country,gender,kind,name that adds to the packaged names")
