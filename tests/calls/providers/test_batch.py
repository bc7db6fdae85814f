import json
from pathlib import Path

import pytest

from stark_udfs.calls.providers.batch import FileLimits, NoAnswer, answer_in, read_answers, request_line, write_requests
from stark_udfs.calls.providers.client import Completion

BODY = {"choices": [{"message": {"content": "hi"}}], "model": "m-1", "usage": {"prompt_tokens": 7}}


def line(**changes: object) -> str:
    return json.dumps({"custom_id": "k", "response": {"status_code": 200, "body": BODY}, "error": None, **changes})


def describe_request_line():
    def it_holds_the_body_as_it_goes_on_the_wire():
        written = json.loads(request_line("k", '{"model": "m", "n": "ü"}'))
        assert written == {
            "custom_id": "k",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "m", "n": "ü"},
        }


def describe_answer_in():
    def it_is_the_key_and_the_completion():
        assert answer_in(line()) == ("k", Completion("hi", "stop", "m-1", tokens_in=7, tokens_out=1))

    @pytest.mark.parametrize("text", ["", "  \n", request_line("k", "{}")])
    def it_is_nothing_in_requests_and_empty_lines(text: str):
        assert answer_in(text) is None

    @pytest.mark.parametrize(
        ("text", "key", "says"),
        [
            ("{", "", "none of a batch file"),
            ("[1]", "", "none of a batch file"),
            (line(response=None, error={"code": "batch_expired"}), "k", "batch_expired"),
            (line(response={"status_code": 429, "body": {"error": "slow down"}}), "k", "HTTP 429"),
            (line(response={"status_code": 200, "body": {"choices": []}}), "k", "no chat completion"),
        ],
    )
    def it_says_why_there_is_none(text: str, key: str, says: str):
        found = answer_in(text)
        assert isinstance(found, NoAnswer)
        assert found.key == key
        assert says in found.detail


def describe_files():
    def they_keep_the_limits_of_a_batch(tmp_path: Path):
        calls = [(str(n), "{}") for n in range(5)]
        assert [path.name for path in write_requests(calls, tmp_path, "s")] == ["s-001.jsonl"]
        size = len(request_line("0", "{}"))
        for name, limits in (("bytes", FileLimits(bytes=2 * size)), ("lines", FileLimits(requests=2))):
            files = write_requests(calls, tmp_path, name, limits=limits)
            assert [len(path.read_text().splitlines()) for path in files] == [2, 2, 1]

    def they_are_read_one_after_the_other(tmp_path: Path):
        for name, text in (("a", line()), ("b", line(response=None)), ("c", request_line("k", "{}"))):
            (tmp_path / name).write_text(text)
        first, second = read_answers(sorted(tmp_path.iterdir()))
        assert isinstance(first, tuple)
        assert isinstance(second, NoAnswer)
