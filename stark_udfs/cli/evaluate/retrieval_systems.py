"""What `stark evaluate retrieval` is asked for: the benchmark and the systems that its options name."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from stark_udfs.cli.options import Common
from stark_udfs.cli.reading.warehouse import storage_of
from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.settings.splits import SplitSettings

if TYPE_CHECKING:
    from stark_udfs.sql.duckdb import SqlEngine
    from stark_udfs.ultron.answers import Answerer
    from stark_udfs.ultron.retrieval.benchmark import Benchmark
    from stark_udfs.ultron.retrieval.systems import System

BENCHMARKS = ("sessions", "locomo", "photochat", "photochat-pace", "photochat++", "mmdialog", "pairs")
SYSTEMS = ("bm25", "text", "text-tuned", "tiny", "clip", "siglip", "ultron", "described", "reordered")
TEST_SHARE = 0.3  # of the people of the sessions, where no trained model has seen some of them


@dataclass(frozen=True)
class Asked:
    """What the options say."""

    on: str
    data: Path | None
    split: str
    pictures: Path | None
    systems: tuple[str, ...]
    seed: int
    test_share: float
    text_model: str
    clip_model: str
    siglip_model: str
    chat: tuple[Common, Path | None, str]  # settings, warehouse, and a key of `models`
    who: "Answerer | None" = None  # where `ultron` is among the systems


def benchmark_of(asked: Asked, sql: "SqlEngine | None") -> "Benchmark":
    """The queries and pool that the options name.

    Raises:
        InputError: no such benchmark, or its files are not given.
    """
    from stark_udfs.ultron.retrieval.datasets.locomo import locomo
    from stark_udfs.ultron.retrieval.datasets.mmdialog import mmdialog
    from stark_udfs.ultron.retrieval.datasets.pairs import pairs
    from stark_udfs.ultron.retrieval.datasets.photochat import photochat, photochat_plus

    if asked.on not in BENCHMARKS:
        raise InputError(f"--on {asked.on}: {', '.join(BENCHMARKS)}.")
    if asked.on == "sessions":
        return _sessions(sql, asked, asked.split)
    if asked.data is None:
        raise InputError(f"--on {asked.on} needs its files: --data PATH.")
    match asked.on:
        case "locomo":
            return locomo(asked.data, split=asked.split)
        case "pairs":
            return pairs(asked.data, split=asked.split)
        case "mmdialog":
            return mmdialog(asked.data, split=asked.split)
        case "photochat++":
            return photochat_plus(asked.data, pictures=asked.pictures)
        case _:
            context: Literal["pace", "before"] = "pace" if asked.on == "photochat-pace" else "before"
            return photochat(asked.data, split=asked.split, pictures=asked.pictures, context=context)


def systems_of(name: str, asked: Asked, sql: "SqlEngine | None", benchmark: "Benchmark") -> "list[System]":
    """The systems behind a name; two where a result means little without what it was before training.

    Raises:
        SettingsError: no such system.
    """
    from stark_udfs.ultron.retrieval.queries import DIALOGUE, LAST_TURN, THREE_TURNS
    from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
    from stark_udfs.ultron.retrieval.systems.dense import DenseText

    match name:
        case "bm25":
            return [Bm25(THREE_TURNS), Bm25(LAST_TURN)]
        case "tiny":
            from stark_udfs.ultron.retrieval.systems.tiny import TinySettings, train, untrained

            data, settings = _sessions(sql, asked, "train"), TinySettings(seed=asked.seed)
            return [untrained(data, settings), train(data, settings)[0]]
        case "text":
            from stark_udfs.ultron.retrieval.systems.text_encoder import text_encoder

            encoder = text_encoder(asked.text_model)
            return [DenseText(encoder, form) for form in (THREE_TURNS, LAST_TURN)]
        case "text-tuned":
            from stark_udfs.ultron.retrieval.systems.text_encoder import FineTuning, fine_tuned, text_encoder

            data, training = _sessions(sql, asked, "train"), FineTuning(seed=asked.seed)
            return [DenseText(fine_tuned(text_encoder(asked.text_model), data, LAST_TURN, training))]
        case "clip" | "siglip":
            from stark_udfs.ultron.retrieval.systems.pictures import picture_encoder

            model = asked.clip_model if name == "clip" else asked.siglip_model
            return list(picture_encoder(model, name).systems(DIALOGUE, LAST_TURN))
        case "described" | "reordered" | "ultron":
            return [_model_system(name, asked, benchmark)]
        case _:
            raise SettingsError(f"--system {name}: {', '.join(SYSTEMS)}.")


def _model_system(name: str, asked: Asked, benchmark: "Benchmark") -> "System":
    """Descriptions or orders by Ultron or a chat model, made once and kept in the warehouse."""
    from stark_udfs.tables.session import spark_session
    from stark_udfs.ultron.retrieval.descriptions import described_by, reordered_by
    from stark_udfs.ultron.retrieval.queries import LAST_TURN
    from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
    from stark_udfs.ultron.retrieval.systems.text_encoder import text_encoder
    from stark_udfs.ultron.retrieval.ultron import described_by_ultron

    common, warehouse, model = asked.chat
    settings = common.settings(*(() if warehouse is None else storage_of(warehouse)))
    spark = spark_session(settings.spark)
    if name == "reordered":
        return reordered_by(benchmark, Bm25(LAST_TURN), spark, settings, model=model)
    encoder = text_encoder(asked.text_model)
    if asked.who is not None and name == "ultron":
        return described_by_ultron(benchmark, asked.who, encoder, spark, settings)
    return described_by(benchmark, encoder, spark, settings, model=model)


def trained_model(
    common: Common, warehouse: Path | None, named: str | None, test_share: float | None
) -> "tuple[Answerer, float]":
    """Who describes, and the share of people whom no training has seen.

    Raises:
        SettingsError: there is no such model, or it was trained on people who would be tested.
    """
    from stark_udfs.ultron.answers import Answerer

    settings = common.settings(*(() if warehouse is None else storage_of(warehouse)))
    kept = settings.splits.test
    if test_share is not None and test_share > kept:
        raise SettingsError(
            f"--test-share {test_share:g}: training keeps {kept:g} of the people for the test (splits.test), so Ultron "
            f"has seen some of these. Give at most {kept:g}, or train with another splits.test."
        )
    return Answerer.named(named, settings), kept if test_share is None else test_share


def _sessions(sql: "SqlEngine | None", asked: Asked, split: str) -> "Benchmark":
    from stark_udfs.ultron.retrieval.datasets.sessions import sessions

    if sql is None:
        raise InputError("there is no warehouse to train on: --warehouse DIR.")
    shares = SplitSettings(validation=0.0, test=asked.test_share)
    return sessions(sql, split=split, seed=asked.seed, shares=shares)
