"""The judge that counts words: asked as any other, by the prompt alone."""

import pytest

from bench.inside import ask_inside
from bench.judges import OFFLINE, asked_about
from bench.word_judge import read, reply
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.release.judging.broken_copies import broken
from stark_udfs.release.judging.judge_check import checked
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judge_prompt import prompt
from tests.stages.verdicts.given import TOLD, judged, stranger


def judge(name: str) -> AnyChatStage:
    return judgements.stage(load_settings("base", overrides=OFFLINE[name]))


def describe_read():
    def it_takes_the_session_out_of_the_prompt():
        shown = read(prompt(judged(), (), None).user)
        assert (shown.name, shown.dates, shown.interval) == ("Hana Mori", ("2021.03.05", "2021.03.26"), "3 weeks")
        assert shown.experience == "Hana had gone to a pottery course."
        assert shown.turns[2] == (3, "Hana Mori", TOLD)
        assert shown.images == ((3, "A burnt bowl on a wooden shelf"),)
        assert shown.asked == tuple(one.value for one in Criterion)


def describe_reply():
    def it_scores_what_applies():
        alone = judged(session_number=1, earlier=[], interval=None, experience=None, experience_op=None, memory=None)
        scores = {name: one["score"] for name, one in reply(prompt(alone, (), None).user).items()}
        assert scores["time_interval"] is scores["experience"] is None
        assert scores["image_turn_relevance"] == 4


def describe_asked_about():
    @pytest.mark.parametrize("criterion", [Criterion.TIME_INTERVAL, Criterion.IMAGE_DIALOGUE, Criterion.EXPERIENCE])
    def it_is_asked_about_both_sides(criterion: Criterion):
        pair = broken(judged(), criterion, 1, (stranger(),))
        assert pair is not None
        (found,) = checked([pair], asked_about(judge("words"), [pair]))
        assert (found.criterion, found.pairs, found.lower) == (criterion, 1, 1)

    def the_offline_author_answers_in_the_same_way():
        (row,) = ask_inside(judge("drawn"), [judged()])
        assert row["coherence"] in {2, 3, 4}
        assert row["model"] == "offline-author"
