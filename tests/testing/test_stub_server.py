import json

import pytest

from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.reply.json_schema import example_value, json_schema
from stark_udfs.calls.sequence import OpenCall, advance
from stark_udfs.testing.faults import Faults
from stark_udfs.testing.stub_server import StubServer
from tests.calls.asks import GOOD, Basket, chat, conversation, model
from tests.calls.reply.test_json_schema import Cake


def body(name: str = "Ana", provider: str = "openai") -> bytes:
    step = advance(conversation(name, chat=chat(model=model(provider=provider))), {})
    assert isinstance(step, OpenCall)
    return json.dumps(step.request.body).encode()


def kinds(faults: Faults, count: int = 400) -> list[int]:
    stub = StubServer(faults)
    said = []
    for n in range(count):
        said.append(stub.begin(body(f"Ana-{n}"), {}, float(n)).status)
        stub.end()
    return said


def describe_stub():
    def it_answers_in_the_shape_that_was_asked_for():
        said = StubServer(Faults()).begin(body(), {}, 0.0)
        text = json.loads(said.body)["choices"][0]["message"]["content"]
        assert isinstance(decode(text, Basket), Basket)

    def it_lets_an_author_answer_where_there_is_one():
        stub = StubServer(Faults(), lambda block: (GOOD, "stop"))
        said = stub.begin(body(provider="offline"), {}, 0.0)
        assert json.loads(said.body)["choices"][0]["message"]["content"] == GOOD

    def it_meets_the_same_faults_each_time():
        faults = Faults(errors=0.2, throttled=0.1, seed=5)
        first = kinds(faults)
        assert first == kinds(faults)
        assert first != kinds(Faults(errors=0.2, throttled=0.1, seed=6))
        assert 0.15 < first.count(500) / len(first) < 0.25

    def it_counts_what_is_paid_twice():
        stub = StubServer(Faults())
        for name in ("Ana", "Bo", "Ana"):
            stub.begin(body(name), {}, 0.0)
            stub.end()
        assert (stub.stats()["served"], stub.stats()["distinct"], stub.stats()["duplicates"]) == (3, 2, 1)

    def it_bills_nothing_for_an_answer_that_it_could_not_send():
        stub = StubServer(Faults())
        said = stub.begin(body(), {}, 0.0)
        stub.end()
        stub.withheld(said)
        assert (stub.stats()["served"], stub.stats()["distinct"], stub.stats()["duplicates"]) == (0, 0, 0)

    def it_counts_the_answers_of_each_stage():
        stub = StubServer(Faults(), lambda block: (GOOD, "stop"))
        stub.out(stub.begin(body(provider="offline"), {}, 0.0))
        assert stub.stats()["answered"] == {conversation("Ana").stage: 1}

    def it_mends_what_it_is_asked_once_more():
        stub = StubServer(Faults(malformed=1.0, mends=True), lambda block: (f"{block['attempt']}: {GOOD}", "stop"))
        asked = json.loads(body(provider="offline"))
        texts = []
        for attempt in (0, 1):
            asked["stark"]["attempt"] = attempt
            said = json.loads(stub.begin(json.dumps(asked).encode(), {}, 0.0).body)
            texts.append(said["choices"][0]["message"]["content"])
        assert texts[0].startswith("Sure!")
        assert texts[1] == f"0: {GOOD}"

    def it_tells_what_latency_each_answer_drew():
        stub = StubServer(Faults(latency_ms=500, sigma=0.6, slots=2))
        said = [stub.begin(body(f"Ana-{n}"), {}, 7.0 + n) for n in range(3)]
        assert said[0].delay_s != said[1].delay_s
        assert said[2].status == 429
        drawn = [round(one.delay_s, 4) for one in said[:2]]
        assert stub.calls() == {"arrived_s": [0.0, 1.0], "latency_s": drawn}

    def it_has_so_many_slots_and_no_more():
        stub = StubServer(Faults(slots=2))
        assert [stub.begin(body(str(n)), {}, 0.0).status for n in range(3)] == [200, 200, 429]
        assert stub.stats()["max_in_flight"] == 3

    def it_enforces_requests_per_minute():
        stub = StubServer(Faults(requests_per_minute=10))
        said = [stub.begin(body(str(n)), {}, float(n)).status for n in range(80)]
        assert said[:11] == [200] * 10 + [429]
        assert said.count(200) == 20

    def it_is_down_for_a_while():
        stub = StubServer(Faults(down_from_s=5, down_until_s=25))
        assert [stub.down(now) for now in (100.0, 104.9, 105.0, 124.9, 125.0)] == [False, False, True, True, False]

    @pytest.mark.parametrize(("sigma", "low", "high"), [(0.0, 0.5, 0.5), (0.6, 0.5 * 0.85, 0.5 * 1.15)])
    def it_takes_its_time(sigma, low, high):
        stub = StubServer(Faults(latency_ms=500, sigma=sigma))
        delays = sorted(stub.begin(body(str(n)), {}, 0.0).delay_s for n in range(401))
        assert low <= delays[200] <= high
        assert (delays[0] < delays[-1]) == bool(sigma)


def describe_made_up():
    def it_fits_the_schema():
        Cake.model_validate(example_value(json_schema(Cake)))
