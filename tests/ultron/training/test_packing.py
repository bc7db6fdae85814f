"""Packed rows of a tiny Llama: what is learned is what is learned from single samples."""

from pathlib import Path

import pytest

from stark_udfs.ultron.samples import Line, Sample
from stark_udfs.ultron.training.collate import Collator
from stark_udfs.ultron.training.dataset import write_samples
from stark_udfs.ultron.training.packing import PLACES, PackingCollator, packs
from tests.ultron import tiny

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries' own


def describe_packs():
    def it_fills_rows_and_loses_no_sample():
        lengths = [5, 9, 3, 2, 7, 4, 12]
        rows = packs(lengths, 10)
        assert sorted(place for row in rows for place in row) == list(range(7))
        assert all(len(row) == 1 or sum(lengths[place] for place in row) <= 10 for row in rows)
        assert len(rows) == 5  # 12 · 9 · 7 + 3 · 5 + 4 · 2

    def it_has_nothing_to_pack():
        assert packs([], 10) == []


def describe_a_packed_row():
    def it_gives_each_sample_the_loss_that_it_has_alone(tmp_path: Path):
        import torch
        import transformers as t
        from datasets import Dataset

        base = tiny.save("llama", tmp_path / "base")
        told = [
            Sample(str(at), "Memory so far: nothing.", None, (Line(f"Hana: {'kite ' * at}"),), "After:", "A dog " * at)
            for at in (1, 4, 2)
        ]
        write_samples(tmp_path / "train.arrow", told, "", 400)
        samples = Dataset.from_file(str(tmp_path / "train.arrow"))
        collator = Collator(t.AutoTokenizer.from_pretrained(base), 400)
        model = t.AutoModelForCausalLM.from_pretrained(base).eval()
        batch = PackingCollator(collator, samples)([{PLACES: [0, 1]}, {PLACES: [2]}])
        assert batch["position_ids"][0].eq(0).sum() == 2
        with torch.no_grad():
            packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"], use_cache=False).logits
            start = 0
            for place in (0, 1):
                alone = collator([samples[place]])
                end = start + alone["input_ids"].shape[1]
                assert torch.allclose(packed[0, start:end], model(**alone).logits[0], atol=1e-5)
                start = end
        learned = batch["labels"][0].ne(-100).sum()
        assert learned == sum(collator([samples[place]])["labels"].ne(-100).sum() for place in (0, 1))
