from pyspark.sql import SparkSession


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
