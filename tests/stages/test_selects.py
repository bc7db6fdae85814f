from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stark_udfs.core.errors import SettingsError
from stark_udfs.core.ids import stable_id
from stark_udfs.core.records import Record
from stark_udfs.engine.checking.checks import measured
from stark_udfs.engine.stage import AnyChatStage, Stage
from stark_udfs.settings.run import PipelineSettings
from stark_udfs.stages.images.image_plans import stage as image_plans
from stark_udfs.stages.images.image_plans.prompt import PlanReply
from stark_udfs.stages.images.image_plans.seeds import ImageOrigin, Sharer
from stark_udfs.stages.people import demographics
from stark_udfs.stages.people.quotas import QuotasSettings, band_column
from stark_udfs.stages.people.strata import band_of
from stark_udfs.stages.text import albums, narratives, summaries
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.commonsense.relations import Relation
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.personas.settings import PersonasSettings
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.text.sessions.settings import SessionsSettings
from stark_udfs.stages.text.sessions.turns import TurnItem
from stark_udfs.tables.schema import struct_type
from tests.stages.given import ALBUM, STORY, session_reply, settings_with, shared

GENDERS = ("male", "female", "non-binary person")
COUNTRIES = ("Japan", "Egypt", "Russia")


def values(stage: Stage, rows: DataFrame) -> dict[str, float | None]:
    """What each check of the stage measures over these rows, however few they are."""
    checks = [replace(check, least=0) for check in stage.checks]
    units = rows.withColumn("unit_key", F.monotonically_increasing_id())
    return {found.check.name: found.value for found in measured({stage.name: units}, stage.name, checks)}


def frame(spark: SparkSession, record: type[Record], rows: list[Record]) -> DataFrame:
    return spark.createDataFrame([row.model_dump() for row in rows], struct_type(record))


def settings_for(episodes: int, **of_personas: object):
    return settings_with(
        pipeline=PipelineSettings(episodes=episodes),
        personas=PersonasSettings.model_validate({"sentences_each": 1, "extra_share": 0, **of_personas}),
    )


def rows_of(stage: AnyChatStage, frames: dict[str, DataFrame]) -> list[Record]:
    selected = stage.select(frames)
    assert selected.columns == list(stage.each.model_fields)
    wanted = struct_type(stage.each)
    assert [field.dataType.simpleString() for field in selected.schema] == [x.dataType.simpleString() for x in wanted]
    return [stage.each.model_validate(row.asDict(recursive=True)) for row in selected.collect()]


@pytest.fixture(scope="module")
def people(spark: SparkSession) -> dict[str, DataFrame]:
    rows = [
        demographics.Demographic(
            demographic_id=f"d-{number}",
            age=10 + number,
            gender=GENDERS[number % 3],
            birthplace=COUNTRIES[number % 3],
            residence="Japan",
            origin="uniform",
        )
        for number in range(60)
    ]
    return {"demographics": frame(spark, demographics.Demographic, rows).cache()}


@pytest.fixture(scope="module")
def written(spark: SparkSession, people: dict[str, DataFrame]) -> dict[str, DataFrame]:
    """Personas, inferences and narratives for 40 episodes."""
    settings = settings_for(40)
    seeds = rows_of(personas.stage(settings), people)
    sentences = [
        personas.Persona(
            persona_id=f"p-{seed.seed_id}",
            position=1,
            entity_value="x",
            sentence="I like x.",
            **{
                name: getattr(seed, name)
                for name in ("seed_id", "ordinal", "demographic_id", "category", "entity_key", "sensitive")
            },
        )
        for seed in seeds
    ]
    frames = {**people, "personas": frame(spark, personas.Persona, sentences).cache()}
    inferred = [
        commonsense.Commonsense(
            inference="do it", **seed.model_dump(include={"commonsense_id", "persona_id", "relation", "sensitive"})
        )
        for seed in rows_of(commonsense.stage(settings), frames)
    ]
    frames["commonsense"] = frame(spark, commonsense.Commonsense, inferred).cache()
    told = [
        narratives.Narrative(
            narrative="I am.",
            sentence_form="I am.",
            **seed.model_dump(include=set(narratives.Narrative.model_fields) - {"narrative", "sentence_form"}),
        )
        for seed in rows_of(narratives.stage(settings), frames)
    ]
    frames["narratives"] = frame(spark, narratives.Narrative, told).cache()
    return frames


def with_quotas(settings, **started: int):
    quotas = QuotasSettings(by=("gender", "country"), started=started)
    return settings.model_copy(update={"quotas": quotas})


def describe_quotas():
    def they_start_so_many_candidates_of_each_stratum_and_more_only_add(people, written):
        def started(number: int, table: str) -> dict[str, str]:
            settings = with_quotas(settings_for(40), **{"male | Japan": 2, "female | Egypt": number})
            stage = (personas if table == "personas" else commonsense).stage(settings)
            rows = rows_of(stage, people if table == "personas" else written)
            return {str(getattr(row, stage.unit)): row.gender for row in rows}

        for table in ("personas", "commonsense"):
            few, many = started(3, table), started(7, table)
            assert Counter(few.values()) == {"male": 2, "female": 3}
            assert Counter(many.values()) == {"male": 2, "female": 7}
            assert few.items() <= many.items()

    def their_candidates_are_those_that_a_run_without_quotas_starts_first(people):
        every = rows_of(personas.stage(settings_for(5000)), people)
        first = sorted((row for row in every if row.gender == "male"), key=lambda row: row.ordinal)[:5]
        settings = with_quotas(settings_for(40), **{"male | Japan": 5})
        assert {row.seed_id for row in rows_of(personas.stage(settings), people)} == {row.seed_id for row in first}

    def their_bands_are_those_of_the_audit(people):
        rows = people["demographics"].select("age", band_column(F.col("age")).alias("band")).collect()
        assert all(row["band"] == band_of(row["age"]) for row in rows)


def by_person(**more: object):
    pipeline = PipelineSettings.model_validate({"episodes": 1000, "episodes_per_person": 4, **more})
    personas_settings = PersonasSettings(sentences_each=3, relations_each=1, calls_per_profile=2)
    return settings_with(pipeline=pipeline, personas=personas_settings)


def describe_episodes_per_person():
    def nobody_is_moved_by_who_else_there_is(spark, people):
        few = {"demographics": people["demographics"].where("age < 30")}
        chosen, of_few = (rows_of(personas.stage(by_person()), frames) for frames in (people, few))
        assert [row for row in chosen if row.age < 30] == sorted(of_few, key=chosen.index)
        assert set(Counter(row.demographic_id for row in chosen).values()) == {2}  # calls, for 4 of at most 6 sentences
        assert len({(row.category, row.entity_key) for row in chosen}) > 40
        names = ("seed_id", "ordinal", "demographic_id", "category", "entity_key", "sensitive")
        sentences = [
            personas.Persona(
                persona_id=f"{row.seed_id}-{position}",
                position=position,
                entity_value="x",
                sentence="I like x.",
                **{name: getattr(row, name) for name in names},
            )
            for row in chosen
            for position in (1, 2, 3)
        ]
        frames = {**people, "personas": frame(spark, personas.Persona, sentences)}
        inferred = rows_of(commonsense.stage(by_person()), frames)
        of_person = Counter(row.persona_id[:16] for row in inferred)
        assert (len(inferred), sorted(set(of_person.values()))) == (
            240,
            [1, 3],
        )  # by call
        fewer = {**few, "personas": frames["personas"].join(few["demographics"], "demographic_id", "left_semi")}
        alone = {row.commonsense_id for row in rows_of(commonsense.stage(by_person()), fewer)}
        assert alone == {row.commonsense_id for row in inferred if row.age < 30}
        assert max(Counter(row.relation for row in inferred).values()) < 80

    def more_of_each_only_add(people):
        few, many = (rows_of(personas.stage(by_person(episodes_per_person=each)), people) for each in (3, 4))
        assert {row.seed_id for row in few} < {row.seed_id for row in many}

    def they_stop_where_there_is_no_room_for_all(people):
        with pytest.raises(SettingsError, match=r"60 people with 4 each .* are 240 episodes, and 239 may be started"):
            personas.stage(by_person(episodes=239)).select(people)

    def they_do_not_go_with_quotas():
        both = settings_with(pipeline=PipelineSettings(episodes_per_person=1), quotas=QuotasSettings(accepted=5))
        with pytest.raises(SettingsError, match=r"quotas\.accepted exclude each other"):
            personas.stage(both)


def describe_personas():
    def the_first_seeds_are_one_of_each_category(people):
        rows = sorted(rows_of(personas.stage(settings_for(50)), people), key=lambda row: row.ordinal)
        assert [row.ordinal for row in rows] == list(range(50))
        assert len({(row.category, row.entity_key) for row in rows}) == 50
        assert len({row.demographic_id for row in rows}) > 25

    def more_episodes_only_add(people):
        few, many = (rows_of(personas.stage(settings_for(number)), people) for number in (20, 180))
        assert len(few) == 20
        assert len(many) == 180
        assert {row.seed_id: row for row in few}.items() <= {row.seed_id: row for row in many}.items()

    @pytest.mark.parametrize("number", [1, 49, 700, 2000])
    def its_first_seeds_are_those_of_all_there_are(people, number):
        some, every = (rows_of(personas.stage(settings_for(count)), people) for count in (number, 5000))
        in_order = sorted(every, key=lambda row: row.ordinal)
        assert sorted(some, key=lambda row: row.ordinal) == in_order[:number]

    def its_ids_are_those_of_core(people):
        [row] = rows_of(personas.stage(settings_for(1)), people)
        assert row.seed_id == stable_id(row.demographic_id, row.category, row.entity_key, 0)

    def it_takes_every_fitting_seed_once_there_is_no_more(people):
        rows = rows_of(personas.stage(settings_for(5000, fit_age=False)), people)
        assert len(rows) == len({row.seed_id for row in rows}) == 60 * 50
        assert (
            len(rows_of(personas.stage(settings_for(9000, fit_age=False, calls_per_profile=2)), people)) == 60 * 50 * 2
        )

    def it_keeps_categories_from_ages_that_they_do_not_fit(people):
        rows = rows_of(personas.stage(settings_for(5000)), people)
        assert len(rows) < 60 * 50
        assert min(row.age for row in rows if row.sensitive) == 18
        assert min(row.age for row in rows if row.category.startswith("Employment")) == 18
        assert min(row.age for row in rows) == 10

    def it_leaves_out_what_it_is_told_to(people):
        rows = rows_of(
            personas.stage(settings_for(200, exclude_categories=("Preference > Food",), sensitive=False)), people
        )
        assert not [row for row in rows if row.sensitive or row.category == "Preference > Food"]
        assert len({(row.category, row.entity_key) for row in rows}) == 42

    def another_seed_gives_another_order(people):
        other = settings_for(30).model_copy(update={"pipeline": PipelineSettings(seed=7, episodes=30)})
        first = {row.seed_id for row in rows_of(personas.stage(settings_for(30)), people)}
        assert len(first & {row.seed_id for row in rows_of(personas.stage(other), people)}) < 5


def describe_commonsense():
    def it_takes_one_relation_of_a_sentence_evenly(written):
        rows = rows_of(commonsense.stage(settings_for(40)), written)
        assert len(rows) == len({row.persona_id for row in rows}) == 40
        counts = [sum(row.relation is relation for row in rows) for relation in Relation]
        assert max(counts) - min(counts) <= 4
        assert all(row.commonsense_id == stable_id(row.persona_id, row.relation.value) for row in rows)

    def more_episodes_only_add(written):
        few, many = (rows_of(commonsense.stage(settings_for(number)), written) for number in (7, 31))
        assert (len(few), len(many)) == (7, 31)
        assert {row.commonsense_id for row in few} < {row.commonsense_id for row in many}

    def it_stops_within_a_call_where_the_number_says_so(written):
        few, many = (
            {row.commonsense_id for row in rows_of(commonsense.stage(settings_for(number, relations_each=3)), written)}
            for number in (7, 8)
        )
        assert (len(few), len(many)) == (7, 8)
        assert few < many

    def it_takes_up_to_all_five_relations(written):
        rows = rows_of(commonsense.stage(settings_for(1000, relations_each=5)), written)
        assert len(rows) == 40 * 5
        two = rows_of(commonsense.stage(settings_for(1000, relations_each=2)), written)
        assert {row.commonsense_id for row in two} < {row.commonsense_id for row in rows}


def describe_narratives():
    def it_names_everybody_by_birthplace_and_gender(written):
        rows = rows_of(narratives.stage(settings_for(40)), written)
        assert len(rows) == 40
        assert all(len(row.name.split()) >= 2 and row.name.isascii() is not None for row in rows)
        assert len({row.name for row in rows}) > 35
        assert all(row.episode_id == stable_id(row.commonsense_id, "episode") for row in rows)

    def it_stops_where_there_are_no_names(written):
        nowhere = {**written, "demographics": written["demographics"].withColumn("birthplace", F.lit("Atlantis"))}
        with pytest.raises(Exception, match="no names for Atlantis"):
            rows_of(narratives.stage(settings_for(40)), nowhere)


def describe_later_stages():
    def events_and_albums_see_the_life(written):
        for module in (events, albums):
            rows = rows_of(module.stage(settings_for(40)), written)
            assert len({row.episode_id for row in rows}) == 40
            assert {row.inference for row in rows} == {"do it"}

    def sessions_and_summaries_see_what_happened(spark, written):
        settings = settings_for(40)
        person = written["narratives"].first()
        sequence = events.EventSequence(episode_id=person["episode_id"], events=STORY.events)
        album = albums.Album(episode_id=person["episode_id"], images=ALBUM)
        frames = {
            **written,
            "events": frame(spark, events.EventSequence, [sequence]),
            "albums": frame(spark, albums.Album, [album]),
        }
        [story] = rows_of(sessions.stage(settings), frames)
        assert (story.events, story.album, story.name) == (STORY.events, ALBUM, person["name"])

        made = sessions.parse(SessionsSettings(), story.model_copy(update={"name": STORY.name}), [session_reply()] * 6)
        frames["sessions"] = frame(spark, sessions.Session, made[::-1]).repartition(3)
        [chronicle] = rows_of(summaries.stage(settings), frames)
        assert [chapter.session_number for chapter in chronicle.sessions] == [1, 2, 3, 4, 5, 6]
        assert chronicle.sessions[5].session_date == date(2024, 2, 1)
        assert chronicle.sessions[0].turns == made[0].turns

        for module in (events, albums, sessions):
            stage = module.stage(settings)
            assert values(stage, frames[stage.name])[stage.checks[0].name] is not None

    def image_plans_see_every_image_once_with_the_turns_around(spark, written):
        person = written["narratives"].first()
        story = STORY.model_copy(update={"episode_id": person["episode_id"]})
        tram, again = shared(), shared(source="mobile", album_id="a1")
        talk = session_reply(
            TurnItem(speaker="Hana Mori", text="Look.", images=[tram, again]),
            TurnItem(speaker="AI Assistant", text="", images=[shared(description="A chart of trams.")]),
            TurnItem(speaker="Hana Mori", text="Oh."),
            TurnItem(speaker="AI Assistant", text="Yes."),
        )
        made = sessions.parse(SessionsSettings(min_sessions=1), story, [talk])
        frames = {
            **written,
            "albums": frame(spark, albums.Album, [albums.Album(episode_id=story.episode_id, images=ALBUM)]),
            "sessions": frame(spark, sessions.Session, [row for row in made if isinstance(row, sessions.Session)]),
        }
        stage = image_plans.stage(settings_for(40))
        of_album, of_turn = [], []
        for row in sorted(rows_of(stage, frames), key=lambda row: (row.turn or 0, row.image_id)):
            (of_turn if row.stands_in is ImageOrigin.TURN else of_album).append(row)
        assert [row.image_id for row in of_album] == ["i-1", "i-2"]
        assert {(row.category, row.source, tuple(row.turns_before)) for row in of_album} == {("food", None, ())}
        assert [(row.turn, row.shared_by, row.source) for row in of_turn] == [
            (3, Sharer.USER, "internet"),
            (4, Sharer.ASSISTANT, "internet"),
        ]
        assert of_turn[0].image_id == stable_id(story.episode_id, "image", 1, 3, 1)
        assert [line.text for line in of_turn[0].turns_before] == [
            "You won't believe this morning.",
            "Tell me.",
            "Look.",
        ]
        assert [line.text for line in of_turn[0].turns_after] == ["Oh."]
        assert [line.text for line in of_turn[1].turns_after] == ["Oh.", "Yes."]
        assert {row.name for row in of_turn + of_album} == {person["name"]}

        said = PlanReply(
            shown="nobody", under_18=False, real_person="", module="web", prompt="A tram", retry_prompt="", query="tram"
        )
        plans = [plan for row in of_turn for plan in image_plans.parse(settings_for(40), row, [said])]
        table = frame(spark, image_plans.ImagePlan, plans)
        found = values(stage, table)
        assert (found["share of web"], found["share of p-t2i"], found["different prompts"]) == (1.0, 0.0, 0.5)
        assert found["pictures of the user that p-t2i makes"] == 1.0

    def early_checks_can_be_measured(written):
        for module in (personas, commonsense, narratives):
            stage = module.stage(settings_for(40))
            found = values(stage, written[stage.name])
            assert None not in found.values()
        assert found["first person"] == 1
