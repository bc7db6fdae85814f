import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyspark.sql import SparkSession

from stark_udfs.core.errors import StorageError
from stark_udfs.tables.session import refuse_unreadable

WRITE_AND_READ = """
import sys
from stark_udfs.settings.run import SparkSettings, StorageSettings
from stark_udfs.tables.session import spark_session
from stark_udfs.tables.tables import Tables
from stark_udfs.engine.system_tables import LOCKS
root = sys.argv[1]
spark = spark_session(SparkSettings(master="local[1]", partitions=1, log=f"{root}/spark.log"))
tables = Tables(spark, StorageSettings(tables=f"{root}/tables", files=f"{root}/files"))
tables.create(LOCKS)
print(tables.read(LOCKS).count(), tables.version(LOCKS))
"""


@dataclass(frozen=True)
class Encoded:
    """A session whose JVM names files in an encoding."""

    encoding: str

    @property
    def _jvm(self) -> SimpleNamespace:
        system = SimpleNamespace(getProperty=lambda name: self.encoding if name == "sun.jnu.encoding" else None)
        return SimpleNamespace(java=SimpleNamespace(lang=SimpleNamespace(System=system)))


def describe_paths_beyond_ascii():
    def it_opens_them_under_the_c_locale(tmp_path: Path):
        (tmp_path / "é").mkdir()
        done = subprocess.run(
            [sys.executable, "-c", WRITE_AND_READ, f"{tmp_path}/é"],
            env={**os.environ, "LC_ALL": "C", "PYTHONPATH": os.getcwd()},
            check=False,
            capture_output=True,
            text=True,
            timeout=280,
        )
        assert (done.returncode, done.stdout) == (0, "0 0\n"), done.stderr
        assert (tmp_path / "é" / "tables" / "locks" / "_delta_log").is_dir()
        assert [path.name for path in tmp_path.iterdir()] == ["é"]

    @pytest.mark.parametrize("encoding", ["ANSI_X3.4-1968", "no such encoding"])
    def it_refuses_them_in_one_line_where_java_cannot_spell_them(tmp_path: Path, encoding: str):
        with pytest.raises(
            StorageError, match=rf"é: Java names files in {encoding} here .* Set LC_ALL=C.UTF-8"
        ) as caught:
            refuse_unreadable(Encoded(encoding), f"{tmp_path}/é")
        assert "\n" not in str(caught.value)

    def it_takes_what_java_can_spell(tmp_path: Path):
        refuse_unreadable(Encoded("ANSI_X3.4-1968"), f"{tmp_path}/e", "main.é", "s3://bucket/é")
        refuse_unreadable(Encoded("ISO-8859-1"), f"{tmp_path}/é")
        refuse_unreadable(Encoded("UTF-8"), f"{tmp_path}/日本")


def describe_a_local_session():
    def it_keeps_jars_off_the_import_path_of_python_workers(spark: SparkSession):
        def paths(batches):
            import sys

            import pyarrow as pa

            for _ in batches:
                pass
            yield pa.RecordBatch.from_pydict({"path": sys.path})

        rows = spark.range(1).mapInArrow(paths, "path string").collect()
        assert rows
        assert [row["path"] for row in rows if row["path"].endswith(".jar") and "userFiles" in row["path"]] == []
