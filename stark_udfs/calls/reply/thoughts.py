"""What of a reply is said, and what is only thought: channels, thinking between marks, and marks that are missing."""

import re
from dataclasses import dataclass

TAGS = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|seed:think"
CLOSED_BY = {
    "[think]": "[/THINK]",  # Magistral
    "\u25c1think\u25b7": "\u25c1/think\u25b7",  # Kimi
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|start_thinking|>": "<|END_THINKING|>",  # Command A
    "<|channel>": "<channel|>",  # Gemma 4
}
OPENING = rf"<(?:{TAGS})>|" + "|".join(re.escape(mark) for mark in CLOSED_BY)
OPENS = re.compile(OPENING, re.IGNORECASE)
CLOSES = re.compile(rf"</(?:{TAGS})>|" + "|".join(re.escape(mark) for mark in CLOSED_BY.values()), re.IGNORECASE)
SAME = {"think": "think(?:ing)?", "thinking": "think(?:ing)?"}

CHANNEL = re.compile(
    r"<\|channel\|>\s{0,9}(\w{1,20})([^<]{0,200})(<\|constrain\|>\s{0,9}\w{0,20}\s{0,9})?<\|message\|>"
)
CHANNEL_ENDS = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
BARE_CHANNEL = re.compile(r"\Aanalysis(?=[^a-z])")  # gpt-oss where the server drops its special tokens
BARE_ANSWER = re.compile(r"assistant(?:final|commentary(?: to=\S+?)?(?: ?json)?)")
GRANITE = re.compile(r"\A\s*Here is my thought process:(.*?)Here is my response:", re.DOTALL)
VALUE = re.compile(r"[{\[]")
APART = "\n---\n"  # between texts that are no parts of one another

TURN_OFF = (
    "let the server part thinking from answers by the model's own parser (vLLM: --reasoning-parser), turn thinking off "
    "(vLLM: --default-chat-template-kwargs '{\"enable_thinking\": false}'; or reasoning_effort among the model's "
    "parameters), or raise the stage's reply_tokens"
)


@dataclass(frozen=True)
class Spoken:
    """A reply in two: the answer, and the thoughts around it."""

    answer: str
    thoughts: tuple[str, ...] = ()


def spoken(text: str) -> Spoken:
    """The answer of a reply that has channels, or thoughts whose opening mark stands in the prompt.

    Thoughts between two marks stay where they are: only who reads the JSON knows which marks stand inside a string.
    """
    begin = VALUE.search(text)
    first = CHANNEL.search(text)
    if first and (begin is None or first.start() < begin.start()):
        return _final(text, first)
    if BARE_CHANNEL.match(text):
        answer = BARE_ANSWER.search(text)
        return Spoken(text[answer.end() :], (text[: answer.start()],)) if answer else Spoken("", (text,))
    granite = GRANITE.match(text)
    if granite:
        return Spoken(text[granite.end() :], (granite.group(1),))
    close = CLOSES.search(text)
    if close and text.lstrip()[:1] not in {"{", '"', "`"} and OPENS.search(text, 0, close.start()) is None:
        return Spoken(text[close.end() :], (text[: close.start()],))
    return Spoken(text)


def thought_ends(text: str, opening: "re.Match[str]") -> tuple[int, int] | None:
    """Where the thoughts end that a mark opens, and where the text goes on; None: they never do."""
    mark = opening.group().casefold()
    literal = CLOSED_BY.get(mark)
    tag = mark.strip("<>")
    pattern = re.escape(literal) if literal else f"</{SAME.get(tag, re.escape(tag))}>"
    close = re.compile(pattern, re.IGNORECASE).search(text, opening.end())
    return (close.start(), close.end()) if close else None


def as_thought(text: str) -> str:
    """Thoughts that came in a field of their own, as part of a reply's text."""
    return f"<think>\n{text}\n</think>"


def _final(text: str, first: "re.Match[str]") -> Spoken:
    """The final channel; without one, what was sent to a tool; all else is thought."""
    finals: list[str] = []
    calls: list[str] = []
    thoughts = [text[: first.start()]]
    channel: re.Match[str] | None = first
    while channel is not None:
        end = CHANNEL_ENDS.search(text, channel.end())
        said = text[channel.end() : end.start() if end else len(text)]
        name = channel.group(1).lower()
        if name == "final":
            finals.append(said)
        elif name == "commentary" and ("to=" in channel.group(2) or channel.group(3)):
            calls.append(said)
        else:
            thoughts.append(said)
        channel = CHANNEL.search(text, end.start()) if end else None
    answers = [said for said in finals if said.strip()]
    return Spoken(APART.join(answers) if answers else "\n".join(calls), tuple(one for one in thoughts if one.strip()))
