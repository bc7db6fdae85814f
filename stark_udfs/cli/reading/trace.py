"""Calls, rows and drops printed for people: by `stark trace` and `stark try`."""

import json
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from stark_udfs.cli.console import as_json, plain
from stark_udfs.cli.reading.tracer import Step
from stark_udfs.cli.summary import money

Row = Mapping[str, object]
SHORT_LINES, SHORT_CHARACTERS = 8, 700


def print_steps(console: Console, steps: Sequence[Step], currency: str, *, full: bool) -> None:
    """A trace, seed first, and what it cost in all."""
    for step in steps:
        console.print()
        cost = f"{calls_of(len(step.calls))}, {money(step.money, currency)}" if step.calls else "no call"
        console.print(Text(step.stage, style="bold"), Text(cost, style="dim"))
        if step.row is not None:
            print_row(console, step.row)
        for reject in step.rejects:
            print_reject(console, reject)
        for call in step.calls:
            print_call(console, call, currency, full=full)
    console.print()
    calls, total = sum(len(step.calls) for step in steps), sum(step.money for step in steps)
    console.print(Text(f"in all {calls_of(calls)}, {money(total, currency)}", style="bold"))


def calls_of(count: int) -> str:
    """1 call, 2 calls."""
    return f"{count:,} call{'' if count == 1 else 's'}"


def print_row(console: Console, row: Row) -> None:
    """A row, one column a line; lists as JSON, cut."""
    for name, value in row.items():
        if value is None:
            continue
        text = as_json(value) if isinstance(value, list | dict) else plain(value)
        console.print(_indented(Text.assemble((f"{plain(name)}: ", "dim"), _cut(text, full=False))))


def print_reject(console: Console, reject: Row) -> None:
    """A drop and its reason."""
    line = f"dropped: {reject['reason']} (rule of: {reject.get('origin', 'ours')}): {reject['detail']}"
    console.print(_indented(Text(plain(line), style="yellow")))


def print_call(console: Console, call: Row, currency: str, *, full: bool) -> None:
    """One paid call: what was sent, what came back, what it cost."""
    cost = money(float(str(call["money"])), currency)
    head = (
        f"round {int(str(call['round'])) + 1}, ask {int(str(call['attempt'])) + 1}: {call['model_returned']}, "
        f"{call['tokens_in']} tokens in, {call['tokens_out']} out, {cost}, {call['finish_reason']}, "
        f"run {call['run_id']}, {call['replied_at']}"
    )
    console.print(_indented(Text(plain(head), style="cyan")))
    for role, content in _messages(str(call["request"])):
        console.print(_indented(Text.assemble((f"{role}: ", "bold"), _cut(plain(content), full=full)), 4))
    console.print(_indented(Text.assemble(("reply: ", "bold green"), _cut(plain(call["reply"]), full=full)), 4))


def _messages(request: str) -> list[tuple[str, str]]:
    """What `replies.request` asks for, line by line: role and content of messages, or an image task in words."""
    found = json.loads(request)
    if "messages" in found:
        return [(str(message["role"]), str(message["content"])) for message in found["messages"]]
    return [*_image_task(found["order"]), ("answered by", as_json(found["identity"]))]


def _image_task(order: Mapping[str, object]) -> list[tuple[str, str]]:
    """An image to make, or candidates to score; what is empty is left out."""
    if order.get("kind") == "rate":
        lines = {"score": ", ".join(map(str, _listed(order.get("paths")))), "against": order.get("description")}
        return [(name, str(value)) for name, value in {**lines, "after": order.get("turns")}.items() if value]
    person = order.get("person")
    lines = {
        "make": f"{order.get('module')}, {order.get('width')} x {order.get('height')} px, {order.get('count')} of it",
        "prompt": order.get("prompt"),
        "not": order.get("negative"),
        "search for": order.get("query"),
        "person": as_json(person) if person else "",
        "seeds": ", ".join(map(str, _listed(order.get("seeds")))),
    }
    return [(name, str(value)) for name, value in lines.items() if value]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _cut(text: str, *, full: bool) -> str:
    if full:
        return text
    lines = text.splitlines()
    short = "\n".join(lines[:SHORT_LINES])[:SHORT_CHARACTERS]
    return text if len(short) == len(text) else f"{short} … ({len(text):,} characters; --full shows all)"


def _indented(text: Text, by: int = 2) -> Padding:
    return Padding(text, (0, 0, 0, by), expand=False)
