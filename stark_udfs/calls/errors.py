"""What can go wrong with a paid call, sorted by what is to be done about it.

CallFailed (ProviderError)   one call got no answer; `kind` says whether asking again can help
BrokerLost (RunStopped)      the broker is gone: finish what is in flight, keep it, fail
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from stark_udfs.core.errors import ProviderError, RunStopped

LONGEST_DETAIL = 300
OVERSIZE = "oversize"  # our own finish_reason: the body was longer than model.reply_bytes
SECRETS = re.compile(
    r"(?i)(bearer\s+)\S+|\b(sk|key|dapi|api)-[\w-]{6,}|((?:authorization|api-key|api_key)\W{1,4})(?!bearer)\S+"
)
CONTEXT = re.compile(r"(?i)context.?(?:length|window)|maximum.{0,20}tokens|too many tokens|prompt is too long")
USED_UP = ("insufficient_quota", "billing_hard_limit_reached", "quota_exceeded", "billing_not_active")


class CallError(StrEnum):
    """Why a call got no answer."""

    TRANSIENT = "transient"  # time-out, reset, 5xx, a body that is none: ask again
    THROTTLED = "throttled"  # 429: ask again later, all of us slower
    AUTH = "auth"  # the run stops
    QUOTA = "quota"  # the account has no money left: the run stops
    NOT_FOUND = "not_found"  # no such model or path: the run stops
    BAD_REQUEST = "bad_request"  # this request never works: the unit is rejected
    CONTEXT_LENGTH = "context_length"  # the same
    CONTENT_FILTER = "content_filter"  # the same

    @property
    def again(self) -> bool:
        """Whether the same request can work later."""
        return self in {CallError.TRANSIENT, CallError.THROTTLED}

    @property
    def stops(self) -> bool:
        """Whether no other request can work either."""
        return self in {CallError.AUTH, CallError.QUOTA, CallError.NOT_FOUND}


class CallFailed(ProviderError):
    """One call got no answer. Keys and headers are never part of it."""

    def __init__(
        self, kind: CallError, detail: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        """Args: `retry_after` in seconds, as the server said it."""
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"{kind.value}{f' (HTTP {status})' if status else ''}: {detail}")


class BrokerLost(RunStopped):
    """The driver's broker cannot be reached any more; what was in flight is kept, nothing further is paid."""


def error_of_status(status: int, code: str, message: str) -> CallError:
    """The kind of an HTTP error: by status, then by the server's own code, then by its words."""
    if status in {402, 429}:
        return CallError.QUOTA if status == 402 or code in USED_UP else CallError.THROTTLED
    if status >= 500 or status in {408, 409, 425}:
        return CallError.TRANSIENT
    if status in {401, 403}:
        return CallError.AUTH
    if status == 404 or status < 400:  # a redirect is not followed: the key would go along
        return CallError.NOT_FOUND
    if code == "content_filter":
        return CallError.CONTENT_FILTER
    too_long = status == 413 or code == "context_length_exceeded" or CONTEXT.search(message) is not None
    return CallError.CONTEXT_LENGTH if too_long else CallError.BAD_REQUEST


def redacted(text: str, secret: str | None = None) -> str:
    """The text on one line, short, without the secret and without what looks like one."""
    if secret:
        text = text.replace(secret, "***")
    text = SECRETS.sub(lambda found: f"{found.group(1) or found.group(3) or ''}***", text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


def seconds_of(headers: Mapping[str, str]) -> float | None:
    """`Retry-After` in seconds, where the server said it in seconds or milliseconds; at most an hour."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            said = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if said >= 0:
            return min(said, 3600.0)
    return None
