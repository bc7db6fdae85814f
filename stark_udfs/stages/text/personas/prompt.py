"""What a model is asked for: sentences of one profile about one category; and the form of its reply."""

from collections.abc import Sequence

from pydantic import Field

from stark_udfs.calls.request import Prompt
from stark_udfs.core.ids import rng_of
from stark_udfs.core.records import Record, ReplySchema
from stark_udfs.stages.text.personas.categories import ADULT, category_of
from stark_udfs.stages.text.personas.examples import examples_for
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.words import bullets


class PersonaSeed(Record):
    """One call: a profile and the category that its sentences are about."""

    seed_id: str = Field(description="stable_id(demographic_id, category, entity_key, draw)")
    ordinal: int = Field(
        description="place in the order over all seeds, or over the person's own, from 0; may have gaps"
    )
    demographic_id: str
    age: int
    gender: str
    birthplace: str
    residence: str
    category: str
    entity_key: str
    sensitive: bool


class PersonaItem(ReplySchema):
    """One sentence of the reply."""

    sentence: str = Field("", description="one first-person sentence of 6 to 25 words that contains the value")
    key: str = Field("", description="the given key, copied exactly")
    value: str = Field("", description="what the sentence says for that key: a specific name or thing of 1 to 5 words")


class PersonaReply(ReplySchema):
    """What the model sends back."""

    personas: list[PersonaItem] = Field(description="as many sentences as asked for, no two with the same value")


SYSTEM = """\
You write what people say about themselves: short, specific, believable sentences that become the personas of a
conversation dataset. You stay true to the profile you are given and never fall back on clichés about a country, an age
or a gender."""


def ask(settings: PersonasSettings, seed: int, row: PersonaSeed, replies: Sequence[PersonaReply]) -> Prompt | None:
    """One call per profile and category."""
    if replies:
        return None
    category = category_of(row.category, row.entity_key)
    return Prompt(
        system=SYSTEM,
        user=f"""\
The person
- age: {row.age}
- gender: {row.gender}
- born in: {row.birthplace}
- lives in: {row.residence}

Write {settings.sentences} sentences that this person could say about {category.about}.
Category: {row.category}
Key: {row.entity_key}

What makes a good set
{bullets(_rules(row))}
{_shown(settings, seed, row)}
Reply with {settings.sentences} items, each with its sentence, the key "{row.entity_key}" and the value.""",
        shape=PersonaReply,
        facts={"sentences": settings.sentences},
        whole=False,
    )


def _rules(row: PersonaSeed) -> list[str]:
    rules = [
        "Every sentence is in the first person, stands on its own, and fits this person's age, gender, birthplace and "
        "residence.",
        f'Every sentence names one value for the key "{row.entity_key}"; the value is written in the sentence letter '
        "for letter.",
        "Values are concrete: a proper name or a particular kind, never the bare key.",
        "No value comes twice; well-known and little-known ones, from home and from elsewhere, are mixed.",
        "A sentence adds one detail of a life: with whom, when, where, how often or why. Openings and lengths vary.",
        "Each sentence may come from a different life of such a person; they need not agree with each other.",
        "Leave out: full names of private people, insults, sexual content, instructions, lists inside a sentence.",
    ]
    if row.age < ADULT:
        rules.append(
            f"The person is {row.age}, a minor: write what fits a life at home and at school at that age. No paid "
            "career, no driving, no alcohol, tobacco or gambling, no romance."
        )
    if row.sensitive:
        rules.append("The subject is sensitive: speak of it plainly and with dignity; advise nobody, attack nobody.")
    return rules


def _shown(settings: PersonasSettings, seed: int, row: PersonaSeed) -> str:
    """Examples of another category, so that form is shown and content is not."""
    if settings.examples == 0:
        return ""
    shown = examples_for(rng_of(seed, row.seed_id, "examples"), settings.examples, but=row.category, age=row.age)
    lines = [f'{sentence} → key "{shown.key}", value "{value}"' for sentence, value in shown.sentences]
    return f"\nThe form, shown on another category ({shown.path}):\n{bullets(lines)}\n"
