import json

import pytest

from stark_udfs.calls.errors import CallError
from stark_udfs.calls.refusals import Refusal, ServerError, refusal_of
from tests.calls.error_bodies import CASES


def refused(status: int, body: object) -> Refusal:
    content = body if isinstance(body, str) else json.dumps(body)
    return refusal_of(status, ServerError.of(content.encode()))


def describe_refusal_of():
    @pytest.mark.parametrize(
        ("provider", "status", "body", "kind", "names"),
        CASES,
        ids=[f"{index}-{case[0]}-{case[3].value}" for index, case in enumerate(CASES)],
    )
    def it_knows_what_servers_mean(provider, status, body, kind, names):
        refusal = refused(status, body)
        assert refusal.kind is kind
        assert names in refusal.way_out
        assert bool(refusal.way_out) == bool(names)

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (429, CallError.THROTTLED),
            (402, CallError.QUOTA),
            (500, CallError.TRANSIENT),
            (408, CallError.TRANSIENT),
            (401, CallError.AUTH),
            (403, CallError.AUTH),
            (307, CallError.NOT_FOUND),
            (404, CallError.NOT_FOUND),
            (400, CallError.BAD_REQUEST),
            (413, CallError.BAD_REQUEST),
            (422, CallError.BAD_REQUEST),
        ],
    )
    def it_goes_by_the_status_where_nothing_is_said(status, kind):
        assert refused(status, {}).kind is kind

    def it_takes_no_word_of_the_request_for_the_servers_own():
        echoed = {"msg": "Field required", "loc": ["body", "messages", 0], "input": "response_format, budget exceeded"}
        assert refused(422, {"detail": [echoed]}).kind is CallError.BAD_REQUEST
        assert refused(400, {"error": {"message": "no"}, "request": {"model": {"message": "over budget"}}}) == Refusal(
            CallError.BAD_REQUEST
        )

    @pytest.mark.parametrize("body", ["[" * 100_000, "null", "[[[[[[[[1]]]]]]]]", '{"error": {"code": NaN}}', "\x00"])
    def it_stands_any_body(body):
        assert refused(400, body).kind is CallError.BAD_REQUEST

    def it_reads_long_words_in_no_time():
        for word in ("too large: 1 ", "`a` ", "model ", "Unknown parameter: ", "credits a b "):
            assert refused(400, {"error": {"message": word * 200_000}}).kind in CallError

    def it_never_offers_a_name_that_is_none():
        hostile = {"error": {"message": "no", "param": "x]; rm -rf /", "code": None}}
        assert refused(400, hostile) == Refusal(CallError.BAD_REQUEST)
