"""Episodes: the dataset, one row per person with their life, sessions and pictures.

Every episode that was begun has its row. One that the rules leave out of the dataset says so in `left_out`.
"""

from functools import partial
from typing import TYPE_CHECKING

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from stark_udfs.engine.checking.measures import Exact, Share
from stark_udfs.engine.stage import Check, Frames, TableStage
from stark_udfs.stages.consistency import stage as consistency
from stark_udfs.stages.dataset.licences import licence_kind
from stark_udfs.stages.dataset.records import Episode, LeftOut
from stark_udfs.stages.images import faces
from stark_udfs.stages.images.images import stage as images
from stark_udfs.stages.people import demographics
from stark_udfs.stages.splits import split_column
from stark_udfs.stages.text import albums, narratives
from stark_udfs.stages.text.commonsense import stage as commonsense
from stark_udfs.stages.text.events import stage as events
from stark_udfs.stages.text.personas import stage as personas
from stark_udfs.stages.text.sessions import stage as sessions
from stark_udfs.stages.verdicts import moderations
from stark_udfs.tables.schema import struct_type
from stark_udfs.tables.table import Table

if TYPE_CHECKING:
    from stark_udfs.stages.pipeline import Settings

TABLE = Table("episodes", Episode, key=("episode_id",), parents=(("episode_id", "narratives"),))
MAY_READ = (moderations.TABLE, consistency.TABLE)
READS = (
    demographics.TABLE,
    personas.TABLE,
    commonsense.TABLE,
    narratives.TABLE,
    faces.TABLE,
    events.TABLE,
    albums.TABLE,
    sessions.TABLE,
    images.TABLE,
)


ALBUM = """transform(album_images, a -> named_struct(
    'image_id', a.image_id, 'description', a.description, 'category', a.category,
    'picture', try_element_at(pictures, a.image_id)))"""
SESSIONS = """transform(told, s -> named_struct(
    'session_number', s.session_number, 'session_date', s.session_date, 'event_id', s.event_id,
    'event', coalesce(get(filter(events, e -> e.event_id = s.event_id), 0).event, ''),
    'interval', s.interval, 'experience_op', s.experience_op, 'experience', s.experience,
    'turns', transform(s.turns, t -> named_struct(
        'turn', t.turn, 'speaker', t.speaker, 'text', t.text,
        'images', transform(t.images, i -> named_struct(
            'image_id', i.image_id, 'reused', i.reused, 'description', i.description, 'rationale', i.rationale,
            'source', i.source, 'keywords', i.keywords, 'picture', try_element_at(pictures, i.image_id))))),
    'album_after', transform(s.album_after, a -> named_struct(
        'image_id', a.image_id, 'description', a.description, 'category', a.category,
        'licence_kind', try_element_at(pictures, a.image_id).licence_kind))))"""
SHARED = "flatten(transform(sessions, s -> flatten(transform(s.turns, t -> t.images))))"


def select(settings: "Settings", frames: Frames) -> DataFrame:
    """One row per narrative: the columns of `Episode`."""
    section = settings.episodes
    least = section.min_sessions if section.min_sessions is not None else settings.sessions.min_sessions
    most = section.max_sessions if section.max_sessions is not None else settings.sessions.max_sessions
    empty = {name: F.expr(f"cast(array() as {kind})") for name, kind in _empty_kinds().items()}
    whole = (
        _people(frames)
        .join(_sessions(frames), "episode_id", "left")
        .join(frames["events"].select("episode_id", "events"), "episode_id", "left")
        .join(frames["albums"].select("episode_id", F.col("images").alias("album_images")), "episode_id", "left")
        .join(_pictures(frames), "episode_id", "left")
        .join(_faces(frames), "episode_id", "left")
        .join(_flagged(frames), "episode_id", "left")
        .join(consistency.failed(frames[consistency.TABLE.name]), "episode_id", "left")
        .withColumn("events", F.coalesce("events", empty["events"]))
        .withColumn("flagged_sessions", F.coalesce("flagged_sessions", F.expr("cast(array() as array<bigint>)")))
        .withColumn("failed_checks", F.coalesce("failed_checks", F.expr("cast(array() as array<string>)")))
        .withColumn("album", F.coalesce(F.expr(ALBUM), empty["album"]))
        .withColumn("sessions", F.coalesce(F.expr(SESSIONS), empty["sessions"]))
        .withColumn("shared", F.expr(SHARED))
        .withColumn("left_out", _left_out(least, most, keep_flagged=section.flagged == "keep"))
    )
    made = {**_made(), "split": split_column(F.col("demographic_id"), settings.splits, seed=settings.pipeline.seed)}
    return whole.select(*(made[name].alias(name) if name in made else name for name in Episode.model_fields))


def _made() -> dict[str, Column]:
    """Columns that are made of others."""
    return {
        "public_index": F.concat(F.col("seed_id"), F.lit(":"), F.col("episode_id"), F.lit("-"), F.col("relation")),
        "left_out_detail": F.when(F.col("left_out").isNull(), "")
        .when(
            F.col("left_out") == LeftOut.FLAGGED, F.concat(F.lit("sessions "), F.array_join("flagged_sessions", ", "))
        )
        .otherwise(F.concat(F.size("sessions").cast("string"), F.lit(" sessions"))),
        "images_shared": F.size("shared").cast("bigint"),
        "images_missing": F.size(F.filter("shared", lambda image: image["picture"].isNull())).cast("bigint"),
        "providers": F.array_sort(
            F.array_distinct(
                F.array_compact(
                    F.concat(
                        F.array("text_provider", "face.provider"),
                        F.coalesce("session_providers", F.expr("cast(array() as array<string>)")),
                        F.transform("shared", lambda image: image["picture"]["provider"]),
                        F.transform("album", lambda image: image["picture"]["provider"]),
                    )
                )
            )
        ),
    }


def _empty_kinds() -> dict[str, str]:
    schema = struct_type(Episode)
    return {name: schema[name].dataType.simpleString() for name in ("events", "album", "sessions")}


def _people(frames: Frames) -> DataFrame:
    said = frames["personas"].select(
        "persona_id",
        "demographic_id",
        "seed_id",
        F.col("category").alias("persona_category"),
        F.col("sentence").alias("persona_sentence"),
        F.col("entity_key").alias("persona_entity_key"),
        F.col("entity_value").alias("persona_entity_value"),
    )
    inferred = frames["commonsense"].select("commonsense_id", "persona_id", "relation", "inference")
    told = frames["narratives"].select(
        *("episode_id", "commonsense_id", "name", "age", "gender", "birthplace", "residence", "narrative", "sensitive"),
        F.col("provider").alias("text_provider"),
    )
    return told.join(inferred, "commonsense_id").join(said, "persona_id")


def _sessions(frames: Frames) -> DataFrame:
    """Per episode its sessions in order."""
    fields = [name for name in sessions.TABLE.record.model_fields if name != "episode_id"]
    return (
        frames["sessions"]
        .groupBy("episode_id")
        .agg(
            F.sort_array(F.collect_list(F.struct(*fields))).alias("told"),
            F.collect_set("provider").alias("session_providers"),
        )
    )


def _pictures(frames: Frames) -> DataFrame:
    """Per episode a map of its images' ids to their files."""
    same = ("module", "path", "sha256", "bytes", "width", "height", "source", "page", "licence")
    after = ("licence_url", "creator", "provider")
    kind = licence_kind(F.col("module"), F.col("licence")).alias("licence_kind")
    one = F.struct("image_id", F.struct(*same, kind, *after).alias("picture"))
    chosen = frames["images"].where("chosen AND path IS NOT NULL")
    return chosen.groupBy("episode_id").agg(F.map_from_entries(F.collect_list(one)).alias("pictures"))


def _faces(frames: Frames) -> DataFrame:
    fields = ("description", "path", "sha256", "bytes", "width", "height", "source", "provider")
    return frames["faces"].select("episode_id", F.struct(*fields).alias("face"))


def _flagged(frames: Frames) -> DataFrame:
    flagged = frames[moderations.TABLE.name].where("label = 'flagged'")
    numbers = F.sort_array(F.collect_list("session_number"))
    return flagged.groupBy("episode_id").agg(numbers.alias("flagged_sessions"))


def _left_out(least: int, most: int, *, keep_flagged: bool) -> Column:
    count = F.size("sessions")
    flagged = F.lit(False) if keep_flagged else F.size("flagged_sessions") > 0
    return (
        F.when(count == 0, LeftOut.NO_SESSIONS.value)
        .when(count < least, LeftOut.TOO_FEW_SESSIONS.value)
        .when(count > most, LeftOut.TOO_MANY_SESSIONS.value)
        .when(flagged, LeftOut.FLAGGED.value)
    )


def _splits(frames: Frames) -> DataFrame:
    grouped = frames[TABLE.name].groupBy("demographic_id")
    return grouped.agg(F.count_distinct("split").alias("splits"), F.min("unit_key").alias("unit_key"))


CHECKS = (
    Check("splits of one person", Exact("max(splits)"), low=0, high=1, over=_splits),
    Check("images without a file", Share("images_missing", of="images_shared"), high=0.05),
    Check("episodes left out", Share("left_out IS NOT NULL"), high=0.1),
)


def stage(settings: "Settings") -> TableStage:
    """The stage with these settings."""
    bounds = {"min_sessions": settings.sessions.min_sessions, "max_sessions": settings.sessions.max_sessions}
    return TableStage(
        name=TABLE.name,
        reads=READS,
        may_read=MAY_READ,
        select=partial(select, settings),
        writes=TABLE,
        settings={
            **settings.episodes.model_dump(mode="json"),
            "sessions": bounds,
            "seed": settings.pipeline.seed,
            "splits": settings.splits.model_dump(mode="json"),
        },
        checks=CHECKS,
    )
