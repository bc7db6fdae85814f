"""Sessions to and from Label Studio: people rate what judges rate, by the same criteria.

Out: tasks as JSON and the labelling configuration. In: the annotations as Label Studio exports them, `JSON` or
`JSON-MIN`. What comes in was edited by anybody: it is validated field by field, and what cannot be used is counted.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

from stark_udfs.core.errors import InputError
from stark_udfs.core.ids import Json, stable_id
from stark_udfs.release.text import visible
from stark_udfs.stages.verdicts.criteria import HIGHEST, LOWEST, POINTS, QUESTIONS, Criterion
from stark_udfs.stages.verdicts.judged import JudgedSession
from stark_udfs.stages.verdicts.ratings import Rating

MOST_BYTES = 500_000_000  # of a file that is read
LONGEST_TEXT = 10_000  # characters that a rater is shown of one turn
KEY = re.compile(r"([\w.-]{1,70}):(\d{1,6})", re.ASCII)  # of a session: EPISODE:number


@dataclass(frozen=True)
class ReadRatings:
    """What a file holds: its ratings, each person's newest one of a session and criterion, and what was left out.

    unusable: why → how often.
    """

    ratings: tuple[Rating, ...]
    annotations: int
    unusable: Mapping[str, int] = field(default_factory=dict)


def tasks(rows: Iterable[JudgedSession], images: Mapping[str, str] | None = None) -> Iterator[dict[str, Json]]:
    """One task per session, for Label Studio's import.

    Args:
        rows: the sessions.
        images: by image id a URL that raters' browsers can load, or a `data:` URL; images without one stand in the
            dialogue as their descriptions alone.
    """
    for row in rows:
        shared = [image for turn in row.turns for image in turn.images]
        urls: list[Json] = [images[one.image_id] for one in shared if images and one.image_id in images]
        dialogue: list[Json] = [
            {"author": _fit(turn.speaker), "text": _fit(text)} for turn in row.turns for text in _said(turn)
        ]
        yield {
            "data": {
                "session": row.key,
                "person": _fit(
                    f"{row.name}, {row.age}, {row.gender}; born in {row.birthplace}, lives in {row.residence}. "
                    f"{row.narrative} {row.sentence}"
                ),
                "before": _fit(_before(row)),
                "dialogue": dialogue,
                "images": urls,
                "criteria": [one.value for one in row.criteria()],
            }
        }


def _fit(text: str) -> str:
    """A text that Label Studio stores, whose database takes no NUL, and that its page shows as it is; bounded."""
    shown = visible(text)
    return shown if len(shown) <= LONGEST_TEXT else f"{shown[:LONGEST_TEXT]}…"


def _said(turn: object) -> Iterator[str]:
    text, images = getattr(turn, "text", ""), getattr(turn, "images", ())
    if text:
        yield text
    for image in images:
        yield f"[image: {image.description}]"


def _before(row: JudgedSession) -> str:
    lines = [f"{one.session_date:%Y.%m.%d}: {one.event}" for one in row.earlier]
    if row.interval is not None:
        lines.append(f"Then {row.interval} pass.")
    if row.experience:
        lines.append(f"Since then: {row.experience}")
    return "\n".join(lines) or "This is the first session."


def config() -> str:
    """The labelling configuration: the session, and a rating in points for each criterion."""
    scale = ", ".join(f"{point} {word}" for point, word in POINTS.items())
    ratings = "\n".join(
        f'    <Header value={quoteattr(QUESTIONS[one])} size="5"/>\n'
        f'    <Rating name={quoteattr(one.value)} toName="dialogue" maxRating="{HIGHEST}" required="false"/>'
        for one in Criterion
    )
    return f"""\
<View>
  <Header value="The person" size="4"/>
  <Text name="person" value="$person"/>
  <Header value="Before this session" size="4"/>
  <Text name="before" value="$before"/>
  <Header value="The session" size="4"/>
  <Paragraphs name="dialogue" value="$dialogue" layout="dialogue" nameKey="author" textKey="text"/>
  <Image name="images" valueList="$images"/>
  <View>
    <Header value={quoteattr(f"Rate by stars: {scale}. Leave out what does not apply.")} size="4"/>
{ratings}
  </View>
</View>
"""


def read_ratings(text: str, *, where: str) -> ReadRatings:
    """The ratings of an export.

    Args:
        text: the file's content.
        where: its name, for errors.

    Raises:
        InputError: it is no export of Label Studio.
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is no JSON: {error}. Export the annotations as JSON or JSON-MIN.") from None
    if not isinstance(found, list):
        raise InputError(f"{where} holds no list of tasks. Export the annotations as JSON or JSON-MIN.")
    unusable: Counter[str] = Counter()
    newest: dict[str, Rating] = {}
    count = 0
    for task in found:
        if not isinstance(task, dict):
            unusable["no task"] += 1
            continue
        for annotation in _annotations(task, unusable):
            count += 1
            for rating in _ratings(annotation, unusable):
                before = newest.get(rating.rating_id)
                if before is None or _at(before) <= _at(rating):
                    newest[rating.rating_id] = rating
    return ReadRatings(tuple(newest.values()), count, dict(unusable))


def _at(rating: Rating) -> datetime:
    return rating.rated_at or datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Annotation:
    """One person's answer to one task."""

    who: str
    session: object
    at: object
    values: Sequence[tuple[str, object]]


def _annotations(task: Mapping[str, object], unusable: Counter[str]) -> Iterator[_Annotation]:
    """Those of a task: nested in an export as JSON, the task itself in one as JSON-MIN."""
    data = task.get("data")
    if not isinstance(data, Mapping):
        values = [(one.value, task[one.value]) for one in Criterion if one.value in task]
        yield _Annotation(
            _who(task.get("annotator")), task.get("session"), task.get("updated_at") or task.get("created_at"), values
        )
        return
    given = task.get("annotations")
    for one in given if isinstance(given, list) else []:
        if not isinstance(one, Mapping):
            unusable["no annotation"] += 1
        elif one.get("was_cancelled"):
            unusable["skipped by the rater"] += 1
        else:
            results = one.get("result")
            values = (
                [_result(result) for result in results if isinstance(result, Mapping)]
                if isinstance(results, list)
                else []
            )
            at = one.get("updated_at") or one.get("created_at")
            yield _Annotation(_who(one.get("completed_by")), data.get("session"), at, values)


def _result(result: Mapping[str, object]) -> tuple[str, object]:
    value = result.get("value")
    return str(result.get("from_name")), value.get("rating") if isinstance(value, Mapping) else None


def _who(said: object) -> str:
    """A rater by a hash: an id, an address, or the object that holds them; empty: the file does not say."""
    if isinstance(said, Mapping):
        said = said.get("email") or said.get("id")
    return "" if said in (None, "") or not isinstance(said, str | int) else f"person-{stable_id('rater', said)[:8]}"


def _ratings(annotation: _Annotation, unusable: Counter[str]) -> Iterator[Rating]:
    session = KEY.fullmatch(str(annotation.session or ""))
    if session is None:
        unusable["no session named"] += 1
        return
    if not annotation.who:
        unusable["no rater named"] += 1
        return
    for name, value in annotation.values:
        if name not in set(Criterion):
            unusable["another question"] += 1
        elif isinstance(value, bool) or not isinstance(value, int) or not LOWEST <= value <= HIGHEST:
            unusable[f"no score from {LOWEST} to {HIGHEST}"] += 1
        else:
            yield Rating(
                rating_id=stable_id(annotation.who, session[1], int(session[2]), name),
                who=annotation.who,
                episode_id=session[1],
                session_number=int(session[2]),
                criterion=Criterion(name),
                value=value,
                rated_at=_time(annotation.at),
            )


def _time(said: object) -> datetime | None:
    """A moment in UTC; None where there is none that can be read."""
    try:
        moment = datetime.fromisoformat(str(said))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
