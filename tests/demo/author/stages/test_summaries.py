import itertools
import re

import pytest

from stark_udfs.core.english import jaccard, words_of
from stark_udfs.core.ids import rng_of
from stark_udfs.demo.author.block import Block
from stark_udfs.demo.author.grammar import content_words, overlap
from stark_udfs.demo.author.stages import summaries
from stark_udfs.demo.author.thirdperson import third_person
from tests.demo.author.lives import events_of, person, talks_of, text_of


def session(number, name, *said):
    turns = [{"speaker": name, "text": text, "images": []} for text in said]
    return {
        "session_number": number,
        "date": "2022-01-01",
        "interval": "3 weeks" if number > 1 else None,
        "turns": turns,
    }


def summary(told, previous=None, name="Mina Okada"):
    facts = {"session": told, "previous": previous}
    return summaries.write(Block("summaries", "u", {"episode_id": "e", "name": name}, facts=facts), rng_of(1))[
        "summary"
    ]


@pytest.fixture(scope="module")
def memories():
    row = person(1, "Preference > Hobby")
    chain = events_of(row)
    found, previous = [], None
    for number, reply in enumerate(talks_of(row, chain), 1):
        turns = [turn | {"images": [image["description"] for image in turn["images"]]} for turn in reply["turns"]]
        told = {"session_number": number, "date": "2022-01-01", "interval": "3 weeks" if number > 1 else None}
        previous = summary(told | {"turns": turns}, previous, row["name"])
        found.append((chain[number - 1], reply, previous))
    return found


def describe_write():
    def it_remembers_the_session_s_event(memories):
        assert all(overlap(event["event"], content_words(memory)) >= 0.5 for event, _, memory in memories)

    def it_keeps_how_it_began_and_never_copies_the_memory_before(memories):
        texts = [memory for _, _, memory in memories]
        begin = re.split(r"(?<=[.!?])\s", texts[0])[0]
        assert all(text.startswith(begin) for text in texts)
        assert all(jaccard(words_of(a), words_of(b)) < 0.9 for a, b in itertools.pairwise(texts))

    def it_is_short_and_in_the_third_person(memories):
        for _, _, memory in memories:
            assert 20 <= len(memory.split()) <= 220
            assert not re.search(r"\b(?:I|I'm|my|me)\b", memory)

    def it_says_nothing_that_was_not_said(memories):
        said = content_words(" ".join(text_of(reply) for _, reply, _ in memories))
        shown = " ".join(i["description"] for _, reply, _ in memories for t in reply["turns"] for i in t["images"])
        known = said | content_words(shown)
        last = memories[-1][2]
        assert overlap(last, known) >= 0.75

    def it_drops_a_plan_that_has_been_carried_out():
        old = "It began with this: Mina joined a choir. Mina planned to buy a red tuning fork for Amir."
        kept = summary(session(2, "Mina Okada", "News: the choir sang.", "I bought the red tuning fork for Amir."), old)
        assert "planned to buy" not in kept and "joined a choir" in kept

    def it_keeps_a_plan_that_is_still_open():
        old = "It began with this: Mina joined a choir. Mina planned to buy a red tuning fork for Amir."
        assert "tuning fork" in summary(session(2, "Mina Okada", "Listen: we sang in the rain all night."), old)

    def it_survives_a_session_without_a_word_of_the_user():
        assert summary({"session_number": 1, "date": "2022-01-01", "interval": None, "turns": []})


def describe_third_person():
    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ("I know my limit.", "Mina knew their limit."),
            ("I'm slow and I was late.", "Mina was slow and they were late."),
            ("My aunt asked me whether I can cook.", "Mina's aunt asked them whether they could cook."),
            ("We sang, and I've got a cold.", "They sang, and Mina had got a cold."),
        ],
    )
    def it_speaks_of_a_person_by_name_and_then_as_they(said, told):
        assert third_person(said, "Mina") == told
