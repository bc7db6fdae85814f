"""Whether a warehouse can be exported: all stages have run, and `episodes` was made from what they hold now."""

from pyspark.sql import functions as F

from stark_udfs.core.errors import InputError
from stark_udfs.engine.context import seen
from stark_udfs.engine.system_tables import RUNS
from stark_udfs.stages.dataset import episodes
from stark_udfs.tables.tables import Tables


def check_ready(tables: Tables) -> None:
    """Nothing, or why the warehouse cannot be exported.

    Raises:
        InputError: a stage has not run, or `episodes` is older than a table that it was made from.
    """
    missing = [table.name for table in (*episodes.READS, episodes.TABLE) if not tables.exists(table)]
    if missing:
        raise InputError(
            f"{tables.root} is half a data set: {_listed(missing)} not run yet (no table of that name). "
            "Run `stark run` to its end, then export. Nothing was written."
        )
    read = _versions_read(tables)
    stale = [
        f"{table.name} ({_version(read[table.name])} then, {_version(now)} now)"
        for table in (*episodes.READS, *episodes.MAY_READ)
        if table.name in read and (now := seen(tables.version(table))) != read[table.name]
    ]
    if stale:
        raise InputError(
            f"episodes is older than {', '.join(stale)}. `stark run --from episodes` makes it anew, free of charge. "
            "Nothing was written."
        )


def _version(number: int) -> str:
    return "not there" if number < 0 else f"version {number}"


def _versions_read(tables: Tables) -> dict[str, int]:
    """Of the tables that `episodes` was last made from; empty where no run tells."""
    if not tables.exists(RUNS):
        return {}
    rows = tables.read(RUNS).where(F.col("stage") == episodes.TABLE.name)
    last = rows.agg(F.max_by("versions_read", F.struct("run_id", "started_at")).alias("read")).first()
    return dict(last["read"] or {}) if last is not None else {}


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return f"stage {names[0]} has"
    return f"stages {', '.join(names)} have"
