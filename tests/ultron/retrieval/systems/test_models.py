"""Systems of transformers: tiny models of the real classes, and MiniLM with its real weights once."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stark_udfs.core.errors import InputError, SettingsError
from stark_udfs.ultron.retrieval.benchmark import Benchmark
from stark_udfs.ultron.retrieval.harness import evaluate
from stark_udfs.ultron.retrieval.queries import DIALOGUE, LAST_TURN
from stark_udfs.ultron.retrieval.systems.bm25 import Bm25
from stark_udfs.ultron.retrieval.systems.dense import DenseText
from stark_udfs.ultron.retrieval.systems.pictures import picture_encoder
from stark_udfs.ultron.retrieval.systems.rerank import Reranked, cross_encoder
from stark_udfs.ultron.retrieval.systems.text_encoder import FineTuning, fine_tuned, text_encoder
from tests.images import tiny
from tests.ultron.retrieval.worlds import CODE, lessons

DATA = lessons(6, CODE)


def with_pictures(folder: Path) -> Benchmark:
    """Every candidate but the last has a picture."""
    for at, candidate in enumerate(DATA.candidates[:-1]):
        Image.fromarray(tiny.picture(at)).save(folder / f"{candidate.image_id}.png")
    there = [replace(one, path=folder / f"{one.image_id}.png") for one in DATA.candidates]
    return Benchmark("Pictures", "test", DATA.queries, tuple(there))


def save_siglip(folder: Path) -> Path:
    """A SigLIP of two layers with a tokenizer of its words."""
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    words = bert_tokenizer()
    text = {"vocab_size": len(words), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 16, "pad_token_id": 0, "bos_token_id": 1,
            "eos_token_id": 2}  # fmt: skip
    vision = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
              "image_size": 32, "patch_size": 8}  # fmt: skip
    tiny.loud(SiglipModel(SiglipConfig(text_config=text, vision_config=vision)), 1).save_pretrained(folder)
    words.save_pretrained(folder)
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def bert_tokenizer() -> object:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", "[SEP]", *sorted({word.lower() for word in (*CODE, *CODE.values())}), "i", "have", "the"]
    tokens = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token="[UNK]"))
    tokens.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokens, pad_token="[PAD]", unk_token="[UNK]", sep_token="[SEP]")


def describe_pictures():
    @pytest.mark.parametrize("kind", ["clip", "siglip"])
    def it_ranks_pictures_and_puts_a_missing_one_last(kind: str, tmp_path: Path):
        folder = tmp_path / "model"
        (tiny.save_clip if kind == "clip" else save_siglip)(folder)
        data = with_pictures(tmp_path)
        whole, last = picture_encoder(str(folder), kind, device="cpu").systems(DIALOGUE, LAST_TURN)
        scores = whole.score(data.queries, data.candidates)
        assert scores.argmin(axis=1).tolist() == [5] * 6
        assert np.ptp(scores[:, :5]) > 1e-3
        assert not np.allclose(scores, last.score(data.queries, data.candidates))
        assert whole.name == "model pictures, dialogue"
        assert evaluate(data, [whole, last]).results[0].ranks[5] == 6

    def it_refuses_a_pool_without_pictures(tmp_path: Path):
        tiny.save_clip(tmp_path)
        (system,) = picture_encoder(str(tmp_path), "clip", device="cpu").systems(LAST_TURN)
        with pytest.raises(InputError, match="no candidate has a picture"):
            system.score(DATA.queries, DATA.candidates)

    def it_says_which_model_is_not_there(tmp_path: Path):
        with pytest.raises(SettingsError, match="nowhere"):
            picture_encoder(str(tmp_path / "nowhere"), "siglip")


def describe_cross_encoder():
    def it_reads_dialogue_and_caption_together(tmp_path: Path):
        from transformers import BertConfig, BertForSequenceClassification

        words = bert_tokenizer()
        config = BertConfig(vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
                            intermediate_size=64, num_labels=1)  # fmt: skip
        tiny.loud(BertForSequenceClassification(config), 1).save_pretrained(tmp_path)
        words.save_pretrained(tmp_path)
        scorer = cross_encoder(str(tmp_path))
        first = scorer.judge(DATA.queries[0], DATA.candidates)
        assert first.shape == (6,)
        assert not np.allclose(first, scorer.judge(DATA.queries[1], DATA.candidates))
        assert evaluate(DATA, [Reranked(Bm25(), scorer, depth=3)]).results[0].ranks.max() <= 6


def describe_text_encoder():
    def it_finds_by_meaning_with_real_weights_and_learns_what_it_did_not_know():
        encoder = text_encoder()
        near = encoder.encode(["my puppy is asleep", "A dog sleeping on a sofa", "A train at a station"])
        assert near[0] @ near[1] > near[0] @ near[2] + 0.2
        assert np.linalg.norm(near, axis=1) == pytest.approx(1)
        data = lessons(24, {word: word[::-1] for word in CODE})
        losses: list[float] = []
        training = FineTuning(epochs=3, batch=12, learning_rate=1e-4, kept=0.0, length=32)
        tuned = fine_tuned(encoder, data, LAST_TURN, training, watch=lambda _, loss: losses.append(loss))
        before, after = evaluate(data, [DenseText(encoder), DenseText(tuned)]).results
        assert losses[-1] < losses[0]
        assert after.metrics["MRR"].value > before.metrics["MRR"].value
