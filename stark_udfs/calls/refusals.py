"""What an HTTP error of a model server means: its kind, and the setting to change where a setting causes it.

Servers tell the same cause under different statuses, codes and words. The status decides first where it is clear; then
the words for spent money, contents, length and parameters. A 400 that nothing here knows is `BAD_REQUEST`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stark_udfs.calls.errors import CallError

MODEL = "models.<name>"  # the place of the model's settings; the run puts the name in
LONGEST_WORDS = 4_000  # characters of an error that are looked at
DEEPEST = 10
SAYING = ("message", "msg", "error", "detail", "title", "description", "failed_generation", "quotaId", "quotaMetric")
REPEATED = frozenset({"loc", "input", "ctx", "inputs", "request", "messages"})  # they hold what was sent
NAMING = ("code", "type", "status", "error_code", "reason")  # keys whose values are a server's own words for a kind

MONEY_CODES = frozenset(
    {
        "insufficient_quota",
        "billing_hard_limit_reached",
        "quota_exceeded",
        "billing_not_active",
        "billing_error",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "credit_balance_exhausted",
        "budget_exceeded",
        "exceeded_current_quota_error",
        "arrearage",
    }
)
MONEY = re.compile(
    r"(?i)credit balance|(?:insufficient|not enough|no more|out of|used all available|ran out of) (?:\w+ )?"
    r"(?:credits?|balance|funds)\b|credits? (?:\w+ ){0,2}(?:depleted|exhausted|used up)|spend(?:ing)?[ _-](?:limit|cap)"
    r"|budget (?:has been |was |is )?exceeded|exceed(?:ed|s)? (?:\w+ ){0,3}budget|ExceededBudget|over budget"
    r"|billing hard limit|specified (?:\w+ )?usage limits|out of call volume quota|included credits"
    r"|key limit exceeded|account (?:\w+ )?in good standing|free tier .{0,20}exhausted"
)
A_DAY = re.compile(r"(?i)per_?day|per day|daily|\bRPD\b|\bTPD\b")
SOON = re.compile(r"(?i)try again in \d")
BAD_KEY = re.compile(r"(?i)API_KEY_INVALID|api key (?:not valid|expired|not found)|invalid (?:api|subscription) key")
FILTER_CODES = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "moderation_blocked",
        "responsibleaipolicyviolation",
        "data_inspection_failed",
        "invalid_prompt",
        "prohibited_content",
    }
)
FILTER = re.compile(
    r"(?i)content management policy|content[ _-]?filter|content ?policy ?violation|usage policy|safety system"
    r"|(?:input|prompt|content) (?:\w+ ){0,2}flagged|inappropriate content"
)
LENGTH_CODES = frozenset({"context_length_exceeded", "request_too_large", "string_above_max_length"})
LENGTH = re.compile(
    r"(?i)context.?(?:length|window|size)|maximum.{0,20}tokens|too many tokens|(?:prompt|input) (?:is )?too long"
    r"|input token count|exceeds? .{0,30}(?:number of tokens|number of bytes|max_model_len|input (?:length|tokens))"
    r"|request exceeds the maximum size|ContextWindowExceeded"
)
REPLY_OVER_CONTEXT = re.compile(r"(?i)too large:? (\d{1,9}).{0,80}context length (?:is |of )?(\d{1,9})", re.DOTALL)
NO_MODEL_CODES = frozenset({"model_not_found", "model_not_supported", "invalid_model", "deploymentnotfound"})
NO_MODEL = re.compile(
    r"(?i)invalid model(?: name)?\b|model[^.]{0,80}(?:does not exist|not found|is not supported|not available)"
    r"|unknown model\b|unsupported model\b|model_not_(?:found|supported)|does not support (?:chat|generate)\b"
    r"|does not work with the specified model|not a (?:chat|valid) model"
)
SHAPE = re.compile(
    r"(?i)response_?format|json[ _]?schema|structured[ _]outputs?|guided[ _](?:json|decoding)|response_?schema"
    r"|output_config|(?:grammar|schema) (?:is )?(?:invalid|not supported|too complex)|json mode"
)
NAME = r"[`'\"\[]{0,3}([a-z_]\w{1,39})[`'\"\]]{0,3}"
SETTING = tuple(  # the ways in which servers name a parameter that they do not take
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:unsupported|unknown|unrecognized|invalid|unexpected) (?:request )?"
        r"(?:parameter|argument|field|value|name)s?"
        rf"(?: supplied| in request)?:? {NAME}",
        rf"(?:does not|doesn't|do not|don't) support (?:the )?(?:parameter|param|argument)s?:? {NAME}",
        rf"unexpected keyword argument {NAME}",
        r"`([a-z_]\w{1,39})` (?:may only|and `|is |cannot|must|does not|should)",
        rf"(?:parameter|argument|property|field) {NAME} (?:is |are )?(?:not |un|deprecated|must|should)",
        r"['\"`]([a-z_]\w{1,39})['\"`]:? (?:is |does |parameter )?(?:not |un)(?:supported|permitted|support|allowed)",
        r"\b([a-z_]\w{1,39}): (?:extra inputs are not permitted|range:|input should be|must be|cannot |\d+ [<>])",
        r"\b([a-z]+_[a-z_]+|temperature|seed|stop|logprobs) (?:must be|should be|is too large|(?:is )?not supported)",
        r"invalid '([a-z_]\w{1,39})'",
    )
)
ECHOED = frozenset({"messages", "message", "content", "contents", "prompt", "input", "inputs", "body", "role", "json"})
WORDS = frozenset({"value", "name", "the", "this", "for", "request", "type", "api", "model", "parameter", "parameters"})
LESS = "Lower the stage's `reply_tokens`."
LIMITS = frozenset({"max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens"})
OTHER_LIMIT = {"max_tokens": "max_completion_tokens"}
TOO_LARGE = re.compile(r"(?i)too large|above (?:the )?max|at most|less than|exceed|greater than|maximum|<= ?\d|range")
READ = frozenset({*SAYING, *NAMING, "param"})


@dataclass(frozen=True)
class Refusal:
    """What a server's error is, and the way out where a setting causes it."""

    kind: CallError
    way_out: str = ""


@dataclass(frozen=True)
class ServerError:
    """What a server says of an error: its own codes, the parameter it names, and its sentences."""

    codes: frozenset[str] = frozenset()
    parameter: str = ""
    words: str = ""

    @classmethod
    def of(cls, body: bytes) -> "ServerError":
        """Read the body of an error, whatever its form; what it repeats of the request is left out."""
        try:
            said = json.loads(body)
        except (ValueError, RecursionError):
            return cls(words=body[:LONGEST_WORDS].decode("utf-8", "replace"))
        found = list(_leaves(said, "error", DEEPEST))
        codes = frozenset(text.lower() for key, text in found if key in NAMING and len(text) <= 80)
        parameter = next((text for key, text in found if key in {"param", "loc"} and text), "")
        return cls(codes, parameter[:80], " ".join(text for _, text in found)[:LONGEST_WORDS])


def refusal_of(status: int, error: ServerError) -> Refusal:
    """The kind of an HTTP error, and the setting to change where one causes it."""
    if status == 404 or status < 400:  # a redirect is not followed: the key would go along
        kind = CallError.NOT_FOUND
    elif _money_gone(status, error):
        kind = CallError.QUOTA
    elif status == 429:
        kind = CallError.THROTTLED
    elif status >= 500 or status in {408, 409, 425}:
        kind = CallError.TRANSIENT
    elif error.codes & FILTER_CODES or FILTER.search(error.words):
        kind = CallError.CONTENT_FILTER
    elif status in {401, 403} or BAD_KEY.search(error.words):
        kind = CallError.AUTH
    elif _reply_over_context(error):
        return Refusal(CallError.SETTINGS, LESS)
    elif error.codes & LENGTH_CODES or (LENGTH.search(error.words) and error.parameter not in LIMITS):
        kind = CallError.CONTEXT_LENGTH
    else:
        return _of_settings(error)
    return Refusal(kind)


def _of_settings(error: ServerError) -> Refusal:
    """The refusal of what every request of a model has in common; `BAD_REQUEST` where it is none."""
    named = _named(error)
    if SHAPE.search(f"{error.parameter} {error.words}") and named not in LIMITS:
        return Refusal(CallError.SETTINGS, f"Set `{MODEL}.json_schema: false`.")
    if error.codes & NO_MODEL_CODES or error.parameter == "model" or NO_MODEL.search(error.words):
        return Refusal(CallError.NOT_FOUND, f"Set `{MODEL}.name` to a chat model that the server has.")
    if named in LIMITS:
        if TOO_LARGE.search(error.words):
            return Refusal(CallError.SETTINGS, LESS)
        return Refusal(CallError.SETTINGS, f"Set `{MODEL}.token_limit: {OTHER_LIMIT.get(named, 'max_tokens')}`.")
    if named:
        return Refusal(
            CallError.SETTINGS, f"Set `{MODEL}.without: [{named}]`, or give it a value that the model takes."
        )
    return Refusal(CallError.BAD_REQUEST)


def _money_gone(status: int, error: ServerError) -> bool:
    """Whether no call can be paid any more; a limit per minute passes by itself."""
    if status == 402 or error.codes & MONEY_CODES or MONEY.search(error.words):
        return True
    return status == 429 and A_DAY.search(error.words) is not None and SOON.search(error.words) is None


def _reply_over_context(error: ServerError) -> bool:
    """Whether the reply limit alone is more than the model's context: then no prompt is short enough."""
    found = REPLY_OVER_CONTEXT.search(error.words)
    return found is not None and int(found.group(1)) >= int(found.group(2))


def _named(error: ServerError) -> str:
    """The parameter that an error is about; empty: none, or the messages themselves."""
    head = re.split(r"[.\[/]", error.parameter, maxsplit=1)[0]
    if head:
        return "" if head in ECHOED or not re.fullmatch(r"[A-Za-z_]\w{0,39}", head) else head
    for pattern in SETTING:
        for found in pattern.finditer(error.words):
            if found.group(1).lower() not in ECHOED | WORDS:
                return found.group(1)
    return ""


def _leaves(said: object, key: str, depth: int) -> Iterator[tuple[str, str]]:
    """(key, text) of an error's body, for the keys that speak of the error and not of the request."""
    if depth == 0:
        return
    if isinstance(said, Mapping):
        if isinstance(loc := said.get("loc"), list):
            yield "loc", ".".join(str(part) for part in loc if part != "body")
        for name, inner in said.items():
            if name in READ or (isinstance(inner, Mapping | list) and name not in REPEATED):
                yield from _leaves(inner, str(name), depth - 1)
    elif isinstance(said, list):
        for inner in said[:20]:
            yield from _leaves(inner, key, depth - 1)
    elif isinstance(said, str | int) and not isinstance(said, bool):
        yield key, str(said)
