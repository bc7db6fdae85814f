"""The UDFs by name, for SQL on any table."""

from pydantic import BaseModel
from pyspark.sql import SparkSession

from stark_udfs.settings.run import RunSettings
from stark_udfs.udfs.chat import chat_udf
from stark_udfs.udfs.images import embed_udf, paint_udf


def register(
    spark: SparkSession,
    settings: RunSettings,
    *,
    model: str = "default",
    shape: type[BaseModel] | None = None,
    system: str = "",
    chat: str | None = "chat",
    paint: str | None = "paint",
    embed: str | None = "embed",
    embed_picture: str | None = "embed_picture",
) -> tuple[str, ...]:
    """Make the UDFs known to SQL in this session, and give their names; None: not that one.

    register(spark, settings, system="Answer in one word.")
    spark.sql("SELECT id, chat(concat('What animal is ', name, '?')).text FROM animals")

    Another question needs another name: `register(spark, settings, shape=Review, chat="judge", paint=None, …)`.

    Raises:
        SettingsError, SchemaError: as of `chat_udf`.
    """
    made = {
        chat: lambda: chat_udf(settings, model, shape, system=system, spark=spark),
        paint: lambda: paint_udf(settings),
        embed: lambda: embed_udf(settings, "text"),
        embed_picture: lambda: embed_udf(settings, "picture"),
    }
    names = tuple(name for name in made if name is not None)
    for name in names:
        spark.udf.register(name, made[name]())
    return names
