"""Trainings of tiny models of the real classes, on the CPU."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.settings.ultron import LoraSettings, UltronSettings
from stark_udfs.ultron.samples import Line, Sample
from stark_udfs.ultron.training.dataset import write_samples
from stark_udfs.ultron.training.launch import run_processes
from stark_udfs.ultron.training.train import TrainingJob, could_not_write, last_checkpoint, set_aside, train
from tests.ultron import tiny

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries' own
SEES = ("mllama", "qwen2_vl", "llava")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> str:
    from PIL import Image

    folder = tmp_path_factory.mktemp("samples")
    Image.new("RGB", (40, 30), (200, 30, 30)).save(folder / "face.png")
    told = [
        Sample(
            str(number),
            "The person is Hana.",
            "face.png" if number % 3 else None,
            (Line("Hana: Look:"),),
            "AI Assistant:",
            "Lovely. <RET> <h> a red kite over the sea </h>",
        )
        for number in range(16)
    ]
    write_samples(folder / "train.arrow", told, str(folder), 400)
    return str(folder / "train.arrow")


def job(model: str, samples: str, folder: Path, **more: object) -> TrainingJob:
    settings = UltronSettings(
        model=model,
        **{"lora": LoraSettings(rank=4, alpha=8, dropout=0.1, four_bit=False)}
        | {
            "max_tokens": 400,
            "accumulation": 1,
            "batch_size": 2,
            "learning_rate": 0.02,
            "max_steps": 6,
            "save_steps": 2,
        }
        | more,
    )
    return TrainingJob(
        settings=settings,
        folder=str(folder),
        train=samples,
        validation=None,
        source="here",
        table="training_samples",
        version=3,
        samples=16,
    )


def losses(folder: Path) -> list[float]:
    state = json.loads((Path(last_checkpoint(folder) or "") / "trainer_state.json").read_text())
    return [entry["loss"] for entry in state["log_history"] if "loss" in entry]


def describe_a_training():
    @pytest.mark.parametrize("kind", SEES)
    def it_learns_and_its_tokens_survive(kind: str, samples: str, tmp_path: Path):
        import torch
        import transformers as t

        from stark_udfs.ultron.training.models import load_trained

        base = tiny.save(kind, tmp_path / "base")
        train(job(base, samples, tmp_path / "out", special_tokens="added"))
        found = losses(tmp_path / "out")
        assert found[-1] < found[0] - 0.3
        merged = load_trained(tmp_path / "out" / "adapter", merge=True)
        ids = merged.processor.tokenizer("<RET> <h> kite </h>", add_special_tokens=False)["input_ids"]
        assert set(merged.added) <= set(ids)
        assert merged.processor.tokenizer.decode(ids, skip_special_tokens=False).split() == [
            "<RET>",
            "<h>",
            "kite",
            "</h>",
        ]
        given = {"input_ids": torch.tensor([ids])}
        before = merged.model(**given).logits
        merged.model.save_pretrained(tmp_path / "merged")
        again = t.AutoModelForImageTextToText.from_pretrained(tmp_path / "merged").eval()
        assert before.shape[-1] > max(merged.added)
        assert torch.allclose(before, again(**given).logits, atol=1e-5)

    def it_goes_on_where_a_kill_left_it(samples: str, tmp_path: Path):
        base = tiny.save("llava", tmp_path / "base")
        train(job(base, samples, tmp_path / "whole", max_steps=12))
        killed = job(base, samples, tmp_path / "killed", max_steps=12)
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "stark_udfs.ultron.training.launched", str(killed.write())],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while last_checkpoint(tmp_path / "killed") is None and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        train(killed)
        assert losses(tmp_path / "killed") == pytest.approx(losses(tmp_path / "whole"), abs=1e-5)

    def it_sets_a_checkpoint_that_was_cut_off_aside(tmp_path: Path):
        (tmp_path / "checkpoints" / "checkpoint-4").mkdir(parents=True)
        assert last_checkpoint(tmp_path) is None
        set_aside(tmp_path)
        assert (tmp_path / "checkpoints" / "cut-off-4").is_dir()

    @pytest.mark.parametrize(
        "error",
        [  # as torch, safetensors and Python end on a full tmpfs
            RuntimeError("basic_ios::clear: iostream error"),
            RuntimeError("[enforce fail at inline_container.cc:671] . unexpected pos 64 vs 0"),
            RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)"),
            OSError(28, "No space left on device"),
        ],
    )
    def it_knows_a_checkpoint_that_could_not_be_written(error: Exception):
        assert could_not_write(error)
        assert not could_not_write(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))

    def it_refuses_a_model_without_an_image_part(samples: str, tmp_path: Path):
        base = tiny.save("llama", tmp_path / "base")
        with pytest.raises(SettingsError, match="has no image part"):
            train(job(base, samples, tmp_path / "out"))

    def it_refuses_four_bits_without_a_gpu(samples: str, tmp_path: Path):
        base = tiny.save("llava", tmp_path / "base")
        with pytest.raises(SettingsError, match="four_bit"):
            train(job(base, samples, tmp_path / "out", lora=LoraSettings()))

    def it_is_the_same_in_two_processes(spark, samples: str, tmp_path: Path):
        base = tiny.save("llava", tmp_path / "base")
        still = LoraSettings(rank=4, alpha=8, dropout=0.0, four_bit=False)
        more = {"lora": still, "batch_size": 1, "max_steps": 4}
        one = job(base, samples, tmp_path / "one", accumulation=2, **more)
        two = job(base, samples, tmp_path / "two", processes=2, **more)
        run_processes(one)
        run_processes(two)
        assert losses(tmp_path / "two") == pytest.approx(losses(tmp_path / "one"), abs=2e-3)
