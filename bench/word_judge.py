"""A judge that counts words: reads the prompt that any judge is sent, and answers in the same form. No model.

It is a floor, and offline: what it finds can be found by counting words; what it misses takes somebody who reads.

| criterion | share that becomes 1 to 4 |
|---|---|
| coherence | neighbouring turns that have a content word in common |
| consistency | content words of the profile that the person says |
| image_turn_relevance | images that share a content word with their turn or one beside it |
| image_dialogue_relevance | images of which two content words are said in the session |
| image_persona_relevance | images that share a content word with the profile |
| time_interval | all or nothing: whether the interval agrees with the two dates |
| experience | content words of the experience that the person says |
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from stark_udfs.calls.providers.client import Access
from stark_udfs.calls.providers.openai import OpenAiProvider
from stark_udfs.calls.providers.transport import Headers, RawResponse, Transport, completion
from stark_udfs.core.ids import Json
from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.stages.text.events.intervals import agrees, date_of
from stark_udfs.stages.text.matching import content, coverage
from stark_udfs.stages.verdicts.criteria import HIGHEST, LOWEST, Criterion

TOLERANCE = 0.25  # of an interval
SPOKEN = re.compile(r"^(\d+)\. (.+?): (.*)$")
SHARED = re.compile(r"^(\d+)\. .+? shares (?:image \d+|an image that you are not shown): (.*)$")
DATED = re.compile(r"\d{4}\.\d{2}\.\d{2}")


@dataclass(frozen=True)
class ReadPrompt:
    """What a judge is shown, taken from the prompt's text. `images`: the number of the turn, and what is shown."""

    profile: str
    name: str
    dates: tuple[str, ...]
    interval: str
    experience: str
    turns: tuple[tuple[int, str, str], ...]
    images: tuple[tuple[int, str], ...]
    asked: tuple[str, ...]

    @property
    def own(self) -> str:
        """All that the person says."""
        return " ".join(text for _, speaker, text in self.turns if speaker == self.name)


def read(prompt: str) -> ReadPrompt:
    """The parts of a judge's prompt."""
    lines = prompt.splitlines()
    profile = lines[1:4]
    shared = [(int(found[1]), found[2]) for line in lines if (found := SHARED.match(line))]
    spoken = [
        (int(found[1]), found[2], found[3])
        for line in lines
        if (found := SPOKEN.match(line)) and not SHARED.match(line)
    ]
    listed = lines[lines.index("Rate this session.") + 1 :]
    return ReadPrompt(
        profile=" ".join(profile),
        name=profile[0].removeprefix("- ").split(",")[0],
        dates=tuple(
            day[0] for line in lines if re.match(r"(?:- s|S)ession \d+, ", line) and (day := DATED.search(line))
        ),
        interval=_after(lines, "- time since the session before: "),
        experience=_after(lines, "- what the person lived through since (").partition("): ")[2],
        turns=tuple(spoken),
        images=tuple(shared),
        asked=tuple(one.value for one in Criterion if any(line.startswith(f"- {one.value}: ") for line in listed)),
    )


def _after(lines: Sequence[str], start: str) -> str:
    return next((line.removeprefix(start) for line in lines if line.startswith(start)), "")


def shares(shown: ReadPrompt) -> dict[str, float]:
    """By criterion, a share in [0, 1]; see the table above."""
    texts = {number: text for number, _, text in shown.turns}
    said = content(" ".join(texts.values()))
    near = {
        number: content(" ".join(texts.get(place, "") for place in (number - 1, number, number + 1)))
        for number, _ in shown.images
    }
    images, profile = [(number, content(what)) for number, what in shown.images], content(shown.profile)
    earlier, today = ([None, None, *map(date_of, shown.dates)])[-2:]
    fits = earlier and today and agrees(shown.interval, earlier=earlier, later=today, tolerance=TOLERANCE)
    return {
        "coherence": _share([bool(content(one[2]) & content(two[2])) for one, two in pairwise(shown.turns)]),
        "consistency": coverage(shown.profile, shown.own),
        "image_turn_relevance": _share([bool(what & near[number]) for number, what in images]),
        "image_dialogue_relevance": _share([len(what & said) > 1 for _, what in images]),
        "image_persona_relevance": _share([bool(what & profile) for _, what in images]),
        "time_interval": float(bool(fits)),
        "experience": coverage(shown.experience, shown.own),
    }


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 0.0


def reply(prompt: str) -> dict[str, Json]:
    """The answer to a judge's prompt."""
    shown = read(prompt)
    found = shares(shown)
    return {
        one.value: {
            "rationale": f"Words were counted: {found[one.value]:.0%}.",
            "score": LOWEST + round((HIGHEST - LOWEST) * found[one.value]),
        }
        if one.value in shown.asked
        else {"rationale": "", "score": None}
        for one in Criterion
    }


class WordsTransport:
    """Answers chat completions inside the process, from the user's message."""

    async def send(self, method: str, url: str, headers: Headers, content: bytes) -> RawResponse:
        """As a server would, in the same JSON."""
        body: Mapping[str, Json] = json.loads(content)
        messages = body["messages"]
        assert isinstance(messages, list)
        text = json.dumps(reply(str(messages[-1]["content"])))
        return RawResponse(200, (), json.dumps(completion(body, text, "stop")).encode())

    async def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class WordsProvider(OpenAiProvider):
    """The provider `bench.word_judge:WORDS`."""

    url: str = "http://words/v1"  # nobody is asked there

    def inside(self, model: ModelSettings) -> bool:
        """See `Provider.inside`."""
        return True

    def needs_secret(self, model: ModelSettings) -> bool:
        """It never does."""
        return False

    def transport(self, model: ModelSettings, access: Access) -> Transport:
        """No wire."""
        return WordsTransport()


WORDS = WordsProvider()
