import random

import pytest

from stark_udfs.demo.author.beats import beats, phrases, threads
from stark_udfs.demo.author.cast import cast_of
from stark_udfs.demo.author.grammar import render
from stark_udfs.demo.author.person import person_of
from stark_udfs.demo.author.story import ANY_DAY, VARIANTS, retold
from stark_udfs.stages.text.events.intervals import agrees
from stark_udfs.stages.text.events.stage import EventsReply
from stark_udfs.stages.text.personas.categories import CATEGORIES
from tests.demo.author.lives import accepted, day, events_of, person

SOME = ("Preference > Food", "Preference > Season", "School > Type", "Medicine", "Possession > Vehicle")
GROUPS = sorted({group for group, _, _ in threads().values()} | {"alma", "former", "life", "root"})


def describe_write():
    @pytest.mark.parametrize("category", SOME)
    def it_gives_the_events_asked_for_in_the_reply_s_shape(category):
        chain = events_of(person(1, category))
        assert len(EventsReply.model_validate({"events": chain}).events) == 6
        assert [event["id"] for event in chain] == [1, 2, 3, 4, 5, 6]

    @pytest.mark.parametrize("seed", range(8))
    def it_names_an_earlier_cause_and_an_interval_that_agrees_with_the_dates(seed):
        chain = events_of(person(seed), seed)
        assert chain[0]["caused_by"] is None
        for event in chain[1:]:
            cause = event["caused_by"]
            earlier = chain[cause["id"] - 1]
            assert cause["id"] < event["id"]
            assert agrees(cause["time_interval"], earlier=day(earlier), later=day(event), tolerance=0.25)

    def it_does_not_always_name_the_event_before():
        chains = [events_of(person(seed), seed) for seed in range(10)]
        assert any(event["caused_by"]["id"] < event["id"] - 1 for chain in chains for event in chain[1:])

    def it_keeps_to_the_span_and_the_order_of_time():
        chain = events_of(person(2), first="2023-03-01", last="2023-05-31")
        days = [day(event) for event in chain]
        assert days == sorted(days)
        assert days[0].isoformat() >= "2023-03-01" and days[-1].isoformat() <= "2023-05-31"

    @pytest.mark.parametrize(("share", "op"), [(0.0, "add"), (1.0, "update")])
    def it_updates_as_often_as_asked(share, op):
        chain = events_of(person(3), update_share=share)
        assert {event["caused_by"]["experience_op"] for event in chain[1:]} == {op}

    def it_finds_events_for_a_long_chain():
        assert len(events_of(person(4), asked=20)) == 20

    def it_begins_with_what_the_person_says_of_themselves():
        row = person(5, relation="routine")
        assert row["inference"].rstrip(".") in events_of(row)[0]["event"]

    def it_is_the_same_for_the_same_draw_and_another_story_for_another():
        row = person(6)
        assert events_of(row, 1) == events_of(row, 1)
        assert len({str(events_of(row, seed)) for seed in range(20)}) == VARIANTS


def describe_retold():
    def it_finds_the_story_behind_accepted_events_again():
        row = person(7)
        chain = [accepted(event) for event in events_of(row, 3)]
        story = retold(row, [event["event"].upper() for event in chain], [day(event) for event in chain])
        assert [chapter.event for chapter in story] == [event["event"] for event in chain]

    def it_does_not_claim_the_events_of_others():
        assert retold(person(7), ["Mina opens a shop."], [ANY_DAY]) == ()


def describe_the_data():
    def it_knows_a_thread_for_every_category():
        missing = []
        for category in CATEGORIES:
            path = f"{category.path} > {category.key}" if category.path == "Location > Residence" else category.path
            missing += [path] if path not in threads() else []
        assert missing == []

    @pytest.mark.parametrize("group", GROUPS)
    def it_fills_every_slot(group):
        row = person(8)
        for beat in beats(group):
            slots = cast_of(person_of(row), row).slots(beat, ANY_DAY)
            for kind, lines in beat.lines.items():
                for line in lines:
                    said = [render(text, random.Random(1), slots) for text in (line.text, line.second) if text]
                    assert said and not set("<>{}[]|") & set(" ".join(said)), (beat.name, kind, said)

    @pytest.mark.parametrize("group", GROUPS)
    def it_gives_every_beat_what_a_session_needs(group):
        for beat in beats(group):
            assert {"top", "ev", "t", "q", "s", "m", "i"} <= set(beat.lines), beat.name
            assert all(line.second for kind in ("q", "n", "w", "m", "i") for line in beat.lines.get(kind, ())), (
                beat.name
            )
            assert group == "root" or {"ex", "up"} <= set(beat.lines), beat.name

    @pytest.mark.parametrize("group", GROUPS)
    def it_asks_only_for_what_another_beat_of_the_group_gives(group):
        given = {beat.gives for beat in beats(group)}
        assert all(not beat.needs or beat.needs & given or "-" in beat.needs for beat in beats(group))

    def it_has_two_sides_for_every_paired_phrase():
        assert all(line.second for line in phrases()["pair"])
