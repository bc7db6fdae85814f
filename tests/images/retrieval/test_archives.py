import gzip
import io
import random
import struct
import tarfile
import tracemalloc
import zipfile
from typing import IO

import pytest

from stark_udfs.images.retrieval.archives import Kind, MemberAt, kind_of, member_at, member_in, members
from stark_udfs.images.retrieval.members import BrokenArchive, Member
from stark_udfs.images.web.fetch import FetchRefusal, Refused
from tests.images.shards import entry, tar_of, zip_of

MOST = 1000
LONG = f"{'folder/' * 40}picture.jpg"  # longer than a header of a tar holds
FILES = [
    ("a/1.jpg", b"one"),
    ("a/1.txt", b"text"),
    ("2.jpg", b"two" * 300),
    (LONG, b"three"),
    ("ä 語.jpg", b"four"),
    ("0.jpg", b""),
]
ARCHIVES: dict[str, tuple[Kind, bytes]] = {
    "tar, gnu": ("tar", tar_of(FILES)),
    "tar, pax": ("tar", tar_of(FILES, tarfile.PAX_FORMAT)),
    "tar, ustar": (
        "tar",
        tar_of([file for file in FILES if file[0].isascii() and file[0] != LONG], tarfile.USTAR_FORMAT),
    ),
    "zip": ("zip", zip_of(FILES)),
    "zip, deflated": ("zip", zip_of(FILES, zipfile.ZIP_DEFLATED)),
}
every = pytest.mark.parametrize("of", ARCHIVES)


def wanted(name: str) -> int:
    return MOST if name.endswith(".jpg") else 0


def listed(kind: Kind, data: bytes) -> list[Member]:
    return list(members(kind, io.BytesIO(data), wanted))


def until_it_breaks(kind: Kind, data: bytes) -> tuple[list[Member], str]:
    """The members before an archive breaks, and why it does."""
    found: list[Member] = []
    try:
        for member in members(kind, io.BytesIO(data), wanted):
            found.append(member)
    except BrokenArchive as broken:
        return found, str(broken)
    return found, ""


def at(kind: Kind, member: Member) -> MemberAt:
    return MemberAt(kind, "x", member.name, member.offset, member.size)


def piece(data: bytes, member: Member) -> bytes:
    return data[member.offset : member.offset + member.size]


def reason(data: bytes | Refused) -> FetchRefusal:
    assert isinstance(data, Refused), data
    return data.reason


def describe_members():
    @every
    def they_are_the_wanted_files_in_their_order(of: str):
        found = listed(*ARCHIVES[of])
        names = {member.name for member in found}
        assert [(member.name, member.data) for member in found] == [
            file for file in FILES if file[0] in names and file[0] != "a/1.txt"
        ]
        assert len(found) == (3 if of == "tar, ustar" else 5)

    @every
    def each_is_read_again_from_its_piece_alone(of: str):
        kind, data = ARCHIVES[of]
        for member in listed(kind, data):
            assert member_in(at(kind, member), piece(data, member), MOST) == member.data

    def a_tar_may_end_without_its_last_blocks():
        data = tar_of([("1.jpg", b"one"), ("2.jpg", b"two")])
        assert len(listed("tar", data[: 512 * 3 + 3])) == 2

    def one_that_is_larger_than_wanted_is_told_but_not_read():
        found = listed("tar", tar_of([("1.jpg", bytes(MOST + 1)), ("2.jpg", b"two")]))
        assert [reason(found[0].data), found[1].data] == [FetchRefusal.TOO_LARGE, b"two"]

    def an_archive_is_read_once_from_start_to_end():
        class Log(io.BytesIO):
            places: list[int] = []  # noqa: RUF012

            def read(self, size: int | None = -1, /) -> bytes:
                self.places.append(self.tell())
                return super().read(size)

        file: IO[bytes] = Log(tar_of([(f"{number}.jpg", bytes(700)) for number in range(50)]))
        assert len(list(members("tar", file, wanted))) == 50
        assert Log.places == sorted(set(Log.places))
        assert len(Log.places) <= 50 * 2 + 1


def describe_a_member_that_is_not_where_the_index_says():
    @every
    def it_is_refused(of: str):
        kind, data = ARCHIVES[of]
        first, second, *_ = listed(kind, data)
        for bytes_there in (piece(data, second), data[first.offset + 7 :][: first.size], bytes(first.size), b""):
            assert reason(member_in(at(kind, first), bytes_there, MOST)) is FetchRefusal.STATUS

    @every
    def cut_or_with_any_byte_wrong_nothing_is_raised(of: str):
        kind, data = ARCHIVES[of]
        rng = random.Random(3)
        for member in listed(kind, data):
            whole = piece(data, member)
            for _ in range(100):
                bad = bytearray(whole[: rng.randrange(len(whole))] if rng.random() < 0.3 else whole)
                for _ in range(min(len(bad), rng.randint(1, 4))):
                    bad[rng.randrange(len(bad))] = rng.randrange(256)
                assert isinstance(member_in(at(kind, member), bytes(bad), MOST), bytes | Refused)


def describe_hostile_archives():
    @every
    def with_any_byte_wrong_they_end_in_members_or_a_reason(of: str):
        kind, data = ARCHIVES[of]
        rng = random.Random(5)
        for _ in range(300):
            bad = bytearray(data[: rng.randrange(len(data))] if rng.random() < 0.3 else data)
            for _ in range(min(len(bad), rng.randint(1, 8))):
                bad[rng.randrange(len(bad))] = rng.randrange(256)
            found, _ = until_it_breaks(kind, bytes(bad))
            assert all(isinstance(member.data, Refused) or len(member.data) <= MOST for member in found)

    @pytest.mark.parametrize(
        "name", ["../../etc/1.jpg", "/etc/1.jpg", "a/../../1.jpg", "a::http://b/1.jpg", "a\n1.jpg", "é" * 600 + ".jpg"]
    )
    @pytest.mark.parametrize("kind", ["tar", "zip"])
    def names_that_lead_elsewhere_are_refused(kind: Kind, name: str):
        files = [(name, b"one"), ("2.jpg", b"two")]
        bad, good = listed(kind, tar_of(files) if kind == "tar" else zip_of(files))
        assert (reason(bad.data), good.data) == (FetchRefusal.BAD_URL, b"two")

    @pytest.mark.parametrize("of", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
    def links_and_devices_are_no_files(of: bytes):
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w") as archive:
            archive.addfile(entry("1.jpg", type=of, linkname="/etc/passwd"))
            archive.addfile(entry("2.jpg", b"two"), io.BytesIO(b"two"))
        bad, good = listed("tar", written.getvalue())
        assert (reason(bad.data), good.data) == (FetchRefusal.STATUS, b"two")

    def a_link_in_a_zip_is_no_file():
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            info = zipfile.ZipInfo("1.jpg")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")
        assert reason(listed("zip", written.getvalue())[0].data) is FetchRefusal.STATUS

    @pytest.mark.parametrize("size", [2_000, 1 << 40, (1 << 63) - 1, 1 << 87])
    def sizes_that_are_said_are_not_believed(size: int):
        written = entry("1.jpg", size=size).tobuf(tarfile.GNU_FORMAT)
        found, why = until_it_breaks("tar", tar_of([("0.jpg", b"one")])[:1024] + written + bytes(1024))
        assert [member.name for member in found] == ["0.jpg", "1.jpg"]
        assert reason(found[1].data) is FetchRefusal.TOO_LARGE
        assert "but the archive has" in why

    def a_size_below_nothing_ends_the_archive():
        header = bytearray(entry("1.jpg").tobuf(tarfile.GNU_FORMAT))
        header[124:136] = b"\xff" * 11 + b"\x00"  # base 256: below zero
        header[148:156] = b"        "
        header[148:156] = b"%06o\x00 " % sum(header)
        assert "says -256 bytes" in until_it_breaks("tar", bytes(header) + bytes(1024))[1]

    def a_pax_size_is_bounded_too():
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
            archive.addfile(entry("1.jpg", b"one", pax_headers={"size": "999999999999"}), io.BytesIO(b"one"))
        found, why = until_it_breaks("tar", written.getvalue())
        assert reason(found[0].data) is FetchRefusal.TOO_LARGE
        assert why

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
    def headers_of_many_bytes_are_not_read(kind: bytes):
        head = entry("x", type=kind, size=1 << 30).tobuf(tarfile.GNU_FORMAT)
        assert "bytes of headers before a member" in until_it_breaks("tar", head + bytes(2048))[1]

    def headers_without_end_are_not_followed():
        head = entry("x", type=tarfile.XHDTYPE, size=512).tobuf(tarfile.GNU_FORMAT) + b"8 k=abc\n" + bytes(504)
        assert "bytes of headers before a member" in until_it_breaks("tar", head * 2_000)[1]

    @pytest.mark.parametrize(
        "record", [b"9999 path=x\n", b"0 path=x\n", b"path=x\n", b"-5 a=b\n", b"3 \n", b"9" * 400, b" "]
    )
    def a_pax_header_that_lies_ends_the_archive(record: bytes):
        head = entry("x", type=tarfile.XHDTYPE, size=len(record)).tobuf(tarfile.GNU_FORMAT)
        data = head + record.ljust(512, b"\x00") + tar_of([("1.jpg", b"one")])
        found, why = until_it_breaks("tar", data)
        assert "pax header" in why or found[0].name == "1.jpg"

    def many_small_pax_records_are_read_in_one_go():
        records = b"6 k=v\n" * 170_000
        head = entry("x", type=tarfile.XHDTYPE, size=len(records)).tobuf(tarfile.GNU_FORMAT)
        data = head + records + bytes(-len(records) % 512) + tar_of([("1.jpg", b"one")])
        assert listed("tar", data)[0].data == b"one"

    def sparse_files_are_refused():
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT) as archive:
            sparse = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "99999999999"}
            archive.addfile(entry("1.jpg", b"1\n0\n3\n", pax_headers=sparse), io.BytesIO(b"1\n0\n3\n"))
            archive.addfile(entry("2.jpg", b"two"), io.BytesIO(b"two"))
        old = bytearray(entry("3.jpg", size=3, type=tarfile.GNUTYPE_SPARSE).tobuf(tarfile.GNU_FORMAT))
        old[482], old[148:156] = 1, b"        "
        old[148:156] = b"%06o\x00 " % sum(old)
        more = bytearray(512)
        more[504] = 1
        ahead = bytes(old) + bytes(more) + bytes(512) + b"xyz".ljust(512, b"\x00")
        found = listed("tar", ahead + written.getvalue())
        assert [member.name for member in found] == ["3.jpg", "1.jpg", "2.jpg"]
        assert [reason(member.data) for member in found[:2]] == [FetchRefusal.STATUS] * 2
        assert found[2].data == b"two"

    @pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def other_ways_to_pack_are_refused(method: int):
        assert reason(listed("zip", zip_of([("1.jpg", b"one")], method))[0].data) is FetchRefusal.STATUS

    def a_bomb_is_not_unpacked():
        data = zip_of([("1.jpg", bytes(200_000_000))], zipfile.ZIP_DEFLATED)
        honest = listed("zip", data)[0]
        assert reason(honest.data) is FetchRefusal.TOO_LARGE
        lying = data.replace(struct.pack("<I", 200_000_000), struct.pack("<I", 500))
        tracemalloc.start()
        found = listed("zip", lying)[0]
        later = member_in(at("zip", honest), piece(data, honest), MOST)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert reason(found.data) is reason(later) is FetchRefusal.TOO_LARGE
        assert peak < 3_000_000

    def members_of_a_zip_that_overlap_end_it():
        data = zip_of([("1.jpg", b"one" * 99), ("2.jpg", b"two")])
        first, second = listed("zip", data)
        start = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4) + 42
        lying = data[:start] + struct.pack("<I", first.offset + 40) + data[start + 4 :]
        found, why = until_it_breaks("zip", lying)
        assert ([member.name for member in found], "overlap" in why) == (["1.jpg"], True)
        assert second.offset != first.offset + 40

    def a_list_of_members_without_end_is_not_read():
        data = bytearray(zip_of([("1.jpg", b"one")]))
        end = data.index(b"PK\x05\x06")
        padded = bytes(data[:end]) + bytes(20 << 20) + bytes(data[end:])
        lying = bytearray(padded)
        where = padded.index(b"PK\x05\x06") + 12
        lying[where : where + 4] = struct.pack("<I", 20 << 20)
        assert "at most" in until_it_breaks("zip", bytes(lying))[1]

    def what_is_packed_as_a_whole_says_so():
        assert "gzip" in until_it_breaks("tar", gzip.compress(tar_of([("1.jpg", b"one")])))[1]

    @pytest.mark.parametrize("kind", ["tar", "zip"])
    @pytest.mark.parametrize("data", [b"<html>", b"x" * 2000])
    def what_is_no_archive_says_so(kind: Kind, data: bytes):
        found, why = until_it_breaks(kind, data)
        assert (found, bool(why)) == ([], True)

    def what_the_storage_raises_is_passed_on():
        class Lost(io.BytesIO):
            def read(self, size: int | None = -1, /) -> bytes:
                raise OSError("the line is dead")

        for kind in ("tar", "zip"):
            with pytest.raises(OSError, match="the line is dead"):
                list(members(kind, Lost(bytes(2000)), wanted))  # type: ignore[arg-type]


def describe_addresses():
    @pytest.mark.parametrize("kind", ["tar", "zip"])
    def they_are_read_as_they_are_written(kind: Kind):
        place = MemberAt(kind, f"s3://a/b.{kind}", "c/1.jpg", 512, 700)
        assert place.address == f"{kind}://c/1.jpg::s3://a/b.{kind}"
        assert member_at(place.address, 512, 700) == place
        assert kind_of(place.archive) == kind

    @pytest.mark.parametrize("address", ["/a/1.jpg", "file:///a::b", "tar://1.jpg", "http://a/tar://x::y"])
    def others_are_none_of_a_member(address: str):
        assert member_at(address, 0, 1) is None
