"""Whole episodes by the offline author: rows go from writer to writer as the stages hand them on, without Spark."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from stark_udfs.core.ids import Json, rng_of, stable_id
from stark_udfs.data.names import packaged_names
from stark_udfs.demo.author.block import Block, items, mapping
from stark_udfs.demo.author.stages import albums, commonsense, events, narratives, personas, sessions, summaries
from stark_udfs.demo.author.world import countries
from stark_udfs.stages.text.events.intervals import between, date_of
from stark_udfs.stages.text.personas.categories import CATEGORIES

Row = dict[str, Json]
RELATIONS = ("characteristic", "experience", "goal", "relationship", "routine")
EVENTS: Row = {"asked": 6, "first": "2021-01-01", "last": "2024-04-30", "update_share": 0.17}


@dataclass
class Session:
    """One session as it was written, with what it was asked for."""

    facts: Row
    reply: Row
    acts: tuple[str, ...]
    summary: str

    @property
    def turns(self) -> list[Mapping[str, Json]]:
        """The turns of the reply."""
        return [mapping(turn) for turn in items(self.reply["turns"])]

    def text(self, speaker: str | None = None) -> str:
        """What was said, by one side or by both."""
        return " ".join(str(turn["text"]) for turn in self.turns if speaker in {None, turn["speaker"]})

    def images(self) -> Iterator[tuple[int, Mapping[str, Json]]]:
        """Each picture with the place of its turn."""
        for place, turn in enumerate(self.turns):
            for image in items(turn["images"]):
                yield place, mapping(image)


@dataclass
class Episode:
    """One person's row and everything written about them."""

    row: Row
    events: list[Mapping[str, Json]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


def profile(seed: int, number: int) -> Row:
    """A person with a category that fits their age."""
    rng = rng_of(seed, "profile", number)
    age = rng.randint(10, 90)
    home, born = rng.choice(countries()), rng.choice(countries())
    category = rng.choice([known for known in CATEGORIES if known.min_age <= age <= known.max_age])
    return {
        "demographic_id": stable_id(seed, number), "seed_id": stable_id(seed, number, "seed"), "age": age,
        "gender": rng.choice(("male", "female")), "birthplace": home if rng.random() < 0.7 else born, "residence": home,
        "category": category.path, "entity_key": category.key, "sensitive": category.sensitive,
    }  # fmt: skip


def block(stage: str, row: Row, facts: Row, *, round: int = 0, replies: Sequence[Row] = ()) -> Block:
    """A request as a stage would make it."""
    return Block(stage=stage, unit_key=str(row.get("episode_id") or row["seed_id"]), row=row, round=round,
                 replies=tuple(replies), facts=facts)  # fmt: skip


def life(seed: int, number: int) -> Row:
    """A row of the stage `events`: a person with persona, inference and narrative."""
    row = profile(seed, number)
    rng = rng_of(seed, "life", number)
    item = mapping(rng.choice(items(personas.write(block("personas", row, {"sentences": 30}), rng)["personas"])))
    row |= {"entity_value": item["value"], "sentence": item["sentence"], "relation": rng.choice(RELATIONS)}
    row |= {"commonsense_id": stable_id(seed, number, "c"), "episode_id": stable_id(seed, number, "e")}
    row |= commonsense.write(block("commonsense", row, {}), rng)
    row |= {"name": _name(row, number)}
    return row | narratives.write(block("narratives", row, {}), rng)


def _name(row: Row, number: int) -> str:
    here = [name for name in packaged_names() if name.country == row["birthplace"]]
    first = [name.name for name in here if name.kind == "first" and name.gender == row["gender"]]
    last = [name.name for name in here if name.kind == "last"]
    return f"{first[number % len(first)]} {last[number * 7 % len(last)]}"


def episode(seed: int, number: int, clock: Counter[str]) -> Episode:
    """One whole episode; `clock` sums the seconds of each stage."""
    made = Episode(life(seed, number))
    rng = rng_of(seed, "episode", number)
    reply = events.write(block("events", made.row, EVENTS), rng)
    made.events = [mapping(event) for event in items(reply["events"])]
    album = items(albums.write(block("albums", made.row, {"images": 5}), rng)["images"])
    story: Row = {**made.row, "events": [_accepted(event) for event in made.events]}
    memory: str | None = None
    for place in range(len(made.events)):
        facts = _facts(made, place, album)
        asked = block("sessions", story, facts, round=place, replies=[session.reply for session in made.sessions])
        start = time.process_time()
        said = sessions.write(asked, rng_of(seed, number, "session", place))
        clock["sessions"] += round((time.process_time() - start) * 1e6)
        acts = sessions.acts_of(asked, rng_of(seed, number, "session", place))
        session = Session(facts, said, acts, "")
        memory = _summary(made, session, memory)
        session.summary = memory
        made.sessions.append(session)
        new = [image for _, image in session.images() if image["source"] == "mobile" and not image["album_id"]]
        album = [*album, *({"description": image["description"], "category": "shared"} for image in new)]
    return made


def _accepted(event: Mapping[str, Json]) -> Row:
    return {"event_id": event["id"], "date": str(event["date"]).replace(".", "-"), "event": event["event"],
            "caused_by": event["caused_by"]}  # fmt: skip


def _facts(made: Episode, place: int, album: Sequence[Json]) -> Row:
    event = made.events[place]
    cause = mapping(event["caused_by"]) if event["caused_by"] else {}
    today = day_of(event)
    last = day_of(made.events[place - 1]) if place else None
    return {
        "session_number": place + 1, "date": today.isoformat(), "event": event["event"],
        "interval": between(last, today) if last else None, "days_since": (today - last).days if last else None,
        "experience": cause.get("experience"), "experience_op": cause.get("experience_op"), "brief": None,
        "album": [{"handle": f"a{n}", **mapping(image)} for n, image in enumerate(album, 1)],
        "speakers": {"user": made.row["name"], "assistant": "AI Assistant"},
    }  # fmt: skip


def day_of(event: Mapping[str, Json]) -> date:
    """The day of an event as the reply has it.

    Raises:
        ValueError: it is none.
    """
    found = date_of(str(event["date"]))
    if found is None:
        raise ValueError(f"not a date: {event['date']}")
    return found


def _summary(made: Episode, session: Session, memory: str | None) -> str:
    turns: list[Json] = [
        {
            "speaker": turn["speaker"],
            "text": turn["text"],
            "images": [mapping(i)["description"] for i in items(turn["images"])],
        }
        for turn in session.turns
    ]
    told: Row = {key: session.facts[key] for key in ("session_number", "date", "interval")} | {"turns": turns}
    row: Row = {"episode_id": made.row["episode_id"], "name": made.row["name"]}
    asked = block("summaries", row, {"session": told, "previous": memory})
    return str(summaries.write(asked, rng_of(made.row["episode_id"], session.facts["date"]))["summary"])


def show(made: Episode) -> None:
    """Prints an episode as readable text."""
    row = made.row
    print(f"\n{'=' * 100}\n{row['name']}, {row['age']}, {row['gender']}, {row['birthplace']} -> {row['residence']}")
    print(f"{row['category']}: {row['sentence']}\n{row['relation']}: {row['inference']}\n{row['narrative']}")
    for event, session in zip(made.events, made.sessions, strict=True):
        cause = mapping(event["caused_by"]) if event["caused_by"] else {}
        led = (
            f"  <- {cause['id']}, {cause['time_interval']}, {cause['experience_op']}: {cause['experience']}"
            if cause
            else ""
        )
        print(f"\n--- {event['id']}. {event['date']} {event['event']}{led}")
        for turn in session.turns:
            seen = " ".join(f"[{mapping(i)['source']}: {mapping(i)['description']}]" for i in items(turn["images"]))
            print(f"  {str(turn['speaker']).split(' ')[0]:>10}: {turn['text']}{seen}")
        print(f"      memory: {session.summary}")
