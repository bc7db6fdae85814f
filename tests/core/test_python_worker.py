import gc
import importlib
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

from pyspark.sql import SparkSession

from stark_udfs.core.python_worker import freeze_between_tasks

IN_A_FRESH_PROCESS = """
    import importlib, sys, types, zipimport
    archive = sys.argv[1]
    sys.path.insert(0, archive)
    import first_of_archive
    assert type(sys.path_importer_cache[archive]) is zipimport.zipimporter
    sys.modules["pyspark.worker"] = types.ModuleType("pyspark.worker")
    import stark_udfs
    finder = sys.path_importer_cache[archive]
    files = finder._files
    importlib.invalidate_caches()
    assert sys.path_importer_cache[archive] is finder and finder._files is files
    import second_of_archive
    sys.path.insert(0, sys.argv[2])
    import of_the_other
    assert type(sys.path_importer_cache[sys.argv[2]]) is type(finder)
    print(first_of_archive.NAME, second_of_archive.NAME, of_the_other.NAME)
"""


def archive(path: Path, *modules: str) -> str:
    with zipfile.ZipFile(path, "w") as file:
        for name in modules:
            file.writestr(f"{name}.py", f"NAME = {name!r}")
    return str(path)


def describe_archives():
    def they_are_read_once_and_all_in_them_is_found(tmp_path: Path):
        one = archive(tmp_path / "one.zip", "first_of_archive", "second_of_archive")
        other = archive(tmp_path / "other.zip", "of_the_other")
        code = textwrap.dedent(IN_A_FRESH_PROCESS)
        done = subprocess.run([sys.executable, "-c", code, one, other], capture_output=True, text=True, check=False)
        assert done.stdout.split() == ["first_of_archive", "second_of_archive", "of_the_other"], done.stderr

    def nothing_is_changed_elsewhere():
        importlib.import_module("stark_udfs")
        assert not any("UnchangingArchive" in repr(hook) for hook in sys.path_hooks)

    def they_are_unchanging_in_the_tasks_of_this_package(spark: SparkSession):
        def kinds(frames):
            import sys

            import pandas as pd

            import stark_udfs  # noqa: F401

            for _ in frames:
                found = {place: type(finder).__name__ for place, finder in sys.path_importer_cache.items()}
                yield pd.DataFrame({"place": list(found), "kind": list(found.values())})

        rows = spark.range(0, 4, 1, 4).mapInPandas(kinds, "place string, kind string").collect()
        archives = {
            row["kind"] for row in rows if row["place"].endswith((".zip", ".jar")) and row["kind"] != "NoneType"
        }
        assert archives == {"UnchangingArchive"}


def describe_garbage():
    def it_is_looked_for_among_what_came_since_the_last_task(spark: SparkSession):
        def frozen(frames):
            import gc

            import pandas as pd

            import stark_udfs  # noqa: F401

            for _ in frames:
                yield pd.DataFrame({"frozen": [gc.get_freeze_count()], "alive": [len(gc.get_objects())]})

        rows = spark.range(0, 12, 1, 12).mapInPandas(frozen, "frozen long, alive long").collect()
        assert all(row["frozen"] > row["alive"] for row in rows[-2:])

    def it_is_all_looked_at_in_the_middle_of_a_task():
        before = gc.get_freeze_count()
        gc.callbacks.append(freeze_between_tasks)
        try:
            gc.collect()
        finally:
            gc.callbacks.remove(freeze_between_tasks)
        assert gc.get_freeze_count() == before
