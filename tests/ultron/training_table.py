"""A table `training_samples` beside the small warehouse of tests/cli, without Spark."""

from datetime import date
from pathlib import Path

from stark_udfs.core.image_words import ASSISTANT, image_words
from stark_udfs.stages.training.training_samples import TABLE, ContextTurn, TrainingSample
from tests.cli import small

SPLITS = ("train", "train", "train", "validation", "test")
POT = "A red pot on a stove."


def write(root: Path, count: int = 20, splits: tuple[str, ...] = SPLITS) -> None:
    """So many turns of as many people: every second one shares the red pot."""
    small.write_table(root, TABLE, [_sample(number, splits[number % len(splits)]) for number in range(count)])


def _sample(number: int, split: str) -> TrainingSample:
    shares = number % 2 == 0
    return TrainingSample(
        sample_id=f"{number:016x}",
        episode_id=f"e{number:015x}",
        session_number=1,
        turn=2,
        split=split,
        role="assistant",
        kind="image" if shares else "text",
        name="Ana Lima",
        session_date=date(2022, 3, 5),
        interval=None,
        memory="Ana cooks on Sundays.",
        face=None,
        context=[ContextTurn(speaker="Ana Lima", text="Look at this!", images=[])],
        speaker=ASSISTANT,
        target=f"What a pot. {image_words(POT)}" if shares else "What did you cook?",
        image_ids=["a100000000000001"] if shares else [],
        characters=120,
    )
