"""What the stub server says to each request, and what it counts. Deterministic by seed; time is passed in.

A fault falls on the n-th try of a call, whatever else is going on, so that two runs meet the same faults.
"""

import hashlib
import json
import math
import random
from array import array
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from stark_udfs.calls.providers.transport import Author, completion, moderation, offline_request
from stark_udfs.calls.reply.json_schema import example_value
from stark_udfs.core.ids import Json, rng_of
from stark_udfs.testing import pictures
from stark_udfs.testing.faults import RATES, Faults

KEY_HEADER = "idempotency-key"
BLOCKED = "moderation_blocked"  # the server's word for a picture that it does not paint
HUGE = 2_000_000  # characters
JSON_TYPE = "application/json"


PAID = ("", "huge", "malformed", "truncated", "refusal", "broken")  # the model worked, whatever arrives
OF_THE_MODEL = ("malformed", "truncated", "refusal")


@dataclass(frozen=True)
class StubResponse:
    """One response: sent after `delay_s`; `cut` closes the connection inside the body.

    answers: the call that it answers for money; empty: none. stage: of the call's `stark` block.
    """

    delay_s: float
    status: int
    body: bytes
    kind: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False
    answers: bytes = b""
    stage: str = ""


class StubServer:
    """A chat server without a model."""

    def __init__(self, faults: Faults, author: Author | None = None) -> None:
        """`author` answers requests that carry a `stark` block; the others get JSON made from their schema,
        a judge's verdicts are drawn.
        """
        self.faults = faults
        self.author = author
        self.counts: Counter[str] = Counter()
        self.in_flight = 0
        self.max_in_flight = 0
        self.most_in_a_minute = 0
        self.begun: float | None = None
        self._tries: Counter[bytes] = Counter()
        self.begun_in: Counter[str] = Counter()  # by stage: calls that an answer was begun for
        self.answered_in: Counter[str] = Counter()  # by stage: answers that are out
        self._paid: Counter[bytes] = Counter()
        self._minute: deque[float] = deque()
        self._arrived = array("d")  # of each answer begun, when its request came
        self._latencies = array("d")
        self._made: dict[str, str] = {}

    def down(self, now: float) -> bool:
        """Whether the server is not there at the moment: what asks for it is reset, and counted."""
        self.begun = now if self.begun is None else self.begun
        down = self.faults.down_from_s <= now - self.begun < self.faults.down_until_s
        self.counts["reset"] += down
        return down

    def begin(self, content: bytes, headers: Mapping[str, str], now: float, *, picture: bool = False) -> StubResponse:
        """Decide on one chat request, or one for a picture; `end` must follow when its response is out or its client
        is gone.
        """
        self.counts["received"] += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self._minute.append(now)
        while self._minute[0] <= now - 60.0:
            self._minute.popleft()
        self.most_in_a_minute = max(self.most_in_a_minute, len(self._minute))
        key = headers.get(KEY_HEADER, "").encode() or hashlib.sha256(content).digest()
        self._tries[key] += 1
        draw = rng_of(self.faults.seed, key.hex(), self._tries[key])
        delay = self._latency(draw)
        fault = self._fault(draw)
        if picture and fault == "refusal":
            self.counts[fault] += 1  # what is not painted is not paid
            return StubResponse(delay, 400, _error("Your request was rejected by the safety system.", BLOCKED))
        if fault not in PAID:
            self.counts[fault] += 1
            return self._refuse(fault, delay, headers)
        self._arrived.append(now)
        self._latencies.append(delay)
        return self._paint(fault, delay, content, key) if picture else self._answer(fault, delay, content, key)

    def in_batch(self, key: str, body: Json) -> StubResponse:
        """Answer one request of a batch, with the faults that it would meet alone; paid as if it were alone."""
        name = key.encode()
        self._tries[name] += 1
        fault = self._fault(rng_of(self.faults.seed, name.hex(), self._tries[name]))
        if fault not in PAID:
            self.counts[fault] += 1
            return self._refuse(fault, 0.0, {})
        said = self._answer(fault, 0.0, json.dumps(body).encode(), name)
        self.out(said)
        return said

    def in_vain(self, key: str) -> None:
        """A request of a batch was not come to."""
        self._tries[key.encode()] += 1
        self.counts["expired"] += 1

    def tries(self, key: str) -> int:
        """How often a call was tried."""
        return self._tries[key.encode()]

    def end(self) -> None:
        """One request is over."""
        self.in_flight -= 1

    def out(self, said: StubResponse) -> None:
        """A response goes out."""
        if said.answers:
            self.answered_in[said.stage] += 1

    def withheld(self, said: StubResponse) -> None:
        """The server is down before a response is out: it answered nothing, and bills nothing."""
        if said.answers:
            self.counts["served"] -= 1
            self._paid[said.answers] -= 1
            self.begun_in[said.stage] -= 1

    def stats(self) -> dict[str, Json]:
        """All counts, as JSON."""
        distinct = sum(times > 0 for times in self._paid.values())
        return {
            **dict(self.counts),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "distinct": distinct,
            "duplicates": self.counts["served"] - distinct,
            "most_in_a_minute": self.most_in_a_minute,
            "answered": dict(self.answered_in),
        }

    def calls(self) -> dict[str, Json]:
        """Of each answer begun, in the order of the requests: seconds since the first, and the latency drawn for it."""
        first = self._arrived[0] if self._arrived else 0.0
        return {
            "arrived_s": [round(moment - first, 4) for moment in self._arrived],
            "latency_s": [round(latency, 4) for latency in self._latencies],
        }

    def _answer(self, fault: str, delay: float, content: bytes, key: bytes) -> StubResponse:
        body = json.loads(content)
        if not isinstance(body, dict):
            raise TypeError("the body is no JSON object")
        block = body.get("stark")
        block = block if isinstance(block, dict) else {}
        if self.faults.mends and block.get("attempt"):
            fault = "" if fault in OF_THE_MODEL else fault
            block["attempt"] = 0
        stage = str(block.get("stage", ""))
        moderated = "input" in body and "messages" not in body
        text, finish = ("", "") if moderated else spoilt(fault, *self._text(body))
        self.counts[fault or "good"] += 1
        self.counts["served"] += 1
        self._paid[key] += 1
        self.begun_in[stage] += 1
        page = json.dumps(moderation(body) if moderated else completion(body, text, finish)).encode()
        return StubResponse(delay, 200, page, cut=fault == "broken", answers=key, stage=stage)

    def _paint(self, fault: str, delay: float, content: bytes, key: bytes) -> StubResponse:
        """A drawing of what the request says; of the faults of a model, `malformed` gives bytes that are no picture."""
        page = pictures.reply(content, key, spoilt=fault in ("malformed", "truncated"), huge=fault == "huge")
        self.counts[fault or "good"] += 1
        self.counts["served"] += 1
        self._paid[key] += 1
        self.begun_in[pictures.STAGE] += 1
        return StubResponse(delay, 200, page, cut=fault == "broken", answers=key, stage=pictures.STAGE)

    def _latency(self, draw: random.Random) -> float:
        faults = self.faults
        seconds = faults.latency_ms / 1000.0
        if faults.sigma:
            seconds *= math.exp(draw.gauss(0.0, faults.sigma))
        if faults.slow and draw.random() < faults.slow:
            seconds += faults.slow_ms / 1000.0
        return seconds

    def _fault(self, draw: random.Random) -> str:
        faults = self.faults
        if faults.slots and self.in_flight > faults.slots:
            return "throttled"
        if faults.requests_per_minute and len(self._minute) > faults.requests_per_minute:
            self._minute.pop()  # what is refused does not count against the minute
            return "throttled"
        for name in RATES:
            rate = cast("float", getattr(faults, name))
            if rate and draw.random() < rate:
                return name
        return ""

    def _refuse(self, fault: str, delay: float, headers: Mapping[str, str]) -> StubResponse:
        echoed = f" You sent {headers.get('authorization', '')}." if self.faults.echo_auth else ""
        match fault:
            case "throttled":
                wait = {"Retry-After": f"{self.faults.retry_after_s:g}"}
                return StubResponse(
                    0.0, 429, _error("Too many requests." + echoed, "rate_limit_exceeded"), headers=wait
                )
            case "unauthorised":
                return StubResponse(0.0, 401, _error("Incorrect API key." + echoed, "invalid_api_key"))
            case "errors":
                return StubResponse(delay, 500, _error("The server had an error." + echoed, "server_error"))
            case "html":
                return StubResponse(delay, 200, b"<!doctype html><title>Gateway</title><p>Please wait.", "text/html")
        return StubResponse(delay, 200, b"")  # "empty"

    def _text(self, body: Mapping[str, Json]) -> tuple[str, str]:
        if self.author is not None and isinstance(body.get("stark"), Mapping):
            return self.author(offline_request(body))
        asked = body.get("response_format")
        described = asked.get("json_schema") if isinstance(asked, Mapping) else None
        if not isinstance(described, Mapping):
            return "{}", "stop"
        name = str(described.get("name"))
        if name == pictures.VERDICT:
            return pictures.verdict(body), "stop"
        if name not in self._made:
            schema = cast("Mapping[str, Json]", described["schema"])
            self._made[name] = json.dumps(example_value(schema))
        return self._made[name], "stop"


def spoilt(fault: str, text: str, finish: str) -> tuple[str, str]:
    """A reply as a model spoils it."""
    match fault:
        case "huge":
            return text + " " * HUGE, finish
        case "malformed":
            return "Sure! " + text.replace(":", " =>"), finish
        case "truncated":
            return text[: len(text) // 2], "length"
        case "refusal":
            return "I'm sorry, but I can't help with that request.", finish
    return text, finish


def _error(message: str, code: str) -> bytes:
    return json.dumps({"error": {"message": message, "type": code, "code": code}}).encode()
