"""What the engine reads: storage, Spark, limits and models; nothing of what the stages write."""

from pydantic import Field

from stark_udfs.settings.chat_models import ModelSettings
from stark_udfs.settings.image_models import PicturesSettings
from stark_udfs.settings.section import Section

OFFLINE = ModelSettings(provider="offline", name="offline-author-1", in_flight=16)  # a demo, not a model


class DrawSettings(Section):
    """What every draw of a run comes from."""

    seed: int = Field(42, description="root of every draw")


class PipelineSettings(DrawSettings):
    """The run as a whole."""

    episodes: int = Field(1000, ge=1, description="how many episodes to start; raising it only adds")
    episodes_per_person: int | None = Field(
        None,
        ge=1,
        description="to start for each person, whoever else there is: where people come over time. `episodes` is then "
        "the most that may be started in all. Set it before the first run: later it adds. null: `episodes` holds",
    )


class StorageSettings(Section):
    """Where tables and files live."""

    tables: str = Field("warehouse/tables", description="a folder, or catalog.schema on Unity Catalog")
    files: str = Field("warehouse/files", description="a folder or URI for journal, images and index")
    journal_append: bool | None = Field(
        None, description="null: to a local folder; false: not there either, for a bucket that is mounted as a folder"
    )
    journal_flush_s: float = Field(
        2.0, gt=0, le=60, description="where a file system cannot append: seconds between two journal objects"
    )


class SparkSettings(Section):
    """The Spark session, where this package starts it."""

    master: str | None = Field(
        "local[2,4]",
        description="4: a killed Python worker is tried again; null: as given by the cluster. Under spark-submit its "
        "--master holds. sc://host:15002: Spark Connect, which reads and exports but does not run",
    )
    partitions: int | None = Field(
        None, ge=1, description="tasks that ask, and shuffle partitions of a local session; null: one for each core"
    )
    driver_memory: str = "2g"
    log: str | None = Field("warehouse/spark.log", description="what Spark itself says; null: standard error")
    options: dict[str, str] = Field(default_factory=dict, description="any further Spark configuration")


class LimitsSettings(Section):
    """When a run stops by itself."""

    budget: float | None = Field(
        None,
        ge=0,
        description="what all replies of the warehouse may cost, so that it holds over restarts; null: no cap",
    )
    stage_budget: float | None = Field(None, ge=0)
    stop_rejects: float = Field(
        0.5, gt=0, le=1, description="share of units rejected for one reason, after `stop_after` units"
    )
    stop_after: int = Field(50, ge=1)
    removal_share: float = Field(0.01, ge=0, le=1, description="of a table; a run that would remove more stops first")


class RunSettings(Section):
    """What a run needs beside the settings of its stages; enough to run stages of your own.

    Example:
        ```python
        RunSettings(
            storage=StorageSettings(tables="warehouse/tables", files="warehouse/files"),
            models={"default": ModelSettings(name="gpt-4o-mini", secret="OPENAI_API_KEY")},
        )
        ```
    """

    pipeline: DrawSettings = DrawSettings()
    storage: StorageSettings = StorageSettings()
    spark: SparkSettings = SparkSettings()
    limits: LimitsSettings = LimitsSettings()
    models: dict[str, ModelSettings] = Field(default_factory=lambda: {"default": OFFLINE})
    pictures: PicturesSettings = Field(default_factory=PicturesSettings)
