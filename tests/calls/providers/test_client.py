import asyncio
import json
import logging
import math
from collections.abc import Awaitable, Callable

import pytest

from stark_udfs.calls.errors import OVERSIZE, CallError, CallFailed
from stark_udfs.calls.providers.client import Completion, connect
from stark_udfs.calls.providers.server import Client
from stark_udfs.calls.request import ChatRequest
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.core.errors import NotAuthorised, SettingsError, Unreachable
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.serve import served
from stark_udfs.testing.stub_server import StubServer
from tests.calls.asks import GOOD, Basket, chat, conversation, model

KEY = "hunter2-hunter2-hunter2"


def request(**changes) -> ChatRequest:
    step = advance(conversation(chat=chat(model=model(**changes))), {})
    assert isinstance(step, OpenCall)
    return step.request


def over_http(faults: Faults, use: Callable[[Client], Awaitable[object]], **changes) -> object:
    """What `use` gives, with a client of a stub server that behaves like that."""

    async def go() -> object:
        async with served(StubServer(faults)) as url:
            settings = model(**{"provider": "openai", "base_url": url, "secret": "BAKER_KEY", **changes})
            async with connect(settings, secrets={"BAKER_KEY": KEY}.get) as client:
                return await use(client)

    return asyncio.run(go())


def complete(client: Client) -> Awaitable[Completion]:
    return client.complete(request(provider="openai"))


def failed(faults: Faults, **changes) -> CallFailed:
    with pytest.raises(CallFailed) as caught:
        over_http(faults, complete, **changes)
    return caught.value


def describe_complete():
    def it_answers_over_http():
        answer = over_http(Faults(), complete)
        assert isinstance(answer, Completion)
        assert Basket.model_validate_json(answer.text).loaves
        assert (answer.finish_reason, answer.model_returned) == ("stop", "baker-1")
        assert answer.tokens_in > 0
        assert answer.tokens_out > 0

    @pytest.mark.parametrize(
        ("faults", "kind", "status"),
        [
            (Faults(throttled=1, retry_after_s=7), CallError.THROTTLED, 429),
            (Faults(errors=1), CallError.TRANSIENT, 500),
            (Faults(unauthorised=1), CallError.AUTH, 401),
            (Faults(html=1), CallError.TRANSIENT, 200),
            (Faults(empty=1), CallError.TRANSIENT, 200),
            (Faults(broken=1), CallError.TRANSIENT, None),
            (Faults(down_until_s=60), CallError.TRANSIENT, None),
        ],
    )
    def it_sorts_what_goes_wrong(faults, kind, status):
        error = failed(faults)
        assert (error.kind, error.status) == (kind, status)

    def it_passes_on_how_long_to_wait():
        assert failed(Faults(throttled=1, retry_after_s=7)).retry_after == 7.0

    def it_gives_up_after_its_time():
        error = failed(Faults(latency_ms=5_000), timeout_s=0.1)
        assert error.kind is CallError.TRANSIENT
        assert error.detail == "no answer within 0.1 s"

    def it_reads_no_more_than_its_limit():
        answer = over_http(Faults(huge=1), complete, reply_bytes=50_000)
        assert isinstance(answer, Completion)
        assert answer.finish_reason == OVERSIZE
        assert len(answer.text) == 20_000
        assert answer.tokens_out == 12_500

    def it_shows_no_key_whatever_the_server_echoes(caplog):
        caplog.set_level(logging.DEBUG)
        error = failed(Faults(unauthorised=1, echo_auth=True))
        shown = [str(error), repr(error), error.detail, caplog.text]
        assert not any("hunter2" in text for text in shown)
        assert error.__cause__ is error.__context__ is None
        assert "***" in error.detail

    def it_sends_a_call_under_one_name_however_often():
        async def twice(client: Client) -> tuple[Completion, Completion]:
            return await complete(client), await complete(client)

        async def go() -> StubServer:
            stub = StubServer(Faults())
            async with served(stub) as url, connect(model(provider="openai", base_url=url)) as client:
                await twice(client)
            return stub

        assert asyncio.run(go()).stats()["duplicates"] == 1


def describe_offline():
    def it_answers_in_the_process_through_the_same_client():
        seen = []

        def author(block):
            seen.append(block)
            return GOOD, "stop"

        async def go() -> Completion:
            async with connect(model(), author=author) as client:
                await client.probe()
                return await client.complete(request())

        answer = asyncio.run(go())
        assert answer.text == GOOD
        assert seen[0]["unit_key"] == "unit-Ana"
        assert seen[0]["draw"] == request().draw


def describe_odd_answers():
    @pytest.mark.parametrize(
        ("message", "text", "finish_reason"),
        [
            ({"content": "a\x00b\ud800"}, "a\ufffdb\ufffd", "stop"),
            ({"content": [{"type": "text", "text": "in "}, {"type": "text", "text": "parts"}]}, "in parts", "stop"),
            ({"content": None}, "", "stop"),
            ({"content": None, "refusal": "I won't."}, "I won't.", "refusal"),
            ({"content": None, "reasoning_content": GOOD}, f"<think>\n{GOOD}\n</think>", "stop"),
            ({"content": "", "reasoning": GOOD}, f"<think>\n{GOOD}\n</think>", "stop"),
            ({"content": " ", "reasoning": "", "reasoning_content": None}, " ", "stop"),
            ({"content": GOOD, "reasoning": "a draft: {}"}, GOOD, "stop"),
            ({"content": None, "tool_calls": [{"function": {"name": "reply", "arguments": GOOD}}]}, GOOD, "stop"),
            ({"content": None, "tool_calls": [{"function": {"arguments": {"a": 1}}}]}, '{"a": 1}', "stop"),
            ({"content": "", "function_call": {"arguments": GOOD}, "reasoning": "Hm."}, GOOD, "stop"),
            ({"content": "So:", "tool_calls": [{"function": {"arguments": "{}"}}] * 2}, "So:\n{}\n{}", "stop"),
            ({"content": "[1]", "tool_calls": [{"function": {"arguments": GOOD}}]}, "[1]", "stop"),
            ({"content": None, "tool_calls": [None, {"function": "x"}, {"function": {"arguments": ""}}]}, "", "stop"),
            ({"content": None, "tool_calls": "x", "reasoning": {"not": "text"}}, "", "stop"),
            (
                {"content": [{"type": "thinking", "thinking": [{"text": "{}"}]}, {"type": "text", "text": GOOD}]},
                GOOD,
                "stop",
            ),
            (
                {"content": [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]}]},
                "<think>\nHm.\n</think>",
                "stop",
            ),
        ],
    )
    def it_takes_what_servers_send(message, text, finish_reason):
        answer = answered({"choices": [{"message": message, "finish_reason": "stop"}]})
        assert (answer.text, answer.finish_reason) == (text, finish_reason)
        assert answer.model_returned == "baker-1"

    @pytest.mark.parametrize("body", [[], {}, {"choices": []}, {"choices": [{"message": "none"}]}, "text", None])
    def it_takes_nothing_else(body):
        with pytest.raises(CallFailed, match="no chat completion"):
            answered(body)

    def it_bounds_usage():
        said = {
            "choices": [{"message": {"content": "x" * 40}}],
            "usage": {"prompt_tokens": -1, "completion_tokens": True},
        }
        answer = answered(said)
        assert answer.tokens_out == 11
        assert answer.tokens_in == request(provider="openai").prompt_tokens

    @pytest.mark.parametrize(
        ("said", "tokens"),
        [
            (12, 12),
            (12.0, 12),
            ("7", 7),
            (" 7.0 ", 7),
            (11.2, 12),
            (0, 0),
            *(
                (odd, 11)
                for odd in (-1, -1.0, "-1", math.nan, math.inf, "nan", True, None, [7], "seven", "9" * 999, 1e300)
            ),
        ],
    )
    def it_counts_in_whatever_type_usage_comes(said, tokens):
        usage = {"prompt_tokens": said, "completion_tokens": said}
        answer = answered({"choices": [{"message": {"content": "x" * 40}}], "usage": usage})
        asked = request(provider="openai").prompt_tokens
        assert (answer.tokens_in, answer.tokens_out) == (asked if tokens == 11 else tokens, tokens)

    @pytest.mark.parametrize(
        ("usage", "tokens"),
        [
            ({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}, 7),
            ({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 97}, 87),
            ({"prompt_tokens": 21, "completion_tokens": 0, "total_tokens": 81}, 60),
            ({"completion_tokens": 90, "completion_tokens_details": {"reasoning_tokens": 80}}, 90),
            ({"completion_tokens": 7, "completion_tokens_details": {"reasoning_tokens": 80}}, 87),
            ({"completion_tokens_details": {"reasoning_tokens": 80}}, 80),
            ({"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 3}, 7),
            ({"completion_tokens": 7, "completion_tokens_details": "many"}, 7),
            ({}, 21),
        ],
    )
    def it_counts_what_the_model_thought(usage, tokens):
        said = {"choices": [{"message": {"content": "x" * 40, "reasoning": "y" * 40}}], "usage": usage}
        assert answered(said).tokens_out == tokens


def answered(body: object) -> Completion:
    """The client's answer to a raw response body."""
    content = json.dumps(body).encode()

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        await writer.drain()
        writer.close()

    async def go() -> Completion:
        async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            async with connect(model(provider="openai", base_url=f"http://127.0.0.1:{port}/v1")) as client:
                return await client.complete(request(provider="openai"))

    return asyncio.run(go())


def describe_probe():
    def it_is_content_with_any_answer():
        over_http(Faults(), lambda client: client.probe())

    def it_says_in_one_line_that_nobody_is_there():
        async def go() -> None:
            async with connect(model(provider="openai", base_url="http://127.0.0.1:9/v1")) as client:
                await client.probe()

        with pytest.raises(Unreachable) as caught:
            asyncio.run(go())
        said = str(caught.value)
        assert said.startswith("model 'baker-1' at http://127.0.0.1:9/v1/: nobody answers")
        assert "\n" not in said

    def it_says_that_a_key_is_not_set():
        with pytest.raises(NotAuthorised, match="BAKER_KEY is not set"):
            connect(model(provider="openai", secret="BAKER_KEY"), secrets={}.get)
        with pytest.raises(NotAuthorised, match="no secret is named"):
            connect(model(provider="openai"))

    def it_refuses_keys_that_are_none_and_passwords_in_addresses():
        with pytest.raises(NotAuthorised, match="no key has"):
            connect(model(provider="openai", secret="BAKER_KEY"), secrets={"BAKER_KEY": "hunter\n2"}.get)
        with pytest.raises(SettingsError, match="Name a `secret` instead") as caught:
            connect(model(provider="openai", base_url="http://user:hunter2@127.0.0.1:9/v1"))
        assert "hunter2" not in str(caught.value)

    def it_says_what_azure_lacks():
        with pytest.raises(SettingsError, match="base_url and api_version"):
            connect(model(provider="azure", base_url="http://127.0.0.1:9"))


def describe_azure():
    def it_asks_the_deployment_with_its_own_header():
        seen: list[str] = []

        async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            writer.close()

        async def go() -> None:
            async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
                url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
                settings = model(provider="azure", base_url=url, api_version="2024-10-21", secret="AZ")
                async with connect(settings, secrets={"AZ": KEY}.get) as client:
                    with pytest.raises(CallFailed, match="bad_request"):
                        await client.complete(request(provider="azure"))

        asyncio.run(go())
        line = seen[0].splitlines()[0]
        assert line == "POST /openai/deployments/baker-1/chat/completions?api-version=2024-10-21 HTTP/1.1"
        assert f"api-key: {KEY}" in seen[0].lower()
