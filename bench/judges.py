"""How often a judge scores a broken copy lower: `python -m bench.judges --warehouse warehouse`.

Takes the sessions that `tests/replies` has of a real model, and those of a warehouse, plants faults for each of the
seven criteria, asks judges about both sides, and prints the shares with Wilson intervals. Two judges are offline and
free, asked in this process, without Spark, by the same requests, replies and parser as any other:

    drawn    the offline author of the demo, whose scores are drawn: what chance finds
    words    `bench.word_judge`, which counts words: what can be found without understanding anything

`recorded` is what a real model answered, kept in `tests/replies`: 30 pairs of each criterion, its own sessions.

`--judge target` asks the first judge of `--target` about a warehouse by the engine: paid once, replies kept in `--out`.
"""

import argparse
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from bench.inside import ask_inside
from bench.recorded import FOLDER, lines, recorded_sessions, warehouse_histories, whole_episodes
from stark_udfs.calls.reply.decode import decode
from stark_udfs.cli.reading.warehouse import storage_of
from stark_udfs.core.rejects import Reject
from stark_udfs.engine.stage import AnyChatStage
from stark_udfs.release.judging.broken_copies import BrokenCopy, pairs
from stark_udfs.release.judging.judge_check import TABLE, JudgeCheck, checked, pair_stage, sides
from stark_udfs.settings.run import StorageSettings
from stark_udfs.stages.pipeline import Settings, load_settings
from stark_udfs.stages.text.history import EpisodeHistory
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.stages.verdicts.judge_prompt import JudgementReply
from stark_udfs.stages.verdicts.judged import EarlierSession, JudgedSession

RECORDED, REAL_PAIRS = "recorded", 30  # pairs of each criterion that the real model was asked about
JUDGED = FOLDER / "pairs"
OFFLINE = {
    "drawn": ("models.default.provider=offline", "models.default.name=offline-author"),
    "words": ("models.default.provider=bench.word_judge:WORDS", "models.default.name=offline-words"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask and print."""
    options = _options(arguments)
    if "target" in options.judge:
        _by_target(options)
    chosen = [one for one in options.judge if one != "target"]
    if not chosen:
        return
    sources = {"real model's sessions": real_model_pairs(options.seed, options.pairs)}
    if options.warehouse is not None:
        rows = [row for one in warehouse_histories(options.warehouse) for row in judged_of(one)]
        sources["warehouse"] = _pairs(rows, options.seed, options.pairs)
    for source, made in sources.items():
        print(f"\n{source}: {len({pair.clean.key for pair in made}):,} sessions, {len(made):,} pairs")
        for judge in chosen:
            stage = judgements.stage(load_settings("base", overrides=[*OFFLINE.get(judge, ()), *options.set]))
            said = asked_about(stage, made) if judge in OFFLINE else recorded_about(stage, made)
            _print(f"{judge}, offline" if judge in OFFLINE else judge, made, checked(made, said))


def real_model_pairs(seed: int, most: int) -> list[BrokenCopy]:
    """At most so many pairs of each criterion, of the sessions in `tests/replies`."""
    told = [*((one, None) for one in whole_episodes()), *recorded_sessions()]
    rows = {row.key: row for history, numbers in told for row in judged_of(history, numbers)}
    return _pairs(list(rows.values()), seed, most)


def _pairs(rows: Sequence[JudgedSession], seed: int, most: int) -> list[BrokenCopy]:
    return [pair for one in Criterion for pair in pairs(rows, one, seed, most)]


def judged_of(history: EpisodeHistory, numbers: frozenset[int] | None = None) -> list[JudgedSession]:
    """An episode's sessions as judges that see no pictures are shown them; `numbers`: only these."""
    happened = {event.event_id: event.event for event in history.events}
    memory = {told.session_number: told.summary for told in history.summaries}
    person = {name: getattr(history, name) for name in JudgedSession.model_fields if hasattr(history, name)}
    rows = []
    for place, told in enumerate(history.sessions):
        before = [
            EarlierSession(
                session_number=one.session_number,
                session_date=one.session_date,
                interval=one.interval,
                event=happened.get(one.event_id, ""),
            )
            for one in history.sessions[:place]
        ]
        rows.append(
            JudgedSession(
                **{
                    **person,
                    **{name: getattr(told, name) for name in JudgedSession.model_fields if hasattr(told, name)},
                    "judgement_id": f"{history.episode_id}:{told.session_number}:default",
                    "judge": "default",
                    "earlier": before,
                    "memory": memory.get(told.session_number - 1),
                    "event": happened.get(told.event_id, ""),
                    "files": [],
                }
            )
        )
    return [row for row in rows if numbers is None or row.session_number in numbers]


def asked_about(stage: AnyChatStage, made: Sequence[BrokenCopy]) -> Mapping[str, Mapping[str, object]]:
    """What the stage's judge says of both sides of all pairs, asked in this process."""
    return {row["judgement_id"]: row for row in ask_inside(stage, sides(made))}


def recorded_about(stage: AnyChatStage, made: Sequence[BrokenCopy]) -> Mapping[str, Mapping[str, object]]:
    """What the real model said of the sides that it was asked about, read as any judge's reply."""
    said = {str(record["row_sha256"]): str(record["reply"]) for record in lines("judgements", JUDGED)}
    found: dict[str, Mapping[str, object]] = {}
    for row in sides(made):
        reply = decode(said.get(row_sha256(row), ""), JudgementReply)
        outs = () if isinstance(reply, Reject) else stage.parse(row, (reply,))
        found |= {out.judgement_id: out.model_dump() for out in outs if not isinstance(out, Reject)}
    return found


def row_sha256(row: JudgedSession) -> str:
    """Of what a judge is asked about, whatever the words of the prompt."""
    return sha256(row.model_dump_json().encode()).hexdigest()


def _by_target(options: argparse.Namespace) -> None:
    from stark_udfs.engine.run import run
    from stark_udfs.release.judging.judged import judged_sessions
    from stark_udfs.tables.session import spark_session
    from stark_udfs.tables.tables import Tables

    settings: Settings = load_settings(
        options.target, overrides=[*options.set, *storage_of(options.warehouse), "judgements.share=1.0"]
    )
    spark = spark_session(settings.spark)
    rows = judged_sessions(spark, settings, 1.0, pictures=settings.judgements.sees_images)
    made = _pairs(rows, options.seed, options.pairs)
    judge = judgements.stage(settings)
    storage = StorageSettings(tables=f"{options.out}/tables", files=f"{options.out}/files")
    report = run([pair_stage(judge, made)], settings.model_copy(update={"storage": storage}), spark)
    asked = report.stages[0]
    print(f"{asked.calls:,} calls, {asked.tokens_in + asked.tokens_out:,} tokens, {asked.money:.4f} {asked.currency}")
    judged = {row["judgement_id"]: row.asDict() for row in Tables(spark, storage).read(TABLE).collect()}
    _print(judge.chat.model.name, made, checked(made, judged))


def _print(judge: str, made: Sequence[BrokenCopy], found: Sequence[JudgeCheck]) -> None:
    print(f"\n| {judge} | pairs | lower | equal | higher | broken copy scored lower |\n|---|---|---|---|---|---|")
    for one in found:
        between = "" if one.interval is None else f" ({one.interval.low:.0%} to {one.interval.high:.0%})"
        share = "none was scored" if one.found is None else f"{one.found:.0%}{between}"
        print(f"| {one.criterion.value} | {one.pairs} | {one.lower} | {one.equal} | {one.higher} | {share} |")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("--warehouse", type=Path, help="whose sessions are taken, too; it is only read")
    option(
        "--judge", nargs="+", choices=[*OFFLINE, RECORDED, "target"], default=[*OFFLINE, RECORDED], help="who is asked"
    )
    option("--target", default="demo", help="whose first judge is asked by --judge target")
    option("--set", action="append", default=[], metavar="A.B=C", help="one setting")
    option("--out", type=Path, default=Path("warehouse/judges"), help="where replies of --judge target are kept")
    option("--pairs", type=int, default=50, help="of each criterion")
    option("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    if "target" in options.judge and options.warehouse is None:
        parser.error("--judge target is asked about a warehouse: name it by --warehouse")
    return options


if __name__ == "__main__":
    main()
