"""What can go wrong with a paid call, sorted by what is to be done about it.

CallFailed (ProviderError)   one call got no answer; `kind` says whether asking again can help
BrokerLost (RunStopped)      the broker is gone: finish what is in flight, keep it, fail
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

from stark_udfs.core.errors import ProviderError, RunStopped

LONGEST_DETAIL = 300
LONGEST_WAIT_S = 3600.0  # of what a server asks for
OVERSIZE = "oversize"  # our own finish_reason: the body was longer than model.reply_bytes
SECRETS = re.compile(
    r"(?i)(bearer\s+)\S+|\b(sk|key|dapi|api)-[\w-]{6,}|((?:authorization|api-key|api_key)\W{1,4})(?!bearer)\S+"
)


class CallError(StrEnum):
    """Why a call got no answer."""

    TRANSIENT = "transient"  # time-out, reset, 5xx, a body that is none: ask again
    THROTTLED = "throttled"  # 429: ask again later, all of us slower
    AUTH = "auth"  # the run stops
    QUOTA = "quota"  # the account has no money left: the run stops
    NOT_FOUND = "not_found"  # no such model or path: the run stops
    SETTINGS = "settings"  # no request with these settings is taken: the run stops
    BAD_REQUEST = "bad_request"  # this request never works, others did: the unit is rejected
    CONTEXT_LENGTH = "context_length"  # the same
    CONTENT_FILTER = "content_filter"  # the same
    INPUT = "input"  # a file of the request cannot be used, so that it was not sent: the unit stays open

    @property
    def again(self) -> bool:
        """Whether the same request can work later."""
        return self in {CallError.TRANSIENT, CallError.THROTTLED}

    @property
    def stops(self) -> bool:
        """Whether no other request can work either."""
        return self in {CallError.AUTH, CallError.QUOTA, CallError.NOT_FOUND, CallError.SETTINGS}


class CallFailed(ProviderError):
    """One call got no answer. Keys and headers are never part of it."""

    def __init__(
        self,
        kind: CallError,
        detail: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        way_out: str = "",
    ) -> None:
        """Args: `retry_after` in seconds, as the server said it; `way_out` names the setting that causes it."""
        self.kind = kind
        self.detail = detail
        self.status = status
        self.retry_after = retry_after
        self.way_out = way_out
        told = f"{kind.value}{f' (HTTP {status})' if status else ''}: {detail}"
        super().__init__(f"{told} {way_out}" if way_out else told)


class BrokerLost(RunStopped):
    """The driver's broker cannot be reached any more; what was in flight is kept, nothing further is paid."""


def redacted(text: str, secret: str | None = None) -> str:
    """The text on one line, short, without the secret and without what looks like one."""
    if secret:
        text = text.replace(secret, "***")
    text = SECRETS.sub(lambda found: f"{found.group(1) or found.group(3) or ''}***", text)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


def seconds_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """`Retry-After` in seconds, where the server said it in (milli)seconds or as a date; at most an hour."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            said = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        if said >= 0:
            return min(said, LONGEST_WAIT_S)
    return _seconds_until(headers.get("retry-after", ""), now)


def _seconds_until(date: str, now: datetime) -> float | None:
    """Seconds until an HTTP date, 0 if it is past; None: it is no date."""
    try:
        then = parsedate_to_datetime(date)
    except (ValueError, TypeError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)  # a date without a zone is in GMT
    return min(max(0.0, (then - now).total_seconds()), LONGEST_WAIT_S)
