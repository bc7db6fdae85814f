"""Answering probes and writing down how well that went: by search, by a chat model, or from a file of answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from stark_udfs.core.errors import InputError
from stark_udfs.release.probing.contexts import CONTEXTS, SYSTEM, ContextName, Transcript, prompts
from stark_udfs.release.probing.scoring import AnswerScore, KindScore, by_kind, score
from stark_udfs.stages.probes.records import Probe

if TYPE_CHECKING:
    from stark_udfs.settings.run import RunSettings

ANSWER_TOKENS = 256
NOBODY = "none"  # provider where no model took part, or nobody said which
EXPORTED: tuple[ContextName, ...] = ("full", "last_session")


@dataclass(frozen=True)
class Evaluation:
    """How one answerer did.

    Attributes:
        system: who answered.
        context: from what: full, last_session, retrieved, best_turn, or what a file says.
        answered: probes that it gave an answer to; the others count as wrong.
        kinds: scores of each kind, and of all.
        scores: of each answer.
        answers: by probe id.
        model: the model's name on the wire; None: none took part, or nobody said which.
        provider: of the model, as in the tables.
        found: of probes with evidence, the share whose best turn is evidence, and the share of which one of the `top`
            turns is; None: no search.
    """

    system: str
    context: str
    answered: int
    kinds: tuple[KindScore, ...]
    scores: tuple[AnswerScore, ...]
    answers: Mapping[str, str]
    model: str | None = None
    provider: str = NOBODY
    found: tuple[float, float] | None = None

    @property
    def answerer(self) -> str:
        """Who answered, and from what."""
        return f"{self.model or self.system}, {self.context.replace('_', ' ')}"


def evaluated(system: str, context: str, probes: Sequence[Probe], answers: Mapping[str, str]) -> Evaluation:
    """The scores of answers by probe id; a probe without one counts as answered wrongly."""
    scores = tuple(score(probe, answers.get(probe.probe_id, "?")) for probe in probes)
    answered = sum(probe.probe_id in answers for probe in probes)
    return Evaluation(system, context, answered, tuple(by_kind(scores)), scores, dict(answers))


def by_search(probes: Sequence[Probe], transcripts: Mapping[str, Transcript], top: int) -> Evaluation:
    """BM25: the best turn is the answer."""
    from stark_udfs.release.probing.search import Searcher

    searchers = {episode: Searcher(known.lines) for episode, known in transcripts.items() if known.lines}
    answers: dict[str, str] = {}
    first = among = of = 0
    for probe in probes:
        searcher = searchers.get(probe.episode_id)
        if searcher is None:
            continue
        lines = searcher.best(probe.question, top)
        answers[probe.probe_id] = lines[0].text
        if probe.evidence:
            of += 1
            first += lines[0].turn_id in probe.evidence
            among += any(line.turn_id in probe.evidence for line in lines)
    return replace(evaluated("BM25", "best_turn", probes, answers), found=(first / of, among / of) if of else None)


def by_model(
    probes: Sequence[Probe],
    asked: Mapping[str, str],
    context: ContextName,
    model: str,
    settings: "RunSettings",
    *,
    phrased: bool = False,
) -> Evaluation:
    """A chat model of the settings; each prompt is paid once, its answers are the table `probe_answers_<context>`.

    Questions in a model's words (`phrased`) have a table of their own.

    Raises:
        SettingsError: there is no such model.
    """
    from stark_udfs.tables.session import spark_session
    from stark_udfs.udfs.ask import ask

    rows = spark_session(settings.spark).createDataFrame(sorted(asked.items()), "probe_id string, prompt string")
    given = ask(
        rows,
        key="probe_id",
        prompt="prompt",
        settings=settings,
        name=f"probe_answers_{context}_{_plain(model)}{'_phrased' if phrased else ''}",
        model=model,
        system=SYSTEM,
        reply_tokens=ANSWER_TOKENS,
    )
    answers = {row["probe_id"]: row["text"] for row in given.select("probe_id", "text").collect() if row["text"]}
    chat = settings.models[model]
    return replace(evaluated(model, context, probes, answers), model=chat.name, provider=chat.provider)


def _plain(model: str) -> str:
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in model.casefold())[:30]


def from_file(probes: Sequence[Probe], path: Path) -> list[Evaluation]:
    """Answers of a JSON Lines file: `probe_id`, `answer`, and perhaps `context`, each of which is scored on its own.

    Raises:
        InputError: a line is no such object, or none is about a probe of this warehouse.
    """
    given: dict[str, dict[str, str]] = {}
    for number, line in enumerate(_lines(path), 1):
        row = _row(path, number, line)
        given.setdefault(row.get("context") or "answers", {})[row["probe_id"]] = row["answer"]
    known = {probe.probe_id for probe in probes}
    if not any(known & answers.keys() for answers in given.values()):
        raise InputError(f"{path}: no answer is about a probe of this warehouse. Export the questions again.")
    made = []
    for context, answers in sorted(given.items()):
        asked = [probe for probe in probes if probe.probe_id in answers]
        made.append(evaluated(path.name, context, asked, answers))
    return made


def _lines(path: Path) -> list[str]:
    try:
        return [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--answers {path} cannot be read: {error}") from error


def _row(path: Path, number: int, line: str) -> dict[str, str]:
    try:
        row = json.loads(line)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {number}: not JSON: {error}") from error
    if not isinstance(row, dict) or not {"probe_id", "answer"} <= row.keys():
        raise InputError(f"{path}, line {number}: an object with probe_id and answer is expected.")
    return {str(key): str(value) for key, value in row.items()}


def export(probes: Sequence[Probe], transcripts: Mapping[str, Transcript], path: Path, top: int) -> int:
    """Write every question with its full context and with the last session's; how many lines.

    A line is an object with `probe_id`, `context`, `system` and `prompt`: what a model needs, without the answer.
    """
    lines = [
        {"probe_id": probe, "context": context, "system": SYSTEM, "prompt": text}
        for context in EXPORTED
        for probe, text in prompts(probes, transcripts, context, top).items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return len(lines)


def as_json(evaluations: Sequence[Evaluation]) -> str:
    """All scores as JSON."""
    told = [
        {
            **{name: getattr(one, name) for name in ("answerer", "answered", "found")},
            "kinds": [asdict(kind) for kind in one.kinds],
        }
        for one in evaluations
    ]
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def context_of(name: str) -> ContextName:
    """The context of that name.

    Raises:
        InputError: there is none.
    """
    for known in CONTEXTS:
        if name == known:
            return known
    raise InputError(f"--context {name}: {', '.join(CONTEXTS)}.")
