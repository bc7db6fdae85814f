"""The sessions that were judged, or a drawn share of all, as judges are shown them."""

from pyspark.sql import SparkSession

from stark_udfs.core.errors import InputError
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.verdicts import judgements
from stark_udfs.stages.verdicts.judged import JudgedSession
from stark_udfs.tables.tables import Tables

MOST = 20_000  # sessions that fit into one file and into this process


def judged_sessions(
    spark: SparkSession, settings: Settings, share: float | None = None, *, pictures: bool = False
) -> list[JudgedSession]:
    """Sessions in the order of their keys.

    Args:
        spark: the session.
        settings: of the target.
        share: of episodes, drawn by the hash that draws those that are judged; None: the sessions that were judged.
        pictures: whether `files` names the chosen pictures.

    Raises:
        InputError: there is no such session, or more than fit into one file.
        StorageError: a table is not there.
    """
    tables = Tables(spark, settings.storage)
    section = settings.judgements.model_copy(update={"share": 1.0 if share is None else share, "sees_images": pictures})
    stage = judgements.stage(settings.model_copy(update={"judgements": section}))
    rows = stage.select({table.name: tables.read(table) for table in stage.reads})
    if share is None:
        if not tables.exists(judgements.TABLE):
            raise InputError("no session was judged yet: set judgements.share and run, or name a share with --share.")
        done = tables.read(judgements.TABLE).select("episode_id", "session_number").distinct()
        rows = rows.join(done, ["episode_id", "session_number"], "left_semi")
    found = [JudgedSession.model_validate(row.asDict(recursive=True)) for row in rows.limit(MOST + 1).collect()]
    if not found:
        raise InputError("there is no such session: name a higher --share, or run the stages before.")
    if len(found) > MOST:
        raise InputError(f"more than {MOST:,} sessions: name a lower --share.")
    return sorted(found, key=lambda row: (row.episode_id, row.session_number))
