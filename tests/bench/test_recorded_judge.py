"""What a real model said of broken copies: read as any judge's reply, and found again by the row that it is about."""

from bench.judges import JUDGED, REAL_PAIRS, real_model_pairs, recorded_about, row_sha256
from bench.recorded import lines
from stark_udfs.release.judging.judge_check import checked, sides
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.criteria import Criterion


def describe_recorded_about():
    def it_reads_every_reply_that_was_recorded():
        made = real_model_pairs(seed=1, most=REAL_PAIRS)
        kept = {record["row_sha256"] for record in lines("judgements", JUDGED)}
        assert kept == {row_sha256(row) for row in sides(made)}
        found = recorded_about(judgements.stage(load_settings("base")), made)
        assert len(found) == len(kept)
        assert {one.criterion: one.pairs for one in checked(made, found)} == dict.fromkeys(Criterion, REAL_PAIRS)

    def it_leaves_out_what_the_model_was_not_asked():
        made = real_model_pairs(seed=2, most=1)
        asked = {record["row_sha256"] for record in lines("judgements", JUDGED)}
        found = recorded_about(judgements.stage(load_settings("base")), made)
        assert set(found) == {row.judgement_id for row in sides(made) if row_sha256(row) in asked}
