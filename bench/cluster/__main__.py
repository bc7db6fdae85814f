"""`python -m bench.cluster times|rows|kills|training`: the pipeline on a cluster of two hosts on this machine.

It is a standalone one, with a worker of one core on 127.0.0.1 and one on 127.0.0.2, under Spark's default settings. The
package is submitted as users do: `make submit-files` first. Exits with 1 where rows differ or a promise is broken.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

from bench.cluster import kills, rows, times, training
from bench.cluster.submit import Submission
from bench.faults import outcome
from bench.faults.moments import FIRST, MIDDLE, WRITING, Moment
from bench.faults.trial import Bench, Work
from stark_udfs.calls.providers.offline import embedded
from stark_udfs.cli.run import between
from stark_udfs.settings.chat_models import Defects
from stark_udfs.stages.pipeline import load_settings, stages
from stark_udfs.tables.session import spark_session

OUT = Path("bench/out")
PACKAGE = Path("dist/stark.zip")
ENVIRONMENT = Path("environment.tar.gz")
A_PICTURE = "{kind: openai, model: stub, secret: null, in_flight: 2, price: {per_picture: 0.01, currency: USD}}"
PAINTED = (  # by an image server, which is paid as the chat server is
    "pictures.provider=models",
    f"pictures.painter={A_PICTURE}",
    f"pictures.personal={A_PICTURE}",
    "pictures.scorer={kind: judge, model: stub, secret: null, in_flight: 2, price: {input: 1.0, output: 2.0}}",
    "pictures.nsfw=null",
    "pictures.likeness=null",
    "aligner.samples=1",
    "aligner.modules=[p-t2i, t2i]",
    "aligner.fallback=[t2i]",
    "faces.attempts=1",
)
SERVED = ("models.default", "pictures.painter", "pictures.personal", "pictures.scorer")
MOMENTS = {"first": FIRST, "middle": MIDDLE, "writing": WRITING}


def main() -> int:
    """Do what is asked."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that everything that was started ends
    root = Path(tempfile.mkdtemp(prefix="stark-cluster-"))
    environment = options.environment if options.environment.exists() else None
    submission = Submission(options.package.absolute(), environment)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        if options.what == "times":
            return _times(root, options, submission)
        if options.what == "training":
            return _trained(root, options)
        return _tried(root, options, submission)
    finally:
        if options.keep:
            print(f"kept: {root}")
        else:
            shutil.rmtree(root, ignore_errors=True)


def _times(root: Path, options: argparse.Namespace, submission: Submission) -> int:
    words = ["--target", "demo", "--until", options.until, *(["--conf", options.conf] if options.conf else [])]
    work = times.Work([*words, "--episodes", str(options.episodes)], [*words, "--episodes", str(options.episodes + 1)])
    environ = {**os.environ, "PYTHONPATH": str(options.package.absolute())}
    here = times.local(root / "local", work, environ)
    there = times.submitted(root / "submitted", work, submission)
    print(times.table(here, there))
    figures = {"local": times.as_json(here), "submitted": times.as_json(there)}
    (OUT / "cluster-times.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def _trained(root: Path, options: argparse.Namespace) -> int:
    """Hosts have the driver's Python: a packed environment with torch in it is several GB."""
    if options.model is None:
        raise SystemExit("--model: name a folder with a small image-text-to-text model")
    submission = Submission(options.package.absolute())
    given = training.Given(root, options.warehouse.absolute(), options.model.absolute(), submission)
    well = True
    print(training.HEAD, flush=True)
    for line, ok in training.tried(given, options.only or list(training.FAULTS)):
        print(line, flush=True)
        well = well and ok
    return 0 if well else 1


def _tried(root: Path, options: argparse.Namespace, submission: Submission) -> int:
    """Rows or kills, one after the other, each printed as it comes."""
    work = Work(
        load=lambda overrides: load_settings("demo", overrides=overrides),
        stages=lambda settings: between(stages(settings), None, options.until),
        author=embedded(Defects()),
        overrides=(
            f"people.count={6 * options.episodes}",
            f"pipeline.episodes={options.episodes}",
            "models.default.in_flight=4",
            "models.default.price={input: 1.0, output: 2.0}",
            "tracking.enabled=false",
            *(PAINTED if options.pictures else ()),
        ),
        command=("run", "--target", "demo", "--until", options.until),
        server=tuple(f"{one}.base_url" for one in SERVED[: None if options.pictures else 1]),
    )
    spark = spark_session(work.load((f"spark.log={root}/spark.log",)).spark, app="cluster")
    bench, well = Bench(root, spark, work), True
    print(rows.HEAD if options.what == "rows" else outcome.HEAD, flush=True)
    known = rows.PLACES if options.what == "rows" else kills.FAULTS
    try:
        for name in options.only or known:
            if options.what == "rows":
                same = rows.PLACES[name](bench, submission)
                print(same.line, flush=True)
                well = well and same.ok
            else:
                done = kills.FAULTS[name](bench, submission, partial(_chosen, options))
                print(outcome.line(done), flush=True)
                outcome.keep([done], OUT / "cluster-kills.json")
                well = well and done.ok
    finally:
        spark.stop()
    return 0 if well else 1


def _chosen(options: argparse.Namespace, moment: Moment) -> bool:
    return moment.name in [MOMENTS[one] for one in options.moments] and (
        options.stages is None or moment.stage.name in options.stages
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("what", choices=["times", "rows", "kills", "training"])
    parser.add_argument("--only", nargs="+", choices=[*rows.PLACES, *kills.FAULTS], metavar="NAME", help="some of them")
    parser.add_argument("--moments", nargs="+", choices=list(MOMENTS), default=["middle", "writing"])
    parser.add_argument("--stages", nargs="+", metavar="STAGE", help="in which something is killed; without it, in all")
    parser.add_argument("--episodes", type=int, default=10)
    parser.add_argument("--until", default="summaries", metavar="STAGE", help="the last stage")
    parser.add_argument("--pictures", action="store_true", help="painted and judged by the server, and paid")
    parser.add_argument("--model", type=Path, help="folder of the model to train")
    parser.add_argument("--warehouse", type=Path, default=Path("warehouse"), help="of a finished run, to train on")
    parser.add_argument("--package", type=Path, default=PACKAGE, help="the wheel, named .zip")
    parser.add_argument("--environment", type=Path, default=ENVIRONMENT, help="for the hosts; if it is not there, none")
    parser.add_argument("--conf", help="folder of the settings; without it, those of the package")
    parser.add_argument("--keep", action="store_true", help="leave the warehouses and logs, and say where")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
