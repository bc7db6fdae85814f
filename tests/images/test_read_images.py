import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from stark_udfs.images.decode import picture_of
from stark_udfs.images.read_images import read_all, read_file
from stark_udfs.images.retrieval.archives import MemberAt, kind_of, members
from stark_udfs.images.web.fetch import Fetched, FetchRefusal, FetchRules, Refused
from stark_udfs.images.web.throttle import Turns
from tests.images import tiny
from tests.images.shards import Files, tar_of, zip_of
from tests.images.site import serving

RULES = FetchRules(interval_s=0)


def jpeg(seed: int = 1) -> bytes:
    return picture_of(Image.fromarray(tiny.picture(seed)), "JPEG").data


def describe_read_file():
    def it_reads_a_path_or_a_uri(tmp_path: Path):
        path = tmp_path / "a b.jpg"
        path.write_bytes(jpeg())
        for address in (str(path), f"file://{path}"):
            picture = read_file(address, RULES)
            assert isinstance(picture, Fetched)
            assert (picture.width, picture.format) == (48, "JPEG")

    def it_reads_a_member_of_a_shard(tmp_path: Path):
        with tarfile.open(tmp_path / "0.tar", "w") as tar:
            member = tarfile.TarInfo("sample/1.jpg")
            member.size = len(jpeg())
            tar.addfile(member, io.BytesIO(jpeg()))
        assert isinstance(read_file(f"tar://sample/1.jpg::{tmp_path}/0.tar", RULES), Fetched)
        assert isinstance(read_file(f"tar://sample/1.jpg::file://{tmp_path}/0.tar", RULES), Fetched)
        gone = read_file(f"tar://sample/2.jpg::{tmp_path}/0.tar", RULES)
        assert isinstance(gone, Refused)
        assert gone.reason is FetchRefusal.STATUS

    @pytest.mark.parametrize(("name", "form"), [("0.tar", tar_of), ("0.zip", zip_of)])
    def it_reads_a_member_by_its_place(tmp_path: Path, name: str, form: Callable[[Files], bytes]):
        data = form([("a/0.jpg", b"no"), ("a/1.jpg", jpeg())])
        (tmp_path / name).write_bytes(data)
        kind = kind_of(name)
        _, member = members(kind, io.BytesIO(data), lambda _: RULES.bytes)
        place = MemberAt(kind, f"file://{tmp_path}/{name}", "a/1.jpg", member.offset, member.size)
        by_place, by_name = read_file(place, RULES), read_file(place.address, RULES)
        assert isinstance(by_place, Fetched)
        assert by_place == by_name

    @pytest.mark.parametrize(
        ("archive", "offset", "size", "reason"),
        [
            ("http://127.0.0.1/a.tar", 0, 600, FetchRefusal.SCHEME),
            ("file:///a.tar::http://127.0.0.1/b", 0, 600, FetchRefusal.SCHEME),
            ("/no/such/0.tar", 0, 600, FetchRefusal.STATUS),
            ("/no/such/0.tar", -1, 600, FetchRefusal.TOO_LARGE),
            ("/no/such/0.tar", 0, 1 << 40, FetchRefusal.TOO_LARGE),
            ("/no/such/0.tar", 0, -5, FetchRefusal.TOO_LARGE),
        ],
    )
    def it_asks_for_nothing_that_an_index_could_not_mean(archive: str, offset: int, size: int, reason: FetchRefusal):
        refused = read_file(MemberAt("tar", archive, "1.jpg", offset, size), RULES)
        assert isinstance(refused, Refused)
        assert refused.reason is reason

    @pytest.mark.parametrize(
        "address",
        [
            "ftp://a.example/x.jpg",
            "tar://x.jpg::http://127.0.0.1/a.tar",
            "simplecache::http://127.0.0.1/x.jpg",
            "filecache::file:///etc/passwd",
            "github://a:b@main/x.jpg",
            "HTTP://127.0.0.1/x.jpg",
            "reference://x",
        ],
    )
    def it_opens_nothing_of_the_web(address: str):
        refused = read_file(address, RULES)
        assert isinstance(refused, Refused)
        assert refused.reason is FetchRefusal.SCHEME

    def it_says_why_a_file_is_not_taken(tmp_path: Path):
        (tmp_path / "page.jpg").write_bytes(b"<html>")
        (tmp_path / "large.jpg").write_bytes(bytes(2000))
        reasons = {
            "page.jpg": FetchRefusal.MARKUP,
            "large.jpg": FetchRefusal.TOO_LARGE,
            "gone.jpg": FetchRefusal.STATUS,
            ".": FetchRefusal.UNREACHABLE,
        }
        for name, reason in reasons.items():
            refused = read_file(f"{tmp_path}/{name}", FetchRules(bytes=1000))
            assert isinstance(refused, Refused), name
            assert refused.reason is reason


def describe_read_all():
    def it_reads_files_and_the_web_in_their_order(tmp_path: Path):
        (tmp_path / "a.jpg").write_bytes(jpeg())
        with serving() as site:
            site.picture("b.png", 2)
            addresses = [f"{site.url}/b.png", f"{tmp_path}/a.jpg", f"{site.url}/c.png"]
            results = read_all(addresses, site.rules, Turns(0))
        assert [getattr(result, "format", "") for result in results] == ["PNG", "JPEG", ""]

    def it_opens_nothing_for_nothing():
        assert read_all([], RULES, Turns(0)) == []
