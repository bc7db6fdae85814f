"""A run that was killed while it wrote: the torn line is counted and asked again, everything else is kept."""

import shutil
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from stark_udfs.engine.progress import Quiet
from stark_udfs.engine.run import run
from stark_udfs.engine.system_tables import REPLIES
from stark_udfs.tables.tables import Tables
from tests.engine.conftest import Settle
from tests.engine.servers import Guide, serving, sights
from tests.engine.toy import SIGHTS, Toy, settings_in, stages

CALLS = 12  # six towns, two rounds


def describe_a_torn_last_line():
    def it_is_counted_and_only_its_call_is_paid_again(spark: SparkSession, settle: Settle, tmp_path: Path):
        killed, after = tmp_path / "killed", tmp_path / "after"
        settle(killed, Toy().towns)
        settle(after, Toy().towns)

        def answer(prompt: str, number: int) -> dict[str, Any]:
            if number == CALLS:  # what a kill at this moment would leave behind
                shutil.copytree(killed / "files" / "journal", after / "files" / "journal")
            return sights(prompt, number)

        guide, watch = Guide(answer), Quiet()
        with serving(guide) as url:
            run(stages(Toy(), url), settings_in(killed), spark)
            kept = sum(path.read_bytes().count(b"\n") for path in after.rglob("*.jsonl")) - 1
            torn = next(path for path in sorted(after.rglob("*.jsonl")) if path.stat().st_size)
            torn.write_bytes(torn.read_bytes()[:-20])
            report = run(stages(Toy(), url), settings_in(after), spark, progress=watch)
        asked = report.stages[1]
        assert kept >= CALLS // 2 - 1
        assert (asked.torn_lines, asked.calls, asked.added) == (1, CALLS - kept, 24)
        assert guide.calls == CALLS + CALLS - kept
        assert f"stage sights: kept {kept} replies of a run that was cut off (1 torn line)" in watch.lines
        tables = Tables(spark, settings_in(after).storage)
        assert tables.read(REPLIES).select("key").distinct().count() == tables.read(REPLIES).count() == CALLS
        assert tables.read(SIGHTS).count() == 24
        assert not list(after.rglob("*.jsonl"))
