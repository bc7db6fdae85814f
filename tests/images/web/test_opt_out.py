import pytest
from multidict import CIMultiDict

from stark_udfs.images.web.opt_out import opted_out


def said(*lines: str) -> str | None:
    headers: CIMultiDict[str] = CIMultiDict()
    for line in lines:
        name, _, value = line.partition(":")
        headers.add(name, value.strip())
    return opted_out(headers)


def describe_opted_out():
    @pytest.mark.parametrize(
        "line",
        [
            "X-Robots-Tag: noai",
            "X-Robots-Tag: NOIMAGEAI",
            "X-Robots-Tag: all, noimageindex",
            "X-Robots-Tag: noindex",
            "X-Robots-Tag: none",
            "X-Robots-Tag: stark-udfs: noai",
            "X-Robots-Tag: otherbot: nofollow, *: noai",
            "X-Robots-Tag: unavailable_after: 25 Jun 2010 15:00:00 PST, noai",
            "TDM-Reservation: 1",
            "Content-Usage: train-ai=n",
            "Content-Usage: search=y, train-ai = N",
        ],
    )
    def it_hears_a_no(line: str):
        assert said(line) is not None

    @pytest.mark.parametrize(
        "line",
        [
            "X-Robots-Tag: all",
            "X-Robots-Tag: nofollow",
            "X-Robots-Tag: otherbot: noai, noindex",
            "X-Robots-Tag:",
            "X-Robots-Tag: max-image-preview: none",
            "TDM-Reservation: 0",
            "Content-Usage: train-ai=y",
            "Server: noai",
        ],
    )
    def it_hears_no_no_where_none_is(line: str):
        assert said(line) is None

    def it_reads_every_header_of_a_name():
        assert said("X-Robots-Tag: all", "X-Robots-Tag: noai") == "X-Robots-Tag: noai"
