"""Ultron as a system: what it is told, what is read from it, and a tiny trained one over a small benchmark."""

from datetime import date

from stark_udfs.core.image_words import ASSISTANT
from stark_udfs.ultron.retrieval.benchmark import Query, Turn
from stark_udfs.ultron.retrieval.ultron import description_in, sample_of
from stark_udfs.ultron.samples import Sample

TALK = (Turn("Hana", "Hello!"), Turn(ASSISTANT, "How was the sea?"), Turn("Hana", "Windy. Look:"))


def describe_what_ultron_is_told():
    def it_goes_on_with_the_turn_that_shares_the_image():
        told = sample_of(Query("q", TALK, "i", speaker="Hana", on=date(2024, 2, 1), memory="Hana flies kites."))
        assert [line.text for line in told.lines] == ["Hana: Hello!", f"{ASSISTANT}: How was the sea?"]
        assert (told.tail, told.begun) == ("Hana:", "Windy. Look: <RET> <h>")
        assert "Today is 2024-02-01." in told.head
        assert "Hana flies kites." in told.head

    def it_begins_a_turn_where_the_sharer_has_said_nothing():
        told = sample_of(Query("q", TALK, "i", speaker=ASSISTANT))
        assert (len(told.lines), told.tail, told.begun) == (3, f"{ASSISTANT}:", "<RET> <h>")
        assert "The person is Hana." in told.head
        assert "None" not in told.head

    def it_travels_as_json():
        told = sample_of(Query("q", TALK, "i", speaker="Hana"))
        assert Sample.from_json(told.as_json()) == told


def describe_what_is_read_from_it():
    def it_is_the_description():
        assert description_in(" a red kite </h> and more") == "a red kite"
        assert description_in("Look! <RET> <h> a red kite </h>") == "a red kite"
        assert description_in("a kite that was cut o") == "a kite that was cut o"
        assert description_in("") == ""
