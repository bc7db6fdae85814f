"""`stark import`: a released Stark Parquet as a warehouse."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.settings.run import RunSettings, StorageSettings


def import_file(settings: RunSettings, file: str, folder: Path, console: Console) -> None:
    """Read the file into new tables and say how many rows they have."""
    from stark_udfs.release.public.load import import_public, write_tables
    from stark_udfs.tables.session import spark_session
    from stark_udfs.tables.tables import Tables

    spark = spark_session(settings.spark)
    tables = Tables(spark, StorageSettings(tables=str(folder / "tables"), files=str(folder / "files")))
    counts = write_tables(import_public(spark, file), tables)
    told = ", ".join(f"{number:,} {name}" for name, number in counts.items())
    console.print(Text(plain(f"{folder}: {told}")), soft_wrap=True)
    console.print(
        Text(plain(f"Read them with `stark show --warehouse {folder}` and `stark sql --warehouse {folder}`."))
    )
