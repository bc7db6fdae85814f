import dataclasses
import hashlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stark_udfs.images.decode import Bounds, NoPicture, pixels_of
from stark_udfs.images.executors.web import WebExecutor
from stark_udfs.images.files import ImageFiles
from stark_udfs.images.requests import Candidates, ImageRequest, Module, Unavailable
from stark_udfs.images.web.providers import Brave, Searx
from stark_udfs.images.web.results import SearchApi
from stark_udfs.images.web.throttle import Turns
from tests.images.site import FAST, Site, serving

WISH = ImageRequest(module=Module.WEB, query="red bicycle", count=5)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


def executor(site: Site, folder: Path, api: SearchApi | None = None) -> WebExecutor:
    return WebExecutor(api or Searx(site.url), FAST, site.rules, ImageFiles(str(folder)), Turns(0), Turns(0))


def describe_work():
    def it_keeps_pictures_and_what_is_said_of_them(site: Site, tmp_path: Path):
        site.picture("a.png", 1)
        (found,) = executor(site, tmp_path).work([WISH])
        assert isinstance(found, Candidates)
        (candidate,) = found.candidates
        data = ImageFiles(str(tmp_path)).read(candidate.path)
        assert (candidate.sha256, candidate.bytes) == (hashlib.sha256(data).hexdigest(), len(data))
        assert (candidate.width, candidate.height) == (48, 48)
        assert (candidate.caption, candidate.source, candidate.creator) == ("a.png", "searxng/loop", "Ana")
        assert candidate.page == f"{site.url}/about/a.png"
        assert (candidate.licence, candidate.found_score, candidate.fault) == (None, None, "")
        assert not isinstance(pixels_of(data, Bounds()), NoPicture)

    def a_refused_picture_is_a_candidate_with_its_fault(site: Site, tmp_path: Path):
        site.picture("good.png", 1)
        site.picture("mine.png", 2, **{"X-Robots-Tag": "noai"})
        site.pages["/page.png"] = (200, {}, b"<html>no picture</html>")
        site.pages["/gone.png"] = (404, {}, b"")
        (found,) = executor(site, tmp_path).work([WISH])
        assert isinstance(found, Candidates)
        assert [candidate.fault for candidate in found.candidates] == ["", "opted_out", "markup", "status"]
        assert [bool(candidate.path) for candidate in found.candidates] == [True, False, False, False]
        assert len(list(tmp_path.rglob("*.png"))) == 1

    def faults_that_will_not_pass_are_an_answer(site: Site, tmp_path: Path):
        site.pages["/gone.png"] = (404, {}, b"")
        (found,) = executor(site, tmp_path).work([WISH])
        assert isinstance(found, Candidates)
        assert [candidate.fault for candidate in found.candidates] == ["status"]

    def a_busy_site_is_no_answer_unless_another_had_a_picture(site: Site, tmp_path: Path):
        site.pages["/gone.png"] = (404, {}, b"")
        site.pages["/busy.png"] = (503, {}, b"")
        assert executor(site, tmp_path).work([WISH]) == [Unavailable("busy", "503")]
        site.picture("good.png", 1)
        (found,) = executor(site, tmp_path).work([WISH])
        assert isinstance(found, Candidates)
        assert sorted(candidate.fault for candidate in found.candidates) == ["", "busy", "status"]

    def no_result_is_an_answer(site: Site, tmp_path: Path):
        assert executor(site, tmp_path).work([WISH]) == [Candidates()]

    def it_looks_at_no_more_than_wished(site: Site, tmp_path: Path):
        for number in range(4):
            site.picture(f"{number}.png", number)
        (found,) = executor(site, tmp_path).work([WISH.model_copy(update={"count": 2})])
        assert isinstance(found, Candidates)
        assert [candidate.caption for candidate in found.candidates] == ["0.png", "1.png"]

    def it_never_fetches_from_where_rules_forbid(site: Site, tmp_path: Path):
        site.picture("a.png", 1)
        strict = dataclasses.replace(executor(site, tmp_path), fetch=dataclasses.replace(site.rules, allow=frozenset()))
        (found,) = strict.work([WISH])
        assert isinstance(found, Candidates)
        assert [candidate.fault for candidate in found.candidates] == ["address"]
        assert [path for path in site.asked if not path.startswith("/search")] == []


def describe_a_provider_that_fails():
    def a_dead_one_is_no_answer(tmp_path: Path):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            dead = Site(port=free.getsockname()[1])
        first, second = executor(dead, tmp_path).work([WISH, WISH])
        assert isinstance(first, Unavailable)
        assert first.kind == second.kind == "unreachable"

    @pytest.mark.parametrize(("status", "kind"), [(503, "unreachable"), (403, "not_authorised"), (400, "provider")])
    def one_that_refuses_is_no_answer(site: Site, tmp_path: Path, status: int, kind: str):
        site.search_status = status
        (answer,) = executor(site, tmp_path).work([WISH])
        assert isinstance(answer, Unavailable)
        assert answer.kind == kind

    def a_missing_key_is_no_answer_to_anybody(site: Site, tmp_path: Path):
        paid = Brave(site.url, secret="STARK_TEST_NO_SUCH_KEY")
        answers = executor(site, tmp_path, paid).work([WISH, WISH])
        assert [answer.kind for answer in answers if isinstance(answer, Unavailable)] == ["not_authorised"] * 2
        assert site.asked == []


def describe_politeness():
    def it_lasts_from_call_to_call(site: Site, tmp_path: Path):
        site.picture("a.png", 1)
        ours = dataclasses.replace(executor(site, tmp_path), asked=Turns(0.2))
        start = time.monotonic()
        for _ in range(3):
            ours.work([WISH])
        assert time.monotonic() - start >= 0.39

    def nothing_is_asked_for_nothing(site: Site, tmp_path: Path):
        assert executor(site, tmp_path).work([]) == []
