"""What a completion's message says, wherever its server puts it: content, parts, tool calls, fields for thoughts."""

import json
import math
from collections.abc import Mapping

from stark_udfs.calls.reply.thoughts import as_thought

LONGEST_COUNT = 20  # characters
THINKING = ("thinking", "reasoning")  # types of the parts of a message that are no answer


def text_of(message: Mapping[str, object]) -> str:
    """What a message says: its content; the arguments of its tool calls, where that holds no JSON; else its thoughts.

    Thoughts that came in a field of their own are put between thinking marks, for the decoder to tell them from an
    answer.
    """
    content = _spoken(message)
    calls = [] if "{" in content or "[" in content else _arguments(message)
    if calls:
        return "\n".join((content, *calls)).strip()
    thought = "" if content.strip() else _thought(message)
    return as_thought(thought) if thought.strip() else content


def written_in(message: Mapping[str, object]) -> int:
    """Characters of a message, thoughts included."""
    return len(_spoken(message)) + len(_thought(message)) + sum(map(len, _arguments(message)))


def _spoken(message: Mapping[str, object]) -> str:
    """A message's text; some servers send it in parts, thoughts among them."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(
            _said(part) for part in content if isinstance(part, Mapping) and part.get("type") not in THINKING
        )
    return "" if content is None else str(content)


def _thought(message: Mapping[str, object]) -> str:
    """What a message says in the fields for thoughts: vLLM, gpt-oss, DeepSeek; in parts: Mistral, Claude."""
    content = message.get("content")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping) and part.get("type") in THINKING]
        inner = "\n".join(_inner(part) for part in parts)
        if inner.strip():
            return inner
    for name in ("reasoning_content", "reasoning"):
        thought = message.get(name)
        if isinstance(thought, str) and thought.strip():
            return thought
    return ""


def _inner(part: Mapping[str, object]) -> str:
    inside = next((part[name] for name in ("thinking", "summary", "text", "reasoning") if part.get(name)), "")
    if isinstance(inside, list):
        return "".join(_said(one) for one in inside if isinstance(one, Mapping))
    return inside if isinstance(inside, str) else ""


def _said(part: Mapping[str, object]) -> str:
    text = part.get("text", "")
    return text if isinstance(text, str) else ""


def _arguments(message: Mapping[str, object]) -> list[str]:
    """What a message sends to tools, each as JSON text."""
    calls = message.get("tool_calls")
    asked = [one.get("function") for one in calls if isinstance(one, Mapping)] if isinstance(calls, list) else []
    found = [one.get("arguments") for one in (*asked, message.get("function_call")) if isinstance(one, Mapping)]
    return [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in found if one]


def count_of(said: object, otherwise: int) -> int:
    """A count as a server said it, also as a float or as text; `otherwise` where that is none."""
    if isinstance(said, str) and len(said) <= LONGEST_COUNT:
        try:
            said = float(said)
        except ValueError:
            return otherwise
    if isinstance(said, bool) or not isinstance(said, int | float):
        return otherwise
    return math.ceil(said) if math.isfinite(said) and 0 <= said < 1 << 40 else otherwise


def tokens_out(usage: Mapping[str, object], otherwise: int) -> int:
    """Tokens that the model wrote, thoughts included: some servers count those beside `completion_tokens`."""
    written = count_of(usage.get("completion_tokens"), -1)
    details = usage.get("completion_tokens_details")
    thought = count_of(details.get("reasoning_tokens"), 0) if isinstance(details, Mapping) else 0
    total, asked = count_of(usage.get("total_tokens"), -1), count_of(usage.get("prompt_tokens"), -1)
    if total >= asked >= 0:
        written = max(written, total - asked)
    elif thought > written >= 0:
        written += thought
    return max(written, thought) if written >= 0 or thought else otherwise
