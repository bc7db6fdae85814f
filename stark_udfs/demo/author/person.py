"""The person that a request is about, as the offline author sees them: a row joined with what is known of the world."""

import random
from collections.abc import Mapping
from dataclasses import dataclass

from stark_udfs.core.ids import Json
from stark_udfs.demo.author.world import City, Country, LifeStage, city_of, country, life_stage


@dataclass(frozen=True)
class Person:
    """Who speaks. `key` is stable through the stages of an episode; `name` is empty before an episode has one."""

    key: str
    name: str
    age: int
    gender: str
    origin: Country
    home: Country
    city: City
    stage: LifeStage

    @property
    def moved(self) -> bool:
        """Whether they live in another country than they were born in."""
        return self.origin.name != self.home.name

    @property
    def first_name(self) -> str:
        """The given name, empty while there is none."""
        return self.name.split(" ")[0]

    def companion(self, rng: random.Random) -> str:
        """Somebody they do things with, fit to follow "with"."""
        if rng.random() < 0.3:
            return f"my {self.kin(rng)}"
        return rng.choice(self.stage.companions)

    def kin(self, rng: random.Random) -> str:
        """An older relative who may well be alive, in the words of the country they were born in; after "my"."""
        family = self.origin.family
        if self.stage.name == "retired":
            return rng.choice(("sister", "cousin", "nephew", "daughter", "son"))
        if self.stage.name == "midlife":
            return rng.choice((family["mother"], family["father"], "aunt", "uncle"))
        return rng.choice((*family.values(), "aunt", "uncle"))


def person_of(row: Mapping[str, Json]) -> Person:
    """The person of a stage's row; their city is one that the row's text names, else drawn by the row's oldest id."""
    age = row.get("age")
    years = age if isinstance(age, int) else 30
    home = str(row.get("residence") or row.get("birthplace") or "")
    key = str(
        row.get("episode_id") or row.get("commonsense_id") or row.get("demographic_id") or row.get("seed_id") or ""
    )
    text = " ".join(str(row.get(field) or "") for field in ("entity_value", "narrative", "sentence", "inference"))
    return Person(
        key=key,
        name=str(row.get("name") or ""),
        age=years,
        gender=str(row.get("gender") or ""),
        origin=country(str(row.get("birthplace") or home)),
        home=country(home),
        city=city_of(home, key, text),
        stage=life_stage(years),
    )
