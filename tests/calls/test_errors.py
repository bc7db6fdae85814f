from datetime import UTC, datetime

import pytest

from stark_udfs.calls.errors import CallError, CallFailed, redacted, seconds_of

NOW = datetime(2015, 10, 21, 7, 27, 30, tzinfo=UTC)


def describe_redacted():
    @pytest.mark.parametrize(
        "text",
        [
            "Incorrect API key: sk-proj-abc123def456",
            "You sent Bearer hunter2hunter2",
            '{"Authorization": "Bearer hunter2hunter2"}',
            "api-key: hunter2hunter2",
            "the key is hunter2hunter2, sir",
        ],
    )
    def it_lets_no_key_through(text):
        clean = redacted(text, "hunter2hunter2")
        assert "hunter2" not in clean
        assert "abc123" not in clean
        assert "***" in clean

    def it_is_one_short_line():
        assert redacted("a\n b\t" + "c" * 999) == "a b " + "c" * 295 + "…"


def describe_seconds_of():
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "7"}, 7.0),
            ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
            ({"retry-after": "99999999"}, 3600.0),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
            ({"retry-after": "Wed, 21 Oct 2015 09:28:00 +0200"}, 30.0),
            ({"retry-after": "Wednesday, 21-Oct-15 07:28:00 GMT"}, 30.0),
            ({"retry-after": "Wed Oct 21 07:28:00 2015"}, 30.0),
            ({"retry-after": "Tue, 20 Oct 2015 07:28:00 GMT"}, 0.0),
            ({"retry-after": "Fri, 21 Oct 2115 07:28:00 GMT"}, 3600.0),
            ({"retry-after": "Wed, 99 Oct 2015 07:28:00 GMT"}, None),
            ({"retry-after": "soon"}, None),
            ({"retry-after": "nan"}, None),
            ({"retry-after": "-3"}, None),
            ({"retry-after": "\x00" * 1000}, None),
            ({}, None),
        ],
    )
    def it_reads_what_servers_say(headers, seconds):
        assert seconds_of(headers, NOW) == seconds


def describe_call_failed():
    def it_says_kind_and_status():
        assert str(CallFailed(CallError.AUTH, "no", status=401)) == "auth (HTTP 401): no"
        settings = CallFailed(CallError.SETTINGS, "no", status=400, way_out="Set it.")
        assert str(settings) == "settings (HTTP 400): no Set it."
