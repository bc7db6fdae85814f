from pathlib import Path

import pytest

from stark_udfs.core.errors import SettingsError
from stark_udfs.stages.verdicts.moderation_classifier import ClassifierModerator
from stark_udfs.stages.verdicts.verdict import FLAGGED

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "hello", "there", "bad", "words", ".")
LABELS = ("fine", "__needs_intervention__", "insult")
SESSIONS = [["hello there .", "bad words ."], ["hello ."], []]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("classifier"))


def save_bert(folder: Path, **config: object) -> Path:
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    (folder / "vocab.txt").write_text("\n".join(WORDS))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    names = {"id2label": dict(enumerate(LABELS)), "label2id": {name: place for place, name in enumerate(LABELS)}}
    model = BertForSequenceClassification(BertConfig(vocab_size=len(WORDS), num_labels=3, **sizes, **names, **config))
    torch.nn.init.normal_(model.classifier.weight, std=4.0)
    model.save_pretrained(folder)
    return folder


def save_t5(folder: Path) -> str:
    """A writer in `folder`; returns the one word that it writes, whatever it reads."""
    import torch
    from transformers import BertTokenizerFast, T5Config, T5ForConditionalGeneration

    (folder / "vocab.txt").write_text("\n".join(WORDS))
    words = BertTokenizerFast(str(folder / "vocab.txt"))
    words.save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    model = T5ForConditionalGeneration(T5Config(vocab_size=len(WORDS), decoder_start_token_id=0, **sizes)).eval()
    model.save_pretrained(folder)
    asked = words(["hello there ."], return_tensors="pt")["input_ids"]
    return words.decode(model.generate(input_ids=asked, max_new_tokens=3, do_sample=False)[0][1:2])


def describe_a_classifier_with_labels():
    def it_scores_each_turn_and_takes_the_worst(folder: Path):
        first, second, empty = ClassifierModerator(str(folder), LABELS[1:]).load().verdicts(SESSIONS)
        assert 0 < first.score <= 1
        assert first.score >= max(
            one.score
            for one in ClassifierModerator(str(folder), LABELS[1:], window=9).load().verdicts([["hello there ."]])
        )
        assert second.score != first.score
        assert (empty.label, empty.score) == ("ok", 0.0)

    def it_gives_equal_scores_whatever_the_batch(folder: Path):
        one, other = (
            ClassifierModerator(str(folder), LABELS[1:], batch=batch).load().verdicts(SESSIONS) for batch in (1, 32)
        )
        assert [round(verdict.score, 4) for verdict in one] == [round(verdict.score, 4) for verdict in other]

    def it_flags_from_the_threshold_on_and_names_the_label(folder: Path):
        made = ClassifierModerator(str(folder), ("INSULT",), threshold=1e-6).load().verdicts(SESSIONS)
        assert [one.label for one in made] == [FLAGGED, FLAGGED, "ok"]
        assert made[1].categories == ("insult",)
        assert made[1].reason == "turn 1: insult (insult)"

    def it_refuses_labels_that_the_model_does_not_have(folder: Path):
        with pytest.raises(SettingsError, match=r"none of toxic\. It has: fine, __needs_intervention__, insult\."):
            ClassifierModerator(str(folder), ("toxic",)).load()


def describe_a_classifier_that_writes_labels():
    def it_is_read_by_what_it_writes(tmp_path: Path):
        written = save_t5(tmp_path)
        bad, good = (ClassifierModerator(str(tmp_path), (label,)).load() for label in (written.upper(), "intervene"))
        assert bad.verdicts([["hello there ."], []])[0].label == FLAGGED
        assert bad.verdicts([["hello there ."], []])[1].label == "ok"
        assert good.verdicts([["hello there ."]])[0].score == 0.0
