import json
from collections.abc import Callable

import pytest

from stark_udfs.calls.errors import OVERSIZE
from stark_udfs.calls.request import ChatRequest, Prompt, Reply
from stark_udfs.calls.sequence import ChatSequence, OpenCall, SequenceEnd, advance
from stark_udfs.core.rejects import RejectReason
from tests.calls.asks import GOOD, Basket, ask, chat, conversation, reply


def play(talk: ChatSequence, *said: tuple[str, str]) -> tuple[SequenceEnd | OpenCall, list[ChatRequest]]:
    """Answer open calls in order with (text, finish_reason); what came of it, and all requests."""
    known: dict[str, Reply] = {}
    requests: list[ChatRequest] = []
    for text, finish_reason in said:
        step = advance(talk, known)
        assert isinstance(step, OpenCall), f"{len(requests)} replies were enough"
        requests.append(step.request)
        known[step.request.key] = reply(step.request, text, finish_reason)
    end = advance(talk, known)
    if isinstance(end, OpenCall):
        requests.append(end.request)
    return end, requests


def rejected(talk: ChatSequence, *said: tuple[str, str]) -> RejectReason:
    end, _ = play(talk, *said)
    assert isinstance(end, SequenceEnd)
    assert end.reject is not None
    assert end.reject.key == "unit-Ana"
    return end.reject.reason


OK = (GOOD, "stop")
BAD = ('{"loaves": "none"}', "stop")
NO = ("I'm sorry, but I can't help with that.", "stop")
CUT = (GOOD[:-20], "length")


def describe_advance():
    def it_asks_round_after_round_until_there_is_nothing_to_ask():
        end, requests = play(conversation(rounds=3), OK, OK, OK)
        assert isinstance(end, SequenceEnd)
        assert end.reject is None
        assert len(end.accepted) == 3
        assert end.used == tuple(request.key for request in requests)
        assert len(set(end.used)) == 3

    def it_is_done_at_once_where_there_is_no_question():
        assert advance(conversation(rounds=0), {}) == SequenceEnd((), None, ())

    def it_gives_the_same_calls_each_time():
        first, again = advance(conversation(), {}), advance(conversation(), {})
        assert first == again

    def it_draws_anew_on_request():
        first, again = advance(conversation(), {}), advance(conversation(redraw=1), {})
        assert isinstance(first, OpenCall)
        assert isinstance(again, OpenCall)
        assert first.request.messages == again.request.messages
        assert first.request.key != again.request.key

    def it_keeps_the_rounds_before_a_bad_one():
        end, _ = play(conversation(rounds=2, chat=chat(reasks=0)), OK, BAD)
        assert isinstance(end, SequenceEnd)
        assert len(end.accepted) == 1
        assert end.reject is not None


def describe_a_bad_reply():
    def it_is_asked_again_with_the_error_told():
        end, (first, second) = play(conversation(), BAD, OK)
        assert isinstance(end, SequenceEnd)
        assert end.reject is None
        assert second.attempt == 1
        assert second.messages[:2] == first.messages
        assert second.messages[2].content == BAD[0]
        assert "loaves: Input should be a valid list" in second.messages[3].content

    def it_is_asked_again_so_often_and_no_more():
        end, requests = play(conversation(), BAD, BAD, BAD)
        assert isinstance(end, SequenceEnd)
        assert end.reject is not None
        assert end.reject.reason is RejectReason.WRONG_SHAPE
        assert len(end.used) == len(requests) == 3

    def it_sends_back_a_bounded_part():
        _, (_, second) = play(conversation(), ("x" * 50_000, "stop"))
        assert len(second.messages[2].content) == 4_000

    def its_key_rests_on_the_reply_not_on_the_words_of_the_error():
        _, (first, second) = play(conversation(), BAD)
        assert second.after
        _, (_, other) = play(conversation(), ('{"loaves": 7}', "stop"))
        assert second.messages[3] == other.messages[3]
        assert second.key != other.key
        assert first.key != second.key


def describe_a_refusal():
    def it_is_asked_again_once_in_the_same_words():
        _, (first, second) = play(conversation(), NO)
        assert second.messages == first.messages
        assert second.key != first.key
        assert rejected(conversation(), NO, NO) is RejectReason.REFUSED

    def it_may_come_as_a_reason_to_finish():
        assert rejected(conversation(chat=chat(reasks=0)), ("No.", "refusal")) is RejectReason.REFUSED


def describe_a_reply_that_is_cut_off():
    def it_is_asked_again_with_twice_the_limit_whatever_reasks_says():
        end, (first, second) = play(conversation(chat=chat(reasks=0)), CUT, OK)
        assert isinstance(end, SequenceEnd)
        assert end.reject is None
        assert (first.parameters["max_tokens"], second.parameters["max_tokens"]) == (100, 200)
        assert second.messages == first.messages

    def it_is_rejected_when_twice_was_not_enough():
        assert rejected(conversation(), CUT, CUT) is RejectReason.TOO_LONG

    @pytest.mark.parametrize("text", ["", "<think>First I", f"<think>{GOOD}", "<|channel|>analysis<|message|>We need"])
    def it_names_the_server_option_where_only_thoughts_came(text):
        end, _ = play(conversation(), (text, "length"), (text, "length"))
        assert isinstance(end, SequenceEnd)
        assert end.reject is not None
        assert end.reject.reason is RejectReason.TOO_LONG
        assert "before the model answered" in end.reject.detail
        assert "--reasoning-parser" in end.reject.detail
        assert len(end.reject.detail) <= 500

    def it_keeps_its_complete_items_where_the_prompt_allows():
        def ask_for_parts(row, replies):
            prompt = ask(row, replies)
            return prompt and Prompt(system=prompt.system, user=prompt.user, shape=prompt.shape, whole=False)

        end, _ = play(conversation(ask=ask_for_parts), CUT, CUT)
        assert isinstance(end, SequenceEnd)
        assert end.reject is None
        (basket,) = end.accepted
        assert isinstance(basket, Basket)
        assert [loaf.flour for loaf in basket.loaves] == ["rye"]


def describe_what_no_further_ask_can_mend():
    @pytest.mark.parametrize(
        ("finish_reason", "reason"),
        [
            ("content_filter", RejectReason.CONTENT_FILTER),
            ("context_length", RejectReason.CONTEXT_LENGTH),
            ("bad_request", RejectReason.BAD_REQUEST),
            (OVERSIZE, RejectReason.TOO_LONG),
        ],
    )
    def it_is_rejected_at_once(finish_reason, reason):
        assert rejected(conversation(), ("", finish_reason)) is reason


def describe_an_empty_reply():
    def it_is_asked_again_in_the_same_words():
        _, (first, second) = play(conversation(), ("", "stop"))
        assert second.messages == first.messages
        assert rejected(conversation(), ("", "stop"), ("", "stop"), (" ", "stop")) is RejectReason.EMPTY


def describe_a_reply_of_thoughts_alone():
    def it_is_the_answer_where_it_holds_one():
        end, _ = play(conversation(), (f"<think>\n{GOOD}\n</think>", "stop"))
        assert isinstance(end, SequenceEnd)
        assert end.reject is None

    def it_is_asked_again_in_the_same_words_and_says_what_to_change():
        thought = ("<think>\nWe need to bake.\n</think>", "stop")
        end, requests = play(conversation(chat=chat(reasks=1)), thought, thought)
        assert requests[0].messages == requests[1].messages
        assert isinstance(end, SequenceEnd)
        assert end.reject is not None
        assert end.reject.reason is RejectReason.EMPTY
        assert "--reasoning-parser" in end.reject.detail


def describe_any_history():
    @pytest.mark.parametrize("reasks", [0, 1, 2, 5])
    def it_ends_within_reasks_and_two_more(reasks):
        replies: list[Callable[[int], tuple[str, str]]] = [
            lambda _: BAD,
            lambda _: NO,
            lambda n: (GOOD[: 10 + n], "length"),
            lambda _: ("", "stop"),
            lambda n: (json.dumps({"n": n}), "stop"),
        ]
        for shift in range(len(replies)):
            talk, known = conversation(chat=chat(reasks=reasks)), {}
            for n in range(reasks + 2):
                step = advance(talk, known)
                if isinstance(step, SequenceEnd):
                    break
                text, finish_reason = replies[(n + shift) % len(replies)](n)
                known[step.request.key] = reply(step.request, text, finish_reason)
            assert isinstance(advance(talk, known), SequenceEnd)
