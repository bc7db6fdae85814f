"""Replies with something around the answer, or an answer before it."""

from collections.abc import Sequence

from tests.calls.near_shape.cases import NOT_JSON, WRONG, Near, dumped, fenced, filled_schema, schema_said

WRAPPERS: Sequence[Near] = (
    *(
        Near(
            "wrapper",
            f"under {name!r}",
            "models trained on APIs",
            lambda s, name=name: dumped({name: s.value}),
            single=True,
        )
        for name in ("result", "response", "data", "output", "answer")
    ),
    Near(
        "wrapper",
        "two levels and a status",
        "models trained on APIs",
        lambda s: dumped({"status": "ok", "data": {"result": s.value}}),
        single=True,
    ),
    Near("wrapper", "a list of one", "JSON mode of small models", lambda s: dumped([s.value]), single=True),
    Near("wrapper", "a list of its parts", "batches of small models", lambda s: f"[{s.first}, {s.rest}]"),
    Near(
        "wrapper",
        "a list of two different answers",
        "models asked with n > 1",
        lambda s: dumped([s.value, {**s.value, s.field: s.items[:-1]}]),
        WRONG,
        "send one that holds everything",
    ),
    Near("wrapper", "a list of a list", "small models", lambda s: dumped([[s.value]]), single=True),
    Near("wrapper", "the bare list", "small models", lambda s: dumped(s.items)),
    Near("wrapper", "the bare list under another name", "small models", lambda s: dumped({"results": s.items})),
    Near(
        "wrapper",
        "the shape's own name",
        "models that see the schema's name",
        lambda s: dumped({s.shape.__name__: s.value}),
        single=True,
    ),
    Near(
        "wrapper",
        "a tool call as text",
        "Hermes, Qwen without --tool-call-parser",
        lambda s: f"<tool_call>\n{dumped({'name': 'reply', 'arguments': s.value})}\n</tool_call>",
        single=True,
    ),
    Near(
        "wrapper",
        "a tool call with its arguments as a string",
        "OpenAI's wire form said back",
        lambda s: dumped({"name": "reply", "arguments": s.text}),
        single=True,
    ),
    Near("wrapper", "the values in the schema", "small models that fill the form in", filled_schema, single=True),
    Near("wrapper", "its own name twice", "small models", lambda s: dumped({s.field: s.value})),
    Near(
        "wrapper",
        "two answers under two names",
        "models that offer a choice",
        lambda s: dumped({"draft": s.draft, "final": s.value}),
        WRONG,
        "2 answers where one was asked for",
        single=True,
    ),
)

DRAFTS: Sequence[Near] = (
    Near(
        "draft",
        "a fence, then a better one",
        "models that revise aloud",
        lambda s: f"Draft:\n{fenced(s.drafted)}\nBetter:\n{fenced(s.text)}",
        single=True,
    ),
    Near(
        "draft",
        "two fences without a word",
        "models that revise",
        lambda s: f"{fenced(s.drafted)}\n\n{fenced(s.text)}",
        single=True,
    ),
    Near(
        "draft",
        "prose between",
        "models that revise aloud",
        lambda s: f"{s.drafted}\nWait, that is too plain.\n{s.text}",
        single=True,
    ),
    Near("draft", "the same twice", "models that repeat themselves", lambda s: f"{s.text}\n{s.text}", single=True),
    Near("draft", "a part, then all of it", "models that begin again", lambda s: f"{s.first}\n\n{s.text}"),
    Near(
        "draft",
        "a broken one, then a whole",
        "models that begin again",
        lambda s: f"{s.drafted[:-2]}\nno, again:\n\n{fenced(s.text)}",
        single=True,
    ),
    Near(
        "draft",
        "a whole, then a broken one",
        "models that revise aloud",
        lambda s: f"{fenced(s.text)}\nBetter:\n{fenced(s.text[:-2])}",
        NOT_JSON,
        single=True,
    ),
    Near(
        "draft",
        "more, then less",
        "models that shorten",
        lambda s: f"{fenced(s.text)}\nShorter:\n{fenced(s.rest)}",
        WRONG,
        "send one that holds everything",
    ),
    Near(
        "draft",
        "an example before",
        "models that echo the prompt's example",
        lambda s: f"The form is {s.first}. Mine:\n{s.text}",
    ),
    Near(
        "draft",
        "an example after",
        "models that explain",
        lambda s: f"{s.text}\nFor instance, an item of it is {dumped(s.items[0])}.",
        WRONG,
        "stand outside the answer",
    ),
    Near(
        "draft",
        "the form in words before",
        "models that echo shape_in_words",
        lambda s: f'The form: {{"{s.field}": string, …}}\n\n{s.text}',
        single=True,
    ),
    Near(
        "draft",
        "the schema before",
        "models that echo the schema",
        lambda s: f"{schema_said(s)}\n\n{s.text}",
        single=True,
    ),
    Near(
        "draft",
        "the schema after",
        "models that echo the schema",
        lambda s: f"{s.text}\n\nIt follows {fenced(schema_said(s))}",
        single=True,
    ),
    Near("draft", "the schema alone", "small models", schema_said, WRONG, "JSON schema itself", single=True),
)
