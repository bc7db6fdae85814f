from stark_udfs.release.judging.broken_copies import pairs
from stark_udfs.release.judging.judge_check import broken_row, checked, clean_row, pair_stage
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.criteria import Criterion
from tests.stages.verdicts.given import judged

ROWS = [judged(episode_id=f"e-{number}", judgement_id=str(number)) for number in range(4)]
PAIRS = [pair for one in (Criterion.COHERENCE, Criterion.TIME_INTERVAL) for pair in pairs(ROWS, one, 1, count=4)]


def describe_pair_stage():
    def it_asks_about_a_clean_session_once():
        stage = pair_stage(judgements.stage(load_settings("demo")), PAIRS)
        rows = stage.select.args[0]
        assert len(rows) == len({row.judgement_id for row in rows}) == 4 + 8
        assert stage.ask(rows[0], ()) is not None


def describe_checked():
    def it_counts_what_is_lower_equal_higher_or_not_scored():
        broken = (1, 4, 3, None)
        scores = {clean_row(pair).judgement_id: {"coherence": 3} for pair in PAIRS}
        for pair, score in zip(PAIRS, broken, strict=False):
            scores[broken_row(pair).judgement_id] = {"coherence": score}
        coherence, interval = checked(PAIRS, scores)
        assert (coherence.pairs, coherence.lower, coherence.equal, coherence.higher) == (3, 1, 1, 1)
        assert coherence.found == 1 / 3
        assert (interval.criterion, interval.pairs, interval.found) == (Criterion.TIME_INTERVAL, 0, None)
