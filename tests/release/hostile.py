"""A warehouse in which every text that a model or the web can write is an attack: one episode per payload."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stark_udfs.core.records import Record
from stark_udfs.tables.table import Table
from tests.cli import small

HIT = "window.__hit=1"
PAYLOADS = (
    f"<script>{HIT}</script>",
    f"</script><script>{HIT}</script>",
    f"</textarea><script>{HIT}</script>",
    f"</style><script>{HIT}</script>",
    f"</title><script>{HIT}</script>",
    f"--><script>{HIT}</script>",
    f"]]><script>{HIT}</script>",
    f"<img src=x onerror={HIT}>",
    f'"><img src=x onerror={HIT}>',
    f"'><img src=x onerror={HIT}>",
    f'" onmouseover="{HIT}" autofocus onfocus="{HIT}',
    f"<svg onload={HIT}>",
    f"<svg><script>{HIT}</script></svg>",
    f"<svg><animate onbegin={HIT} attributeName=x dur=1s>",
    f"<iframe srcdoc='<script>parent.{HIT.removeprefix('window.')}</script>'>",
    f'<iframe src="javascript:parent.{HIT.removeprefix("window.")}">',
    f"<details open ontoggle={HIT}>x</details>",
    f"<body onload={HIT}>",
    f"<input autofocus onfocus={HIT}>",
    f"<math><mtext><style><img src=x onerror={HIT}></style>",
    f"<noscript><p title='</noscript><img src=x onerror={HIT}>'>",
    f"javascript:{HIT}",
    f"{{{{constructor.constructor('{HIT}')()}}}}${{{HIT}}}`${{{HIT}}}`",
    f"\\u003cscript>{HIT}</script>\u2028{HIT}//\x00\u202egnp.exe\u2066",
    f"<object data='data:text/html,<script>opener.{HIT.removeprefix('window.')}</script>'><embed src=x>",
)
WRITTEN = frozenset(  # what models, the web and users' own tables write
    [
        "birthplace",
        "residence",
        "category",
        "entity_key",
        "entity_value",
        "sentence",
        "inference",
        "name",
        "sentence_form",
        "narrative",
        "event",
        "interval",
        "experience",
        "description",
        "rationale",
        "keywords",
        "text",
        "caption",
        "source",
        "licence",
        "prompt",
        "reply",
        "request",
        "reason",
        "detail",
        "why_not",
        "model_returned",
        "note",
        "summary",
        "finish_reason",
        "origin",
    ]
)
OWN = {"replies": {"source"}, "sessions": {"source"}}  # there the word is one of ours
IDS = frozenset(
    [
        "episode_id",
        "demographic_id",
        "persona_id",
        "commonsense_id",
        "seed_id",
        "unit_key",
        "image_id",
        "judgement_id",
        "key",
    ]
)


def write(root: Path, payloads: Sequence[str] = PAYLOADS) -> Path:
    """The tables of one episode per payload."""
    for table, rows in small.contents():
        small.write_table(
            root,
            table,
            [_Row(_attacked(table, row, payload, place)) for place, payload in enumerate(payloads) for row in rows],
        )
    return root


def episode(place: int) -> str:
    """The id of the episode that carries payload `place`."""
    return _own(small.EPISODE, place)


class _Row:
    """A row as a record gives it; records would refuse some of these values, which other programs may still write."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def model_dump(self) -> dict[str, Any]:
        return dict(self.values)

    def __getattr__(self, name: str) -> Any:
        return self.values[name]


def _attacked(table: Table, row: Record, payload: str, place: int) -> dict[str, Any]:
    return {name: _changed(table.name, name, value, payload, place) for name, value in row.model_dump().items()}


def _changed(table: str, name: str, value: Any, payload: str, place: int) -> Any:
    if isinstance(value, dict):
        return {part: _changed(table, part, one, payload, place) for part, one in value.items()}
    if isinstance(value, list):
        return [_changed(table, name, one, payload, place) for one in value]
    if name in IDS and isinstance(value, str):
        return _own(value, place)
    if (
        name in WRITTEN
        and name not in OWN.get(table, set())
        and (isinstance(value, str) or (value is None and name != "why_not"))
    ):
        return payload
    if name == "speaker" and value != "AI Assistant":
        return payload
    return value


def _own(value: str, place: int) -> str:
    return f"{place:02x}{value[2:]}" if len(value) > 2 else value
