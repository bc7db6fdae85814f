import pytest

from stark_udfs.calls.errors import CallError, CallFailed, error_of_status, redacted, seconds_of


def describe_kind_of():
    @pytest.mark.parametrize(
        ("status", "code", "message", "kind"),
        [
            (429, "rate_limit_exceeded", "slow down", CallError.THROTTLED),
            (429, "insufficient_quota", "", CallError.QUOTA),
            (402, "", "", CallError.QUOTA),
            (500, "", "", CallError.TRANSIENT),
            (503, "", "", CallError.TRANSIENT),
            (408, "", "", CallError.TRANSIENT),
            (401, "", "", CallError.AUTH),
            (403, "", "", CallError.AUTH),
            (404, "model_not_found", "", CallError.NOT_FOUND),
            (307, "", "", CallError.NOT_FOUND),
            (400, "context_length_exceeded", "", CallError.CONTEXT_LENGTH),
            (400, "", "This model's maximum context length is 8192 tokens", CallError.CONTEXT_LENGTH),
            (413, "", "", CallError.CONTEXT_LENGTH),
            (400, "content_filter", "", CallError.CONTENT_FILTER),
            (400, "", "unknown parameter: temperature", CallError.BAD_REQUEST),
            (422, "", "", CallError.BAD_REQUEST),
        ],
    )
    def it_sorts_by_what_is_to_be_done(status, code, message, kind):
        assert error_of_status(status, code, message) is kind


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
    def it_reads_what_servers_say():
        assert seconds_of({"retry-after": "7"}) == 7.0
        assert seconds_of({"retry-after-ms": "250", "retry-after": "7"}) == 0.25
        assert seconds_of({"retry-after": "99999999"}) == 3600.0
        assert seconds_of({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) is None
        assert seconds_of({"retry-after": "nan"}) is None
        assert seconds_of({}) is None


def describe_call_failed():
    def it_says_kind_and_status():
        assert str(CallFailed(CallError.AUTH, "no", status=401)) == "auth (HTTP 401): no"
