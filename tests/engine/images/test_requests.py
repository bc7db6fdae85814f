"""Keys of the calls that image tasks lead to: when one of these moves, it is paid again."""

import pytest

from stark_udfs.engine.images.requests import PaidKind, PaidRequest, PictureRequest
from stark_udfs.images.requests import ImageRequest, Module, ScoreRequest

WISH = PictureRequest("models", ImageRequest(module=Module.WEB, query="a lake", count=2, seeds=(1, 2)), {"web": "x"}, 7)
RATE = PictureRequest("models", ScoreRequest(paths=("a",), captions=("",), description="d"), {"scorer": "x"}, 7)


def describe_keys_of_paid_requests():
    @pytest.mark.parametrize(
        ("request_", "key", "draw"),
        [
            (PaidRequest(PaidKind.QUESTION, WISH), "f384089373f55c12", 7),
            (PaidRequest(PaidKind.PAINTING, WISH, 1), "03d3d3a07168af74", 679693599406414),
            (PaidRequest(PaidKind.JUDGEMENT, RATE, 0), "10833866f63c7ab0", 4120132027453720),
        ],
    )
    def they_have_not_moved(request_: PaidRequest, key: str, draw: int):
        assert (request_.key[:16], request_.draw) == (key, draw)

    def each_picture_has_its_own():
        requests = [PaidRequest(kind, WISH, place) for kind in PaidKind for place in (None, 0, 1)]
        assert len({request.key for request in requests}) == len(requests)
