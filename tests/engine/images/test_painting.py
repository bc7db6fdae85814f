"""Pictures of an image server, asked by a task of an image stage: real broker, real journal, the stub server."""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from bench.faults.server import Server, serving
from stark_udfs.core.ids import rng_of
from stark_udfs.core.records import Record
from stark_udfs.engine.images.painting import stored
from stark_udfs.engine.images.policy import CallRates, servers_asked
from stark_udfs.images.appearance import draw_traits
from stark_udfs.images.backend import ModelBackendSpec, NamedPainter
from stark_udfs.images.decode import picture_of
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.models.clip import ClipSpec
from stark_udfs.images.models.image_server import ImageServerSettings, ImageServerSpec, ServedPicture
from stark_udfs.images.models.judge import JudgeSpec
from stark_udfs.images.models.server_access import ServerAccess, ServerPrice
from stark_udfs.images.requests import (
    Candidate,
    Candidates,
    ImageRequest,
    ImageResult,
    ImageTask,
    Module,
    Person,
    ScoreRequest,
)
from stark_udfs.images.web.providers import Openverse
from stark_udfs.images.web.results import SearchTerms
from stark_udfs.settings.run import LimitsSettings
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.pictures import fields_of
from tests.engine.images.test_worker import script, task
from tests.engine.toy import Town
from tests.images import site as sites
from tests.images import tiny

PRICE = 0.01
PERSON = Person(age=30, traits=draw_traits(30, "female", rng_of(1)))


def painted_by(url: str, folder: Path, **access: object) -> ModelBackendSpec:
    server = ImageServerSpec(
        "stub", "medium", access=ServerAccess(base_url=url, price=ServerPrice(PRICE, currency="USD"), **access)
    )
    painter = NamedPainter("stub", server)
    return ModelBackendSpec(files=str(folder), painter=painter, personal=painter, clip=ClipSpec("none"), at_once=4)


def of_a_town(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
    return None if answers else ImageRequest(module=Module.T2I, prompt=f"a lake near {row.name}", count=2)


def painted_and_rated(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
    if len(answers) != 1:
        return of_a_town(row, answers)
    assert isinstance(answers[0], Candidates)
    paths = tuple(one.path for one in answers[0].candidates)
    return ScoreRequest(paths=paths, captions=("",) * len(paths), description="a lake")


def no_author(block: object) -> tuple[str, str]:
    raise AssertionError("nobody chats here")


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Faults(), no_author) as found:
        yield found


def candidates_of(replies: Sequence[Record]) -> list[Candidate]:
    wish = [reply for reply in replies if reply.model_returned == Module.T2I.value]
    return [one for reply in wish for one in Candidates.model_validate_json(reply.reply).candidates]


def describe_pictures_of_a_server():
    def each_is_paid_once_and_kept(tmp_path: Path, server: Server):
        with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town)) as ours:
            ends = ours.run("Bonn", "Kiel")
            counts = ours.server.served.counts("views")
        assert [end.state for end in ends] == ["done", "done"]
        assert server.paid == 4
        assert counts.money == pytest.approx(4 * PRICE)
        found = candidates_of(ours.replies)
        assert len(found) == 4
        assert all((tmp_path / one.path).is_file() and not one.fault for one in found)
        assert {(one.source, one.caption) for one in found} == {
            ("stub", "a lake near Bonn"),
            ("stub", "a lake near Kiel"),
        }

    def what_was_paid_is_not_asked_for_again(tmp_path: Path, server: Server):
        with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town)) as ours:
            ours.run("Bonn")
            paid = [reply for reply in ours.replies if reply.money]
            (end,) = ours.run("Bonn", attempt="0-1", known={"Bonn": paid})  # as after a kill before the wish's answer
        assert end.state == "done"
        assert server.paid == 2

    def the_budget_holds(tmp_path: Path, server: Server):
        limits = LimitsSettings(budget=3 * PRICE)
        with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town), limits) as ours:
            ours.run(*(f"Town {number}" for number in range(12)))
            assert "budget" in ours.server.served.stopped
        assert server.paid == 3
        assert sum(reply.money for reply in ours.replies) == pytest.approx(3 * PRICE)

    def the_face_goes_along_and_each_wish_has_its_own(tmp_path: Path):
        faces = {
            name: ImageFiles(str(tmp_path)).put(picture_of(Image.fromarray(tiny.picture(seed)), "PNG").data, "png").path
            for seed, name in enumerate(("Bonn", "Kiel"))
        }
        bodies: list[bytes] = []

        def selfie(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
            person = PERSON.model_copy(update={"face": faces[row.name]})
            wish = ImageRequest(module=Module.P_T2I, prompt=f"a woman img in {row.name}", count=2, person=person)
            return None if answers else wish

        with serving(Faults(), no_author) as server:
            begin = server.stub.begin
            server.stub.begin = lambda content, *rest, **more: bodies.append(content) or begin(content, *rest, **more)
            with task(tmp_path, script(painted_by(server.url, tmp_path), selfie)) as ours:
                ends = ours.run("Bonn", "Kiel")
        assert {end.state for end in ends} == {"done"}
        sent = [fields_of(body) for body in bodies]
        assert len(sent) == 4
        for fields in sent:
            name = fields["prompt"].decode().rpartition(" ")[2]
            assert fields["image"] == ImageFiles(str(tmp_path)).read(faces[name])
            assert b"img" not in fields["prompt"]

    def a_lost_face_leaves_the_wish_open_and_costs_nothing(tmp_path: Path, server: Server):
        def selfie(row: Town, answers: Sequence[ImageResult]) -> ImageTask | None:
            person = PERSON.model_copy(update={"face": f"images/00/{'0' * 64}.png"})
            return None if answers else ImageRequest(module=Module.P_T2I, prompt="a woman img", person=person)

        with task(tmp_path, script(painted_by(server.url, tmp_path), selfie)) as ours:
            (end,) = ours.run("Bonn")
        assert (end.state, end.detail[:5]) == ("open", "face:")
        assert server.paid == 0


def describe_a_server_that_fails():
    @pytest.mark.parametrize("fault", ["errors", "html", "empty", "broken"])
    def it_is_asked_again(tmp_path: Path, fault: str):
        with serving(Faults(seed=3, **{fault: 0.25}), no_author) as server:
            with task(tmp_path, script(painted_by(server.url, tmp_path, attempts=8), of_a_town)) as ours:
                ends = ours.run("Bonn", "Kiel")
            assert server.stub.counts[fault] > 0
            assert server.paid - server.stub.counts["broken"] == 4
        assert {end.state for end in ends} == {"done"}

    def one_that_says_wait_is_waited_for(tmp_path: Path):
        with serving(Faults(seed=1, throttled=0.4, retry_after_s=0.1), no_author) as server:
            with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town)) as ours:
                ends = ours.run("Bonn", "Kiel")
            assert server.stub.counts["throttled"] > 0
            assert server.paid == 4
        assert {end.state for end in ends} == {"done"}

    def what_it_does_not_paint_is_a_candidate_with_the_reason_and_costs_nothing(tmp_path: Path):
        with serving(Faults(refusal=1.0), no_author) as server:
            with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town)) as ours:
                (end,) = ours.run("Bonn")
            assert server.paid == 0
        assert end.state == "done"
        assert {(one.fault, one.path) for one in candidates_of(ours.replies)} == {("moderation", "")}
        assert "safety system" in candidates_of(ours.replies)[0].detail

    @pytest.mark.parametrize(("fault", "why"), [("malformed", "markup"), ("huge", "too_many_pixels")])
    def what_is_no_picture_is_paid_once_and_said_so(tmp_path: Path, fault: str, why: str):
        with serving(Faults(**{fault: 1.0}), no_author) as server:
            with task(tmp_path, script(painted_by(server.url, tmp_path), of_a_town)) as ours:
                (end,) = ours.run("Bonn")
                (again,) = ours.run("Bonn", attempt="0-1")
            assert server.paid == 2
        assert (end.state, again.state) == ("done", "done")
        assert {one.fault for one in candidates_of(ours.replies)} == {why}

    def a_key_that_is_refused_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("STARK_TEST_KEY", "k-12345")
        with serving(Faults(unauthorised=1.0, echo_auth=True), no_author) as server:
            spec = painted_by(server.url, tmp_path, secret="STARK_TEST_KEY")
            with task(tmp_path, script(spec, of_a_town)) as ours:
                ours.run("Bonn")
                assert "image server stub" in ours.server.served.stopped
                assert "k-12345" not in ours.server.served.stopped


def describe_an_address_instead_of_a_picture():
    def it_is_fetched_under_the_rules_of_the_web(tmp_path: Path):
        with sites.serving() as site, serving(Faults(), no_author) as server:
            site.picture("a.png", 1)
            server.stub._paint = lambda fault, delay, content, key: replace(
                _answer(server, key), body=json.dumps({"data": [{"url": f"{site.url}/a.png"}]}).encode()
            )
            inside = painted_by(server.url, tmp_path / "inside")
            with task(tmp_path / "inside", script(inside, of_a_town)) as ours:
                ours.run("Bonn")
            assert {one.fault for one in candidates_of(ours.replies)} <= {"address", "port"}
            assert site.asked == []
            allowed = replace(painted_by(server.url, tmp_path), fetch=site.rules)
            with task(tmp_path, script(allowed, of_a_town)) as ours:
                site.pages["/a.png"], there = (503, {}, b""), site.pages["/a.png"]
                (end,) = ours.run("Bonn")
                assert (end.state, end.detail[:4]) == ("open", "busy")
                site.pages["/a.png"] = there
                before = server.paid
                (end,) = ours.run("Bonn", attempt="0-1")
            assert (end.state, server.paid) == ("done", before)  # the address was kept: nothing is paid again
        assert {one.fault for one in candidates_of(ours.replies)} == {""}


def _answer(server: Server, key: bytes) -> object:
    from stark_udfs.testing.stub_server import StubResponse

    server.stub.counts["served"] += 1
    return StubResponse(0.0, 200, b"", answers=key)


def describe_replies():
    @pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"data": []}', b'{"data": [{}]}', b'{"data": [3]}'])
    def without_a_picture_are_none(body: bytes):
        assert ServedPicture.of(body) is None

    def come_as_bytes_or_as_an_address():
        text = base64.b64encode(b"abc").decode()
        assert ServedPicture.of(json.dumps({"data": [{"b64_json": text}]}).encode()) == ServedPicture(b"abc")
        assert ServedPicture.of(b'{"data": [{"url": "data:image/png;base64,YWJj"}]}') == ServedPicture(b"abc")
        assert ServedPicture.of(b'{"data": [{"url": "http://x/a"}]}') == ServedPicture(url="http://x/a")

    def a_picture_is_written_anew_no_larger_than_asked_for(tmp_path: Path):
        wish = ImageRequest(module=Module.T2I, prompt="a dog", width=64, height=64, person=PERSON)
        data = picture_of(Image.fromarray(tiny.picture(1, side=128)), "JPEG").data
        found = stored(ImageFiles(str(tmp_path)), wish, data, Candidate())
        assert (found.width, found.height, found.path[-4:]) == (64, 64, ".png")


def describe_prices():
    def they_are_published_by_quality_or_the_users_own():
        assert ImageServerSettings().spec().access.price.per_picture == 0.011
        assert ImageServerSettings(quality="high").priced().as_of is not None
        own = ImageServerSettings(model="my", price={"per_picture": 0.5, "currency": "EUR"}).spec()
        assert (own.access.price.per_picture, own.access.price.currency) == (0.5, "EUR")
        assert ImageServerSettings(base_url="http://mine:8000/v1", model="my").spec().access.price.per_picture == 0

    def one_that_nobody_knows_has_to_be_said():
        with pytest.raises(Exception, match="no price is known here for dall-e-9"):
            ImageServerSettings(model="dall-e-9").check({"OPENAI_API_KEY": "x"}.get)

    def a_face_costs_more():
        spec = ImageServerSettings().spec()
        assert spec.price(Module.P_T2I) > spec.price(Module.T2I)


def describe_limits():
    def each_server_has_its_own(tmp_path: Path, server: Server):
        free = SearchTerms(requests_per_minute=1)  # a question a minute, as of a free search provider
        spec = replace(painted_by(server.url, tmp_path, requests_per_minute=600), web=Openverse(), terms=free)
        with task(tmp_path, script(spec, of_a_town)) as ours:
            ends = ours.run("Bonn", "Kiel")
            asked = {name.partition(" at ")[0]: one.server for name, one in ours.server.served.stages.items()}
            counts = ours.server.served.counts("views")
        assert {end.state for end in ends} == {"done"}
        painting, search = asked["views: image server stub"].requests, asked["views: web search openverse"].requests
        assert painting is not None
        assert search is not None
        assert (painting.taken, search.taken) == (4, 0)
        assert (counts.tries, counts.money) == (6, pytest.approx(4 * PRICE))  # four calls, two units

    def one_server_that_is_set_up_twice_keeps_to_the_smaller(tmp_path: Path):
        there = "http://127.0.0.1:9/v1"
        spec = painted_by(there, tmp_path, in_flight=8, requests_per_minute=30)
        other = painted_by(there, tmp_path, in_flight=2)
        assert servers_asked(replace(spec, personal=other.personal)) == {
            f"image server stub at {there}": CallRates(2, 30)
        }

    def a_refusal_by_one_ends_what_waits_for_the_others(tmp_path: Path):
        with serving(Faults(), no_author) as server:
            judge = JudgeSpec("seer", access=ServerAccess(base_url=server.url, secret="STARK_TEST_NO_KEY"))
            spec = replace(painted_by(server.url, tmp_path), scorer=judge)
            with task(tmp_path, script(spec, painted_and_rated)) as ours:
                ends = ours.run(*(f"Town {number}" for number in range(12)))
                stopped = ours.server.served.stopped
        assert "STARK_TEST_NO_KEY" in stopped
        assert {end.state for end in ends} == {"open"}
