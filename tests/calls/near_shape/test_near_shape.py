import random
import sys
from collections import Counter
from collections.abc import Callable

import pytest

from stark_udfs.calls.reply.decode import decode
from stark_udfs.calls.reply.forms import form_of
from stark_udfs.calls.reply.pieces import MOST_READ, pieces_of
from stark_udfs.core.records import ReplySchema
from stark_udfs.core.rejects import Reject, RejectReason
from tests.calls.asks import Basket
from tests.calls.near_shape.cases import ALL, Near, Sample, camel, dumped, fenced, harmony, quoted, spelled
from tests.calls.near_shape.parts import PARTS
from tests.calls.near_shape.samples import LISTS, SINGLES
from tests.calls.near_shape.spelling import SPELLING, STRINGS
from tests.calls.near_shape.spoken import CHANNELS, THINKING
from tests.calls.near_shape.wrapped import DRAFTS, WRAPPERS

CASES = (*THINKING, *CHANNELS, *WRAPPERS, *DRAFTS, *PARTS, *SPELLING, *STRINGS)

RUNS = [
    pytest.param(case, sample, id=f"{case.kind}: {case.name} – {name}")
    for case in CASES
    for name, sample in {**LISTS, **(SINGLES if case.single else {})}.items()
]


def describe_replies_nearly_of_the_shape():
    def it_has_at_least_sixty_cases_each_of_its_own():
        names = Counter((case.kind, case.name) for case in CASES)
        assert len(names) == len(CASES) >= 60
        assert all(case.source for case in CASES)

    @pytest.mark.parametrize(("case", "sample"), RUNS)
    def it_loses_nothing_without_a_word(case: Near, sample: Sample):
        verdict = decode(case.write(sample), sample.shape)
        if case.gives == ALL:
            assert verdict == sample.shape.model_validate(sample.value)
        else:
            assert isinstance(verdict, Reject), verdict
            assert verdict.reason is case.gives, verdict
            assert case.says in verdict.detail, verdict.detail


Write = Callable[[str, random.Random], str]

PROSE = (
    "Here it is:",
    "Sure! [see below]",
    "I used {braces} and [1].",
    "Voil\u00e0 \u2013",
    "\ufeff",
    "It's \u201cdone\u201d:",
)


def prefixed(text: str, draw: random.Random) -> str:
    return f"{draw.choice(PROSE)}\n{text}"


def followed(text: str, draw: random.Random) -> str:
    return f"{text}\n\nI hope [this] helps {{a lot}}!"


def in_a_fence(text: str, draw: random.Random) -> str:
    return fenced(text, draw.choice(("json", "", "JSON", "text")))


def after_thoughts(text: str, draw: random.Random) -> str:
    opening, closing = draw.choice((("<think>", "</think>"), ("<reasoning>", "</reasoning>"), ("[THINK]", "[/THINK]")))
    return f"{opening}Maybe {{}} or [{{'a': 1}}]?\n{closing}\n{text}"


def in_channels(text: str, draw: random.Random) -> str:
    return harmony("Easy {enough}.", text)


def said_twice(text: str, draw: random.Random) -> str:
    return f"{text}\n\nOnce more:\n\n{text}"


AROUND: tuple[Write, ...] = (prefixed, followed, in_a_fence, after_thoughts, said_twice)


def wrapped(sample: Sample, draw: random.Random) -> str:
    """The reply as JSON of some form, wrapped up to three times."""
    value: object = sample.value
    if draw.random() < 0.3:
        value = spelled(value, draw.choice((str.title, str.upper, camel)))
    for _ in range(draw.randrange(3)):
        value = draw.choice(({"result": value}, [value], {"ok": True, "data": value}, {"reply": dumped(value)}))
    left, right = draw.choice((('"', '"'), ('"', '"'), ("\u201c", "\u201d"), ("'", "'")))
    return quoted(value, left, right)


def written(sample: Sample, draw: random.Random) -> str:
    text = wrapped(sample, draw)
    for _ in range(draw.randrange(4)):
        text = draw.choice(AROUND)(text, draw)
    return in_channels(text, draw) if draw.random() < 0.1 else text


def steps(text: str, shape: type[ReplySchema]) -> int:
    """Calls of functions while a text is decoded, those of C included."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        decode(text, shape)
    finally:
        sys.setprofile(None)
    return count


def describe_any_wrapping():
    @pytest.mark.parametrize("name", [*LISTS, *SINGLES])
    def it_keeps_every_item(name: str):
        sample = {**LISTS, **SINGLES}[name]
        whole = sample.shape.model_validate(sample.value)
        draw = random.Random(name)
        for _ in range(150):
            text = written(sample, draw)
            assert decode(text, sample.shape) == whole, text

    @pytest.mark.parametrize("name", LISTS)
    def it_never_gives_fewer_items_than_it_has_been_given_in_two_parts(name: str):
        sample = LISTS[name]
        draw = random.Random(name)
        for _ in range(150):
            cut = draw.randrange(1, len(sample.items))
            parts = [{sample.field: sample.items[:cut]}, {sample.field: sample.items[cut:]}]
            between = draw.choice(("", "\n", ",\n", "\n\n", "\nThe rest:\n", "\nPart 2:\n", "\n2. "))
            text = between.join(map(dumped, parts))
            for _ in range(draw.randrange(2)):
                text = draw.choice((prefixed, followed, in_a_fence, after_thoughts))(text, draw)
            assert decode(text, sample.shape) == sample.shape.model_validate(sample.value), text


HOSTILE = {
    "brackets": "[",
    "braces": "{",
    "objects": '{"a":',
    "objects of the shape": '{"loaves":[',
    "quotes": '"',
    "escaped quotes": '\\"',
    "names": '{"loaves"',
    "empty lists": "[],",
    "empty answers": '{"loaves":[]}',
    "answers": '{"loaves":[{"flour":"rye","grams":1}]}',
    "names again": '"loaves":[1],',
    "marks": "<think>",
    "closing marks": "</think>",
    "channels": "<|channel|>",
    "finals": "<|channel|>final<|message|>",
    "spaces": "                    x",
    "fences": "```json\n",
    "open strings": '{"loaves":["',
    "curly quotes": "{\u201cloaves\u201d",
    "comments": "[//",
    "commas": ",",
}


def describe_hostile_text():
    @pytest.mark.parametrize("name", HOSTILE)
    def it_takes_steps_in_proportion_to_its_length(name: str):
        unit = HOSTILE[name]
        long, longer = (unit * (size // len(unit)) for size in (200_000, 1_000_000))
        few, many = steps(long, Basket), steps(longer, Basket)
        assert many <= 7 * max(few, 2_000), (few, many)
        assert many <= 4 * len(longer)
        pieces = pieces_of(longer, form_of(Basket).quoted)
        assert pieces.read <= (MOST_READ + 2) * len(longer)

    @pytest.mark.parametrize("inside", ['"loaves":[1],', '"loaves":[{"flour":"rye","grams":1}],', '"x":{"loaves":[]},'])
    def it_does_so_inside_one_value_too(inside: str):
        texts = ["{" + inside * (size // len(inside)) + '"y":1}' for size in (40_000, 160_000)]
        few, many = (steps(text, Basket) for text in texts)
        assert many <= 6 * few, (few, many)

    def it_rejects_a_text_that_it_does_not_read_to_the_end():
        verdict = decode('{"loaves":[{"flour":"rye","grams":1}]}' + "[" * 1_000, Basket)
        assert isinstance(verdict, Reject)
        assert verdict.reason is RejectReason.NOT_JSON
        assert "too many brackets" in verdict.detail
