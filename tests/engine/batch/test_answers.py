import json

from stark_udfs.calls.batch_store import BatchCall
from stark_udfs.calls.providers.batch import LONGEST_LINE, answer_in
from stark_udfs.engine.batch.answers import Answers
from tests.engine import toy

KEYS = [f"{n:064x}" for n in range(6)]
CALLS = {key: BatchCall(key=key, unit_key=f"u{key[-1]}", round=0, attempt=0, request="{}") for key in KEYS}
USAGE = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}


def good(key: str, text: str = "hi") -> str:
    body = {"choices": [{"message": {"content": text}}], "model": "toy-1", "usage": USAGE}
    return json.dumps({"custom_id": key, "response": {"status_code": 200, "body": body}, "error": None})


def bad(key: str, status: int, error: object) -> str:
    response = {"status_code": status, "body": {"error": error}}
    return json.dumps({"custom_id": key, "response": response, "error": None})


def expired(key: str) -> str:
    return json.dumps({"custom_id": key, "response": None, "error": {"code": "batch_expired", "message": "late"}})


def read(*lines: str) -> tuple[Answers, list[tuple[str, str]]]:
    stage = toy.stages(toy.Toy(), "http://127.0.0.1:9/v1")[1]
    answers = Answers(CALLS, stage.chat.model, stage, "run", "now")
    found = (answer_in(line) for line in lines)
    return answers, [(one.key, one.finish_reason) for one in answers.replies(one for one in found if one is not None)]


def describe_answers():
    def they_are_one_for_each_call_and_the_first_of_several_holds():
        answers, found = read(good(KEYS[1], "first"), good(KEYS[0]), good(KEYS[1], "second"))
        assert found == [(KEYS[1], "stop"), (KEYS[0], "stop")]
        assert (answers.answered, answers.doubled, answers.unanswered) == (2, 1, 4)

    def they_leave_out_what_nobody_asked_and_what_cannot_be_read():
        answers, found = read("{", good("f" * 64), '{"custom_id": 7}', good(KEYS[0]), "[]", "null")
        assert [key for key, _ in found] == [KEYS[0]]
        assert (answers.strange, answers.torn, answers.unanswered) == (2, 3, 5)

    def they_cost_what_the_tariff_says():
        stage = toy.stages(toy.Toy(), "http://127.0.0.1:9/v1")[1]
        (reply,) = Answers(CALLS, stage.chat.model, stage, "run", "now").replies([answer_in(good(KEYS[0]))])  # type: ignore[list-item]
        assert reply.money == 0.5 * stage.chat.cost(100, 50) > 0
        assert (reply.unit_key, reply.stage, reply.model_returned) == ("u0", "sights", "toy-1")

    def they_leave_open_what_expired_failed_or_was_throttled():
        answers, found = read(good(KEYS[0]), expired(KEYS[1]), bad(KEYS[2], 500, "oh"), bad(KEYS[3], 429, "slow down"))
        assert [key for key, _ in found] == [KEYS[0]]
        assert (answers.unanswered, answers.stopped) == (5, "")
        assert "throttled" in answers.failed

    def they_reject_units_whose_call_never_works_as_live_asking_does():
        long = {"code": "context_length_exceeded", "message": "too long"}
        answers, found = read(good(KEYS[0]), bad(KEYS[1], 400, long), bad(KEYS[2], 400, "no idea"))
        assert found == [(KEYS[0], "stop"), (KEYS[1], "context_length"), (KEYS[2], "bad_request")]
        assert answers.stopped == ""

    def they_end_the_run_where_no_call_can_work():
        for line, says in (
            (bad(KEYS[1], 401, "bad key"), "auth"),
            (bad(KEYS[1], 400, {"code": "model_not_found", "message": "no such model"}), "not_found"),
            (bad(KEYS[1], 400, "no idea"), "No call was answered before it"),
        ):
            answers, found = read(line)
            assert found == []
            assert says in answers.stopped

    def they_keep_and_reject_a_line_that_is_too_long():
        _, found = read(good(KEYS[0], "x" * LONGEST_LINE))
        assert found == [(KEYS[0], "oversize")]
