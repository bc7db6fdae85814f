"""Replies whose names, quotes or strings are not those of JSON."""

from collections.abc import Sequence

from tests.calls.near_shape.cases import WRONG, Near, camel, dumped, fenced, quoted, spelled

SPELLING: Sequence[Near] = (
    Near(
        "spelling", "capital names", "models trained on C#", lambda s: dumped(spelled(s.value, str.title)), single=True
    ),
    Near("spelling", "names in capitals", "small models", lambda s: dumped(spelled(s.value, str.upper)), single=True),
    Near(
        "spelling", "camel case", "models trained on JavaScript", lambda s: dumped(spelled(s.value, camel)), single=True
    ),
    Near(
        "spelling",
        "names with spaces",
        "small models",
        lambda s: dumped(spelled(s.value, lambda name: name.replace("_", " "))),
        single=True,
    ),
    Near(
        "spelling",
        "one name in two spellings",
        "models that lose their place",
        lambda s: dumped({s.field: s.items[:1], s.field.title(): s.items[1:]}),
        WRONG,
        "there are items in it",
    ),
    Near(
        "spelling",
        "curly quotes around names",
        "models trained on word processors",
        lambda s: quoted(s.value, "“", "”"),
        single=True,
    ),
    Near(
        "spelling",
        "closing quotes on both sides",
        "Swedish and Finnish text",
        lambda s: quoted(s.value, "”", "”"),
        single=True,
    ),
    Near("spelling", "German quotes", "German text", lambda s: quoted(s.value, "„", "“"), single=True),
    Near("spelling", "quotes that do not pair", "autocorrected JSON", lambda s: quoted(s.value, "“", '"'), single=True),
    Near("spelling", "single quotes around names", "Python's repr", lambda s: quoted(s.value, "'", "'"), single=True),
    Near("spelling", "a trailing comma", "JavaScript", lambda s: f"{s.text[:-1]},}}", single=True),
)

STRINGS: Sequence[Near] = (
    Near("string", "JSON in a string", "tool calls said back", lambda s: dumped(s.text), single=True),
    Near(
        "string", "JSON in a string in a string", "tool calls said back", lambda s: dumped(dumped(s.text)), single=True
    ),
    Near("string", "in a fence", "chat models", lambda s: fenced(dumped(s.text)), single=True),
    Near("string", "escaped, without the quotes around", "small models", lambda s: dumped(s.text)[1:-1], single=True),
    Near("string", "under a name", "tool calls said back", lambda s: dumped({"result": s.text}), single=True),
    Near("string", "the list as a string", "Claude's tool calls", lambda s: dumped({s.field: dumped(s.items)})),
    Near("string", "a fence in a string under a name", "chat models", lambda s: dumped({"response": dumped(s.items)})),
)
