import io
import json

from rich.console import Console

from stark_udfs.cli.reading.trace import print_call
from stark_udfs.core.ids import rng_of
from stark_udfs.demo.drawings.backend import OfflineBackendSpec
from stark_udfs.engine.images.requests import PictureRequest
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.requests import ImageRequest, ImageTask, Module, Person, ScoreRequest

WISH = ImageRequest(
    module=Module.P_T2I,
    prompt="a man img on a pier",
    person=Person(age=30, traits=draw_traits(30, "male", rng_of(1))),
    seeds=(7, 8),
)
FOUND = ImageRequest(module=Module.WEB, query="egret in reeds", count=3)
SCORES = ScoreRequest(paths=("images/a.png",), captions=("a pier",), description="a man on a pier", turns="Look!")


def shown(order: ImageTask) -> str:
    """What `stark trace` prints of a stored answer to this task."""
    backend = OfflineBackendSpec("files")
    request = PictureRequest(order=order, provider=backend.provider, identity=backend.identity(order), draw=1)
    call = {
        "money": 0.0,
        "round": 0,
        "attempt": 0,
        "model_returned": "t2i",
        "tokens_in": 0,
        "tokens_out": 0,
        "finish_reason": "stop",
        "run_id": "r",
        "replied_at": "now",
        "request": request.written,
        "reply": "{}",
    }
    console = Console(width=160, record=True, file=io.StringIO())
    print_call(console, call, "USD", full=True)
    return console.export_text()


def describe_a_call_that_made_or_scored_images():
    def an_image_to_make_is_told_in_words():
        text = shown(WISH)
        assert "make: p-t2i" in text
        assert "prompt: a man img on a pier" in text
        assert "seeds: 7, 8" in text
        assert '"age": 30' in text

    def so_is_a_search():
        text = shown(FOUND)
        assert "search for: egret in reeds" in text
        assert "prompt:" not in text

    def so_are_candidates_to_score():
        text = shown(SCORES)
        assert "score: images/a.png" in text
        assert "against: a man on a pier" in text
        assert "after: Look!" in text

    def it_says_what_answered():
        assert json.loads(PictureRequest("offline", FOUND, {"drawings": 1}, 1).written)["identity"] == {"drawings": 1}
        assert 'answered by: {"provider": "offline"' in shown(FOUND)
