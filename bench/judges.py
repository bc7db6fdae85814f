"""How often a judge scores a broken copy lower: `python -m bench.judges --warehouse warehouse --target openai`.

Takes the sessions of a warehouse, plants 50 faults for each of the seven criteria, asks the judge of the target about
both sides (paid once, kept in `--out`), and prints the shares. With the demo's target the judge is the offline author,
whose scores are drawn: about a third lower, a third equal, whatever is broken. That measures this script and no judge.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from stark_udfs.cli.warehouse import storage_of
from stark_udfs.engine.run import run
from stark_udfs.release.broken_copies import BrokenCopy, pairs
from stark_udfs.release.judge_check import TABLE, JudgeCheck, checked, pair_stage
from stark_udfs.release.judged import judged_sessions
from stark_udfs.settings.run import StorageSettings
from stark_udfs.stages.pipeline import load_settings
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.criteria import Criterion
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tables import Tables


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask and print."""
    options = _options(arguments)
    settings = load_settings(
        options.target, overrides=[*options.set, *storage_of(options.warehouse), "judgements.share=1.0"]
    )
    spark = spark_session(settings.spark)
    rows = judged_sessions(spark, settings, 1.0, pictures=settings.judgements.sees_images)
    made = [pair for one in Criterion for pair in pairs(rows, one, options.seed, options.pairs)]
    print(f"{len(rows):,} sessions, {len(made):,} pairs")
    judge = judgements.stage(settings)
    storage = StorageSettings(tables=f"{options.out}/tables", files=f"{options.out}/files")
    report = run([pair_stage(judge, made)], settings.model_copy(update={"storage": storage}), spark)
    asked = report.stages[0]
    print(f"{asked.calls:,} calls, {asked.tokens_in + asked.tokens_out:,} tokens, {asked.money:.4f} {asked.currency}")
    judged = {row["judgement_id"]: row.asDict() for row in Tables(spark, storage).read(TABLE).collect()}
    offline = judge.chat.model.provider == "offline"
    print(f"judge: {judge.chat.model.name}{' (offline: its scores are drawn and measure nothing)' if offline else ''}")
    _print(made, checked(made, judged))


def _print(made: Sequence[BrokenCopy], found: Sequence[JudgeCheck]) -> None:
    print(f"{'criterion':26}{'pairs':>6}{'lower':>7}{'equal':>7}{'higher':>7}  broken copy scored lower")
    for one in found:
        between = "" if one.interval is None else f" ({one.interval.low:.0%} to {one.interval.high:.0%})"
        share = "none was scored" if one.found is None else f"{one.found:.0%}{between}"
        print(f"{one.criterion.value:26}{one.pairs:6}{one.lower:7}{one.equal:7}{one.higher:7}  {share}")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    option = parser.add_argument
    option("--warehouse", type=Path, required=True, help="whose sessions are taken; it is only read")
    option("--target", default="demo", help="whose first judge is asked")
    option("--set", action="append", default=[], metavar="A.B=C", help="one setting")
    option("--out", type=Path, default=Path("warehouse/judges"), help="where replies are kept")
    option("--pairs", type=int, default=50, help="of each criterion")
    option("--seed", type=int, default=1)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
