"""Probes in a model's words: the same question, and nothing of the answer."""

import pytest

from stark_udfs.demo.author.author import answer
from stark_udfs.demo.author.block import Block
from stark_udfs.stages.pipeline import load_settings, stages
from stark_udfs.stages.probes.phrasings import UNANSWERED, PhrasedQuestion, PhrasingInput, PhrasingReply, ask, parse
from stark_udfs.stages.probes.records import Probe, ProbeKind
from stark_udfs.stages.probes.stage import made
from stark_udfs.stages.probes.wording import LONGEST, unfit
from tests.stages.histories import history
from tests.stages.probes.test_probes import form

TOLD = history()
PROBES = [one for one in made(2, 1, TOLD) if isinstance(one, Probe)]
ROW = PhrasingInput(episode_id=TOLD.episode_id, name=TOLD.name, probes=PROBES)


def replied(*wordings: str) -> PhrasingReply:
    listed = [PhrasedQuestion(number=number, question=text) for number, text in enumerate(wordings, 1)]
    return PhrasingReply(questions=listed)


def describe_ask():
    def it_shows_every_question_and_no_answer():
        probes = [form("who_is", TOLD), form("what_happened", TOLD)]
        told = ask(ROW.model_copy(update={"probes": probes}), ())
        assert told is not None
        assert all(probe.question in told.user for probe in probes)
        assert "Kenji" not in told.user
        assert ask(ROW, (replied(),)) is None


def describe_unfit():
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("who_is", "Who is the neighbour of Hana Mori, by name?"),
            ("what_happened", "On March 5, 2021, what news did Hana have for the assistant?"),
            ("when_told", "When did Hana first speak of her neighbour bringing five lemons out of his garden, Kenji?"),
            ("which_first", "What came first in what Hana told: {quotes}?"),
            ("never_said", "What is Hana Mori's {quotes} called?"),
        ],
    )
    def it_takes_the_same_question_in_other_words(name: str, text: str):
        probe = form(name, TOLD)
        quotes = " or ".join(part.split("”")[0] for part in probe.question.split("“")[1:])
        assert unfit(TOLD.name, probe, text.format(quotes=quotes)) is None

    @pytest.mark.parametrize(
        ("name", "text", "why"),
        [
            ("who_is", "Is Kenji the name of Hana's neighbour?", "gives away Kenji"),
            ("who_is", "What is the name of Hana's uncle?", "keeps 0%"),
            ("who_is", "What is the neighbour called?", "does not name Hana Mori"),
            ("who_is", "Name Hana's neighbour.", "not end as a question"),
            ("what_happened", "What had happened to Hana?", "does not name the day"),
            ("what_happened", "5 March 2021: did Hana get five lemons from a garden?", "gives away"),
            ("when_told", "Did Hana tell on 2021-03-05 of Kenji and five lemons from his garden?", "answer's date"),
            ("how_long_between", "How many weeks after five lemons of the garden did Hana tell of the jar?", "keeps"),
            ("who_is", "Hana's neighbour" + "!" * LONGEST + "?", "characters"),
        ],
    )
    def it_does_not_take_another(name: str, text: str, why: str):
        assert why in str(unfit(TOLD.name, form(name, TOLD), text))


def describe_parse():
    def it_keeps_the_template_with_a_reason_where_a_wording_is_unfit_or_missing():
        row = ROW.model_copy(update={"probes": [form("who_is", TOLD), form("what_happened", TOLD)]})
        kept, missing = parse(row, [replied("Is it Kenji, Hana's neighbour?")])
        assert (kept.question, kept.phrased) == (row.probes[0].question, False)
        assert "Kenji" in str(kept.reason)
        assert (missing.question, missing.reason) == (row.probes[1].question, UNANSWERED)

    def it_takes_a_fit_one_without_hidden_characters():
        row = ROW.model_copy(update={"probes": [form("who_is", TOLD)]})
        (found,) = parse(row, [replied("Who is Hana\u202e Mori's\x00 neighbour?")])
        assert (found.question, found.phrased, found.reason) == ("Who is Hana Mori's neighbour?", True, None)

    def what_the_offline_author_writes_is_fit():
        facts = {"questions": [probe.question for probe in PROBES]}
        said = answer(Block("probe_phrasings", ROW.episode_id, ROW.model_dump(mode="json"), facts=facts))
        rows = parse(ROW, [PhrasingReply.model_validate_json(said.text)])
        assert [row.probe_id for row in rows] == [probe.probe_id for probe in PROBES]
        assert {row.reason for row in rows} == {None}
        assert {probe.kind for probe in PROBES} == set(ProbeKind)


def describe_stages():
    def a_model_is_asked_only_where_the_settings_say_so():
        assert "probe_phrasings" not in {one.name for one in stages(load_settings("base"))}
        asked = load_settings("base", overrides=["probes.phrasing=model"])
        assert "probe_phrasings" in {one.name for one in stages(asked)}
