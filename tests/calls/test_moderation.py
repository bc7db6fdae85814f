import asyncio
import json

import pytest

from stark_udfs.calls.errors import CallError, CallFailed
from stark_udfs.calls.moderation import ModerationPolicy, ModerationReply, ModerationRequest, moderation_prompt
from stark_udfs.calls.providers.client import Completion, connect
from stark_udfs.calls.reply.decode import decode
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubServer
from tests.calls.asks import model
from tests.engine.stubs import stubbed

KEY = "81cbb50b8616ec906708579fdeb39407410443a76a36a39a201c61f0993f73ce"
TEXTS = ["Hello.", "I could kill for a coffee.\x00", ""]


def policy(url: str = "http://elsewhere/v1", **more: object) -> ModerationPolicy:
    asked = model(provider="openai", base_url=url, **more)
    return ModerationPolicy(model=asked, parameters={}, reply_tokens=0, reasks=0, seed=1)


def request(texts: list[str] = TEXTS, unit: str = "e:1") -> ModerationRequest:
    return policy().request(moderation_prompt(texts), unit_key=unit, round=0)


def sent(url: str, asked: ModerationRequest) -> Completion:
    async def go() -> Completion:
        async with connect(policy(url).model) as client:
            return await client.complete(asked)

    return asyncio.run(go())


def describe_moderation_requests():
    def their_key_stands_still():
        assert request(["Hello."]).key == KEY

    def their_key_follows_texts_and_unit():
        assert len({request().key, request(TEXTS[:1]).key, request(unit="e:2").key}) == 3

    def they_are_answered_text_by_text():
        with stubbed(Faults()) as (url, stub):
            answer = sent(url, request())
        found = decode(answer.text, ModerationReply)
        assert isinstance(found, ModerationReply)
        assert [one.flagged for one in found.results] == [False, True, False]
        assert found.results[1].category_scores == {"violence": 0.99}
        assert (answer.tokens_out, stub.counts["served"]) == (0, 1)

    def an_answer_to_other_texts_is_a_failed_try():
        class Short(StubServer):
            def begin(self, content, headers, now, *, picture=False):
                body = json.loads(content)
                cut = json.dumps({**body, "input": body["input"][:1]}).encode()
                return super().begin(cut, headers, now, picture=picture)

        with stubbed(Faults(), Short(Faults())) as (url, _), pytest.raises(CallFailed) as failed:
            sent(url, request())
        assert failed.value.kind is CallError.TRANSIENT
