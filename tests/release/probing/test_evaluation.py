"""Scores of answers, and the files by which any model can answer."""

import json
from pathlib import Path

import pytest

from stark_udfs.core.errors import InputError
from stark_udfs.release.probing.contexts import prompts, transcript
from stark_udfs.release.probing.evaluation import as_json, by_search, evaluated, export, from_file
from stark_udfs.release.probing.scoring import abstains, matches, score
from stark_udfs.release.probing.written import score_rows, write_scores
from stark_udfs.settings.run import StorageSettings
from stark_udfs.stages.probes.records import NEVER_SAID, Probe, ProbeKind
from stark_udfs.stages.probes.scores import TABLE
from stark_udfs.stages.probes.stage import made
from stark_udfs.tables.tables import Tables
from tests.stages.histories import history

TOLD = history()
PROBES = [one for one in made(2, 1, TOLD) if isinstance(one, Probe)]
TRANSCRIPTS = {TOLD.episode_id: transcript(TOLD.episode_id, TOLD.sessions)}


def describe_matches():
    @pytest.mark.parametrize(
        ("answer", "right"),
        [
            ("It was on March 14, 2021.", "2021-03-14"),
            ("14 March 2021", "2021-03-14"),
            ("Her name is Kenji.", "Kenji"),
            ("about three weeks", "3 weeks"),
            ("21 days", "3 weeks"),
            ("The AI assistant shared it", "AI Assistant"),
            (
                "She bottled marmalade with Kenji for the market",
                "Hana and Kenji bottle marmalade for the street market.",
            ),
        ],
    )
    def it_reads_an_answer_in_other_words(answer: str, right: str):
        assert matches(answer, right)

    @pytest.mark.parametrize(
        ("answer", "right"),
        [("2021-03-15", "2021-03-14"), ("Goro", "Kenji"), ("two months", "3 weeks"), ("Keniji", "Ken"), ("", "Kenji")],
    )
    def it_does_not_take_another(answer: str, right: str):
        assert not matches(answer, right)


def describe_score():
    @pytest.mark.parametrize(
        "answer", ["not mentioned", "Nobody said that.", "She did not mention it.", "I don't know", ""]
    )
    def abstaining_is_right_exactly_where_nobody_said_it(answer: str):
        assert abstains(answer)
        never = Probe(
            probe_id="p", episode_id="e", kind=ProbeKind.ADVERSARIAL, form="never_said", question="?",
            answer=NEVER_SAID, evidence=[],
        )  # fmt: skip
        known = never.model_copy(update={"kind": ProbeKind.TIME, "answer": "2021-03-14"})
        assert (score(never, answer).match, score(known, answer).match) == (1.0, 0.0)
        assert score(never, "A blue one.").match == 0.0

    def right_answers_are_all_right_and_missing_ones_all_wrong():
        best = evaluated("best", "full", PROBES, {probe.probe_id: probe.answer for probe in PROBES})
        none = evaluated("none", "full", PROBES, {})
        assert [(kind.match.value, kind.match.low) for kind in best.kinds] == [(1.0, 1.0)] * len(best.kinds)
        assert {kind.match.value for kind in none.kinds} == {0.0}
        assert json.loads(as_json([best]))[0]["answered"] == len(PROBES)


def describe_contexts():
    def the_last_session_knows_less_than_all():
        full, last = (prompts(PROBES, TRANSCRIPTS, context, 5) for context in ("full", "last_session"))
        assert full.keys() == last.keys() == {probe.probe_id for probe in PROBES}
        assert all("lemons from his garden!" in text for text in full.values())
        assert not any("lemons from his garden!" in text for text in last.values())

    def a_search_gives_so_many_turns_in_their_order():
        found = prompts(PROBES, TRANSCRIPTS, "retrieved", 2)
        assert {text.count("Hana Mori: ") + text.count("AI Assistant: ") for text in found.values()} == {2}

    def probes_of_episodes_that_are_gone_are_left_out():
        assert prompts(PROBES, {}, "full", 5) == {}


def describe_by_search():
    def it_finds_evidence_without_a_model():
        found = by_search(PROBES, TRANSCRIPTS, 5)
        assert found.found is not None
        assert found.found[1] > 0.8


def describe_files():
    def what_is_exported_can_be_answered_and_scored(tmp_path: Path):
        asked, given = tmp_path / "out" / "asked.jsonl", tmp_path / "given.jsonl"
        assert export(PROBES, TRANSCRIPTS, asked, 5) == 2 * len(PROBES)
        lines = [json.loads(line) for line in asked.read_text("utf-8").splitlines()]
        assert not any("answer" in line for line in lines)
        right = {probe.probe_id: probe.answer for probe in PROBES}
        answers = [
            {"probe_id": line["probe_id"], "context": line["context"], "answer": right[line["probe_id"]]}
            for line in lines
            if line["context"] == "full" or right[line["probe_id"]] == NEVER_SAID
        ]
        given.write_text("\n".join(map(json.dumps, answers)), "utf-8")
        full, last = from_file(PROBES, given)
        assert (full.answered, full.kinds[-1].match.value) == (len(PROBES), 1.0)
        assert [kind.kind for kind in last.kinds] == ["adversarial", "all"]

    @pytest.mark.parametrize("text", ["no json", "[1]", '{"probe_id": "x"}', '{"probe_id": "x", "answer": "y"}'])
    def a_file_that_cannot_be_used_is_told(tmp_path: Path, text: str):
        (tmp_path / "given.jsonl").write_text(text)
        with pytest.raises(InputError, match=r"given\.jsonl"):
            from_file(PROBES, tmp_path / "given.jsonl")


def describe_score_rows():
    def there_is_one_for_each_probe_with_what_answered_it():
        found = by_search(PROBES, TRANSCRIPTS, 5)
        rows = score_rows(found, phrased=False)
        assert {row.probe_id for row in rows} == {probe.probe_id for probe in PROBES}
        assert {(row.system, row.model, row.context, row.phrased) for row in rows} == {
            ("BM25", None, "best_turn", False)
        }
        assert sum(row.score for row in rows) / len(rows) == pytest.approx(found.kinds[-1].match.value)

    def an_answer_that_was_not_given_is_null_and_wrong():
        (row,) = score_rows(evaluated("m", "full", PROBES[:1], {}), phrased=True)
        assert (row.answer, row.score, row.phrased) == (None, 0.0, True)

    def a_system_has_one_row_a_probe_and_wording():
        ids = {
            row.score_id
            for context in ("full", "last_session")
            for worded in (False, True)
            for row in score_rows(evaluated("m", context, PROBES, {}), phrased=worded)
        }
        assert len(ids) == 4 * len(PROBES)


def describe_write_scores():
    def the_last_evaluation_of_a_system_takes_the_place_of_the_one_before(spark, tmp_path: Path):
        storage = StorageSettings(tables=f"{tmp_path}/tables", files=f"{tmp_path}/files")
        many = len(PROBES)
        none = evaluated("m", "full", PROBES, {})
        best = evaluated("m", "full", PROBES[1:], {probe.probe_id: probe.answer for probe in PROBES})
        assert write_scores(spark, storage, [none, by_search(PROBES, TRANSCRIPTS, 5)], phrased=False).insert == 2 * many
        counts = write_scores(spark, storage, [best], phrased=False)
        assert (counts.insert, counts.update, counts.delete) == (0, many - 1, 1)
        kept = Tables(spark, storage).read(TABLE).groupBy("system").agg({"score": "sum", "*": "count"}).collect()
        assert {(row["system"], row["count(1)"]) for row in kept} == {("m", many - 1), ("BM25", many)}
