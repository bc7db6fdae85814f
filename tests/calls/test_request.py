import json
import timeit
from collections.abc import Callable
from dataclasses import replace

from stark_udfs.calls.request import ChatRequest, Prompt, sendable
from stark_udfs.calls.sequence import OpenCall, advance
from tests.calls.asks import Basket, chat, conversation, model


def request(**changes) -> ChatRequest:
    given = {"unit_key": "unit-Ana", "round": 0}
    prompt = Prompt(system="You bake.", user="What does Ana bake on day 1?", shape=Basket)
    return chat(**changes.pop("chat", {})).request(prompt, **{**given, **changes})


def describe_key():
    def it_stands_still():
        assert request().key == "43f81cb808f2eca15628a40121381e1539d56b86d9c7b282d5968392f97f19b1"

    def it_follows_everything_that_can_change_the_answer():
        keys = {
            request().key,
            request(unit_key="unit-Bo").key,
            request(round=1).key,
            request(redraw=1).key,
            request(chat={"seed": 43}).key,
            request(chat={"reply_tokens": 200}).key,
            request(chat={"parameters": {"temperature": 0.8}}).key,
            request(chat={"model": model(name="baker-2")}).key,
            request(chat={"model": model(provider="openai")}).key,
            request(chat={"model": model(json_schema=False)}).key,
            replace(request(), attempt=1).key,
            replace(request(), after="0" * 64).key,
        }
        assert len(keys) == 12

    def it_ignores_what_only_travels_along():
        assert request(block={"stage": "loaves"}).key == request().key
        assert request(chat={"model": model(timeout_s=1, base_url="http://elsewhere/v1")}).key == request().key
        assert request(chat={"parameters": {"b": 1, "a": 2}}).key == request(chat={"parameters": {"a": 2, "b": 1}}).key

    def it_costs_little():
        first = request()
        body = json.dumps(first.body, sort_keys=True)

        def seconds(work: Callable[[], object]) -> float:
            return min(timeit.repeat(work, number=500, repeat=5))

        assert seconds(lambda: replace(first).key) < 20 * seconds(lambda: json.loads(body))


def describe_body():
    def it_is_what_goes_on_the_wire():
        body = request().body
        assert body["model"] == "baker-1"
        assert body["temperature"] == 0.9
        assert body["max_tokens"] == 100
        assert [message["role"] for message in body["messages"]] == ["system", "user"]
        assert body["response_format"]["json_schema"]["strict"] is True
        assert "stark" not in body

    def it_says_the_shape_in_words_where_the_server_takes_no_schema():
        body = request(chat={"model": model(json_schema=False, token_limit="max_completion_tokens")}).body
        assert "response_format" not in body
        assert body["max_completion_tokens"] == 100
        assert '"loaves"' in body["messages"][1]["content"]

    def it_carries_the_block_for_the_offline_author_alone():
        opened = advance(conversation(), {})
        assert isinstance(opened, OpenCall)
        assert opened.request.body["stark"] == {
            "stage": "loaves",
            "unit_key": "unit-Ana",
            "round": 0,
            "row": {"name": "Ana", "rounds": 1},
            "replies": [],
            "facts": {"day": 1},
            "draw": opened.request.draw,
            "attempt": 0,
        }
        elsewhere = advance(conversation(chat=chat(model=model(provider="openai"))), {})
        assert isinstance(elsewhere, OpenCall)
        assert "stark" not in elsewhere.request.body


def describe_written():
    def it_is_json_without_the_schema():
        written = json.loads(request().written)
        assert set(written) == {"messages", "parameters"}


def describe_sendable():
    def it_replaces_nuls_and_lone_surrogates():
        assert sendable("a\x00b\ud800c é 😀") == "a\ufffdb\ufffdc é 😀"


def describe_bound():
    def it_is_never_below_what_a_call_costs():
        priced = chat(model=model(price={"input": 1.0, "output": 10.0}))
        prompt = Prompt(system="Du bäckst.", user="パンを焼く " * 100, shape=Basket)
        bound = priced.bound(priced.request(prompt, unit_key="u", round=0))
        assert bound.tokens > 600 + 100
        assert bound.money == priced.cost(bound.tokens - 100, 100)

    def it_follows_a_raised_limit():
        first = request()
        raised = replace(first, parameters={**first.parameters, "max_tokens": 500})
        assert chat().bound(raised).tokens - chat().bound(first).tokens == 400
