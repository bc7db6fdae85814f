"""The UDFs in SQL, and the package's door."""

import subprocess
import sys
from pathlib import Path

from pyspark.sql import SparkSession

import stark_udfs
from stark_udfs.settings.run import RunSettings
from tests.engine.servers import Guide, serving


def describe_register():
    def it_makes_the_udfs_known_to_sql(spark: SparkSession, tmp_path: Path):
        guide = Guide(lambda prompt, number: f"to {prompt}")
        with serving(guide) as url:
            settings = RunSettings.model_validate(
                {"models": {"default": {"name": "sql", "base_url": url}}, "storage": {"files": str(tmp_path)}}
            )
            names = stark_udfs.register(spark, settings, embed_picture=None)
            spark.sql("SELECT id, concat('q', id) AS prompt FROM range(4)").createOrReplaceTempView("questions")
            rows = spark.sql("SELECT id, chat(prompt).text AS text FROM questions WHERE chat(prompt).error IS NULL")
            assert names == ("chat", "paint", "embed")
            assert sorted(rows.collect()) == [(n, f"to q{n}") for n in range(4)]
            drawn = spark.sql(
                "SELECT chat(prompt, id % 2).text, paint(prompt, id).path, size(embed(prompt).vector) AS n "
                "FROM questions"
            )
            assert [row["n"] for row in drawn.collect()] == [192] * 4
        assert guide.calls == 8


def describe_the_door():
    def it_leads_to_every_name_that_it_tells():
        assert all(callable(getattr(stark_udfs, name)) for name in stark_udfs.__all__)
        assert set(stark_udfs.__all__) <= set(dir(stark_udfs))

    def it_imports_nothing_heavy_before_it_is_used():
        said = "import stark_udfs, sys; print({'pandas', 'pyspark', 'pydantic', 'torch'} & set(sys.modules))"
        assert subprocess.check_output([sys.executable, "-c", said], text=True).strip() == "set()"
