"""A warehouse says which format it has; what this release cannot read is refused with the release that can."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.core.version import VERSION
from stark_udfs.engine.lock import StageLock
from stark_udfs.settings.run import StorageSettings
from stark_udfs.sql.duckdb import DuckSql
from stark_udfs.sql.spark import SparkSql
from stark_udfs.tables.tables import Tables
from stark_udfs.tables.warehouse_format import FILE, FORMAT, format_of, refuse_newer

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str) -> str:
    folder.mkdir(exist_ok=True)
    (folder / FILE).write_text(text, encoding="utf-8")
    return str(folder)


def describe_the_version():
    def it_is_the_one_of_setup():
        assert f'version="{VERSION}"' in (ROOT / "setup.py").read_text(encoding="utf-8")


def describe_a_folder():
    def it_is_marked_by_the_first_run(spark: SparkSession, tmp_path: Path):
        tables = Tables(spark, StorageSettings(tables=str(tmp_path / "tables"), files=str(tmp_path / "files")))
        assert format_of(tables.root) is None
        with StageLock(tables, ["personas"], "run-1"):
            found = format_of(tables.root)
        assert found is not None
        assert (found.number, found.written_by) == (FORMAT, VERSION)

    def it_is_refused_when_a_newer_release_wrote_it(spark: SparkSession, tmp_path: Path):
        root = written(tmp_path / "tables", json.dumps({"format": FORMAT + 1, "written_by": "9.4.1"}))
        storage = StorageSettings(tables=root, files=str(tmp_path / "files"))
        for opened in (lambda: DuckSql(root), lambda: SparkSql(spark, root), lambda: Tables(spark, storage)):
            with pytest.raises(StorageError, match=r"format 2, written by stark-mcu 9\.4\.1.*'stark-mcu>=9\.4\.1'"):
                opened()

    @pytest.mark.parametrize(
        "text", ["{", "[]", '{"format": "x"}', '{"format": 1, "written_by": "1; rm -rf /"}', '{"format": -1}']
    )
    def it_is_refused_when_its_format_cannot_be_read(tmp_path: Path, text: str):
        with pytest.raises(StorageError, match=r"not JSON|unreadable"):
            refuse_newer(written(tmp_path, text))

    def it_is_read_when_it_has_none(tmp_path: Path):
        assert refuse_newer(str(tmp_path)) is None


def describe_a_catalog():
    def it_has_the_format_as_a_property_of_the_table_that_every_run_begins_with(spark: SparkSession, tmp_path: Path):
        spark.sql(f"CREATE SCHEMA stark_format LOCATION '{tmp_path}/schema'")
        try:
            root = "spark_catalog.stark_format"
            tables = Tables(spark, StorageSettings(tables=root, files=str(tmp_path / "files")))
            with StageLock(tables, ["personas"], "run-1"):
                pass
            found = format_of(root, spark)
            assert found is not None
            assert (found.number, found.written_by) == (FORMAT, VERSION)
            spark.sql(
                f"ALTER TABLE {root}.locks SET TBLPROPERTIES ('stark.format' = '7', 'stark.written_by' = '9.4.1')"
            )
            for opened in (lambda: SparkSql(spark, root), lambda: Tables(spark, StorageSettings(tables=root))):
                with pytest.raises(StorageError, match="has format 7, written by stark-mcu 9"):
                    opened()
        finally:
            spark.sql("DROP SCHEMA stark_format CASCADE")
