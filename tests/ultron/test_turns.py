from dataclasses import replace

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.ultron.retrieval.text_metrics import bleu, rouge_l, share_now
from stark_udfs.ultron.samples import Sample
from stark_udfs.ultron.turns import TargetTurn, chance, scores

SAID = [
    "What a red pot on the stove. <RET> <h> a pot </h>",
    "I see you cooked a big stew today",
    "Good night then, Ana",
]
ANSWERS = ["What a red pot on a stove. <RET> <h> x </h>", "I see you cooked the big stew today <RET> <h> y </h>", ""]
TURNS = [
    TargetTurn(str(at), f"person {at % 2}", Sample(str(at), "", None, (), ""), text, "<RET>" in text)
    for at, text in enumerate(SAID)
]
GIVEN = {str(at): text for at, text in enumerate(ANSWERS)}


def plain(texts: list[str]) -> list[str]:
    return [text.partition(" <RET>")[0] for text in texts]


def describe_scores():
    def it_has_the_figures_of_the_metrics_themselves():
        found = scores("a", TURNS, GIVEN, seed=1)
        decided = share_now(["<RET>" in text for text in ANSWERS], [turn.shares for turn in TURNS])
        assert found.metrics["share_f1"].value == pytest.approx(decided.f1)
        assert found.metrics["share_precision"].value == pytest.approx(decided.precision)
        assert found.metrics["BLEU_4"].value == pytest.approx(bleu(plain(ANSWERS), plain(SAID)))
        assert found.metrics["ROUGE_L"].value == pytest.approx(rouge_l(plain(ANSWERS), plain(SAID)))
        assert (found.shared, found.silent) == (2, 1)

    def it_draws_whole_people():
        found = scores("a", TURNS, GIVEN, seed=1).metrics["ROUGE_L"]
        assert found.low < found.value < found.high

    def it_has_no_text_metrics_where_only_decisions_are_known():
        blind = [replace(turn, said=None) for turn in TURNS]
        assert "BLEU_4" not in scores("a", blind, GIVEN, seed=1).metrics

    def it_needs_turns():
        with pytest.raises(InputError, match="no turn to score"):
            scores("a", [], {}, seed=1)


def describe_chance():
    def it_shares_about_as_often_as_people_did():
        many = [replace(TURNS[at % 3], turn_id=str(at)) for at in range(600)]
        drawn = chance(many, seed=1)
        assert 150 < sum("<RET>" in text for text in drawn.values()) < 250
        assert drawn == chance(many, seed=1)
