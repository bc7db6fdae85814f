from datetime import date
from pathlib import Path

import pytest

from stark_udfs.core.errors import NotFound, StorageError
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.ultron.card import Known, card, write_card
from stark_udfs.ultron.chat import Conversation, Person, keep, listed, person_of, since
from stark_udfs.ultron.retriever import AlbumRetriever, FoundImage
from stark_udfs.ultron.samples import Sample
from stark_udfs.ultron.training.outcome import TrainedAdapter
from tests.cli import small

ALBUM = (FoundImage("1", "a red kite over the sea", "files/1.png"), FoundImage("2", "a dog", None))
HANA = Person("e-1", "Hana Mori", "Hana flies kites.", date(2024, 2, 1), 0, None, ALBUM)


class Says:
    """Says the same thing each time, and keeps what it was told."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.told: list[Sample] = []

    def answer(self, sample: Sample, *, seed: int) -> str:
        self.told.append(sample)
        return self.text


def describe_a_conversation():
    def it_shows_a_picture_of_the_album():
        model = Says("Here. <RET> <h> the kite at the sea </h>")
        talk = Conversation(HANA, model, AlbumRetriever(ALBUM), date(2024, 3, 1))
        shown = talk.say("Do you remember?")
        assert shown.text == "Here."
        assert [(words, image and image.path) for words, image in shown.images] == [
            ("the kite at the sea", "files/1.png")
        ]
        assert "Today is 2024-03-01, 4 weeks after" in model.told[0].head
        assert "Hana flies kites." in model.told[0].head

    def it_says_when_no_picture_fits():
        talk = Conversation(HANA, Says("<RET> <h> glacier </h>"), AlbumRetriever(ALBUM), date(2024, 3, 1))
        assert talk.say("?").images == (("glacier", None),)

    def it_remembers_by_the_summariser():
        talk = Conversation(HANA, Says("Hi."), AlbumRetriever(ALBUM), date(2024, 3, 1))
        talk.say("I moved to Kobe.")
        writer = Says("Hana moved to Kobe.")
        assert talk.memory(writer) == "Hana moved to Kobe."
        assert "Memory so far: Hana flies kites." in writer.told[0].head

    def it_remembers_without_a_model_what_was_said():
        talk = Conversation(HANA, Says("Hi."), AlbumRetriever(ALBUM), date(2024, 3, 1))
        talk.say("I moved to Kobe.")
        assert talk.memory(None) == "Hana flies kites. On 2024-03-01, Hana Mori said: I moved to Kobe."

    def it_keeps_the_newest_of_a_long_memory():
        turns = [{"speaker": "Hana Mori", "text": "word " * 2000 + "last", "images": []}]
        assert len(listed(HANA, date(2024, 3, 1), turns)) == 3000
        assert listed(HANA, date(2024, 3, 1), turns).endswith("last")


@pytest.mark.parametrize(
    ("last", "today", "words"),
    [
        (None, date(2024, 1, 1), None),
        (date(2024, 1, 1), date(2024, 1, 1), "a few hours"),
        (date(2024, 1, 1), date(2024, 1, 2), "1 day"),
        (date(2024, 1, 1), date(2026, 1, 20), "2 years"),
        (date(2025, 1, 1), date(2024, 1, 1), None),
    ],
)
def describe_the_time_since():
    def it_is_told_in_words(last, today, words):
        assert since(last, today) == words


def describe_the_memory_of_chats():
    def it_goes_on_in_the_next_session(tmp_path: Path):
        small.write(tmp_path)
        before = person_of(str(tmp_path), "files", small.EPISODE)
        talk = Conversation(before, Says("Hi."), AlbumRetriever(before.album), date(2026, 3, 1))
        talk.say("I moved to Kobe.")
        keep(str(tmp_path), talk, talk.memory(None))
        after = person_of(str(tmp_path), "files", small.EPISODE)
        assert (after.chats, after.last) == (1, date(2026, 3, 1))
        assert after.memory is not None
        assert after.memory.endswith("I moved to Kobe.")

    def it_knows_no_episode_that_is_not_there(tmp_path: Path):
        small.write(tmp_path)
        with pytest.raises(NotFound):
            person_of(str(tmp_path), "files", "f" * 16)

    def it_says_which_table_is_missing(tmp_path: Path):
        with pytest.raises(StorageError, match="there is no table narratives"):
            person_of(str(tmp_path), "files", "f" * 16)


def describe_the_model_card():
    def it_tells_versions_intervals_and_the_licence():
        facts = TrainedAdapter(
            "Qwen/Qwen2.5-VL-7B-Instruct", None, "text", "dialogue", "training_samples", 3, "t", 9, 2
        )
        tested = (("photochat", {"R_at_1": 0.31, "R_at_1_low": 0.28, "R_at_1_high": 0.34}),)
        page = card(facts, Known({"train_loss": 1.5}, {"training_samples": "3"}, tested, "r"))
        assert "| training_samples | 3 |" in page
        assert "| R_at_1 | 0.31 | 0.28 to 0.34 |" in page
        assert "licence of the base: Apache-2.0" in page

    @pytest.mark.filterwarnings("ignore")  # of MLflow's own
    @pytest.mark.parametrize(
        ("overrides", "says"),
        [
            (("tracking.enabled=false",), "MLflow run: none; tracking.enabled is false"),
            (("storage.tables=main.stark",), "MLflow run: not read; tracking.uri: main.stark is no local folder"),
            (("tracking.uri=http://127.0.0.1:9", "tracking.timeout_s=1"), "not read; MLflow at http://127.0.0.1:9"),
        ],
    )
    def it_says_what_could_not_be_read(overrides, says, tmp_path: Path):
        TrainedAdapter("here", None, "text", "dialogue", "training_samples", 3, "t", 9, 2).write(tmp_path)
        page = write_card(load_settings("demo", overrides=overrides), tmp_path).read_text()
        assert says in page
        assert "MLflow was not read" in page
