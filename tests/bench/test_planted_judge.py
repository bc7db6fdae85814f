from pathlib import Path

from bench.planted_judge import NO_VERDICT, judging
from stark_udfs.images.requests import ImageScore, ScoreRequest

NAMES = tuple(f"picture {number}" for number in range(40))


def describe_a_planted_judge():
    def it_says_over_http_what_it_sees_in_each_picture(tmp_path: Path):
        def seen(name: str) -> ImageScore:
            return ImageScore(text_score=int(name.split()[1]) / 40, turn_score=0.26)

        order = ScoreRequest(paths=NAMES, captions=("",) * 40, description="a dog", turns="Ana: look!")
        with judging(str(tmp_path), seen, seed=1) as (judge, server):
            ratings = judge.rated(order).ratings
            assert server.paid == len(NAMES)
        good = [(at, one) for at, one in enumerate(ratings) if not one.fault]
        assert len(NAMES) - len(good) <= 5 * NO_VERDICT * len(NAMES)
        assert all(abs((one.text_score or 0) - at / 40) <= 0.0501 and one.turn_score == 0.3 for at, one in good)
        assert all(one.fault.startswith("the judge: ") for one in ratings if one.fault)
