"""Replies that think aloud."""

from collections.abc import Sequence

from tests.calls.near_shape.cases import EMPTY, NOT_JSON, Near, fenced, harmony

THINKING: Sequence[Near] = (
    Near(
        "thinking",
        "a draft between marks",
        "Qwen3, DeepSeek-R1 without a reasoning parser",
        lambda s: f"<think>Perhaps {s.drafted}? No.</think>\n{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "the same in a fence, with prose",
        "QwQ",
        lambda s: f"<think>\n{fenced(s.drafted)}\n</think>\n\nHere:\n{fenced(s.text)}",
        single=True,
    ),
    Near(
        "thinking",
        "no opening mark",
        "R1, QwQ: the chat template ends in <think>",
        lambda s: f"Let me write. {s.drafted} fits.\n</think>\n\n{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "an unclosed draft before the closing mark",
        "R1 distillates",
        lambda s: f"Let me: {s.drafted[: len(s.drafted) // 2]}\n</think>\n{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "never closed, the answer inside",
        "Qwen3 under guided decoding",
        lambda s: f"<think>They want JSON. So: {s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "closed, and nothing after it",
        "vLLM issue 15618: the answer where thoughts are expected",
        lambda s: f"<think>\n{s.text}\n</think>",
        single=True,
    ),
    Near(
        "thinking",
        "a draft, then the answer, all inside",
        "gpt-oss through a field for reasoning",
        lambda s: f"<think>First {s.drafted} and better: {s.text} Done.</think>",
        single=True,
    ),
    Near(
        "thinking",
        "only thoughts, no JSON",
        "a reply limit below what the model thinks",
        lambda s: "<think>The user wants several things, so I should",
        EMPTY,
        "--reasoning-parser",
        single=True,
    ),
    Near(
        "thinking",
        "only thoughts that end in half a draft",
        "a reply limit below what the model thinks",
        lambda s: f"<think>So I write {s.text[:-3]}",
        EMPTY,
        "turn thinking off",
        single=True,
    ),
    Near(
        "thinking",
        "a cut answer after a whole draft",
        "a stop word inside the answer",
        lambda s: f"<think>{s.drafted}</think>{s.text[:-3]}",
        NOT_JSON,
        "ends inside its JSON",
        single=True,
    ),
    Near("thinking", "square marks", "Magistral", lambda s: f"[THINK]{s.drafted}[/THINK]{s.text}", single=True),
    Near(
        "thinking",
        "marks of triangles",
        "Kimi-VL Thinking",
        lambda s: f"◁think▷{s.drafted}◁/think▷{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "marks with a name space",
        "Seed-OSS",
        lambda s: f"<seed:think>{s.drafted}</seed:think>{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "tokens",
        "Command A Reasoning",
        lambda s: f"<|START_THINKING|>{s.drafted}<|END_THINKING|><|START_RESPONSE|>{s.text}<|END_RESPONSE|>",
        single=True,
    ),
    Near(
        "thinking",
        "two blocks",
        "interleaved thinking",
        lambda s: f"<think>Hm.</think> <think>{s.drafted}</think>{s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "thoughts after the answer",
        "models that check themselves",
        lambda s: f"{s.text}\n<think>Is {s.drafted} better? No.</think>",
        single=True,
    ),
    Near(
        "thinking",
        "sentences for marks",
        "Granite 3.2",
        lambda s: f"Here is my thought process: {s.drafted}\nHere is my response: {s.text}",
        single=True,
    ),
    Near(
        "thinking",
        "an answer in tags",
        "Hunyuan A13B",
        lambda s: f"<think>{s.drafted}</think>\n<answer>\n{s.text}\n</answer>",
        single=True,
    ),
)

CHANNELS: Sequence[Near] = (
    Near(
        "channels",
        "analysis and final",
        "gpt-oss, harmony format",
        lambda s: harmony(f"Draft: {s.drafted}", s.text),
        single=True,
    ),
    Near(
        "channels",
        "a final that says its type",
        "gpt-oss with response_format",
        lambda s: harmony(f"Draft: {s.drafted}", s.text, json_mark=True),
        single=True,
    ),
    Near(
        "channels",
        "no mark at the end",
        "a server that drops the last token",
        lambda s: (
            f"<|channel|>analysis<|message|>{s.drafted}<|end|><|start|>assistant<|channel|>final<|message|>{s.text}"
        ),
        single=True,
    ),
    Near(
        "channels",
        "the special tokens dropped",
        "gpt-oss with skip_special_tokens",
        lambda s: f"analysisWe could say {s.drafted}.assistantfinal{s.text}",
        single=True,
    ),
    Near(
        "channels",
        "commentary to a tool",
        "gpt-oss with functions",
        lambda s: (
            f"<|channel|>analysis<|message|>{s.drafted}<|end|><|start|>assistant"
            f"<|channel|>commentary to=functions.reply <|constrain|>json<|message|>{s.text}<|call|>"
        ),
        single=True,
    ),
    Near(
        "channels",
        "analysis alone, the answer in it",
        "vLLM issue 23120",
        lambda s: f"<|channel|>analysis<|message|>So {s.text}<|end|>",
        single=True,
    ),
    Near(
        "channels",
        "analysis alone, no JSON",
        "gpt-oss at its limit",
        lambda s: "<|channel|>analysis<|message|>We need to",
        EMPTY,
        "--reasoning-parser",
        single=True,
    ),
    Near(
        "channels",
        "a final cut off, a whole draft before it",
        "gpt-oss at a stop word",
        lambda s: harmony(s.drafted, s.text[:-2]),
        NOT_JSON,
        "ends inside its JSON",
        single=True,
    ),
    Near("channels", "a final in a fence", "gpt-oss", lambda s: harmony("Easy.", fenced(s.text)), single=True),
    Near(
        "channels",
        "thoughts of another make",
        "Gemma 4",
        lambda s: f"<|channel>thought\n{s.drafted}<channel|>{s.text}",
        single=True,
    ),
)
