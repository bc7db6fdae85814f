"""What a Spark Python worker does before and after each task, made cheap: it was most of what a small task costs.

Before a task Spark drops Python's import caches, upon which `zipimport` reads the lists of all archives on the path
again: of pyspark.zip, of Spark's own jar (5,000 files, none of them Python), and of what came by `--py-files`. After it
Spark's daemon collects garbage among all objects of all imported modules. `python -m bench.scale tasks` measures both.
"""

import gc
import sys
import zipimport
from collections.abc import Mapping

WORKER, DAEMON = "pyspark.worker", "pyspark/daemon.py"


class UnchangingArchive(zipimport.zipimporter):
    """Imports from an archive that stays as it is while it is on the path."""

    def invalidate_caches(self) -> None:
        """Keep the list of files."""


def in_python_worker() -> bool:
    """Whether this process is one."""
    return WORKER in sys.modules


def make_tasks_cheap() -> None:
    """Read the list of each archive once, and collect garbage among what came since the last task; in a worker."""
    if UnchangingArchive not in sys.path_hooks:
        sys.path_hooks.insert(0, UnchangingArchive)
    for place, finder in list(sys.path_importer_cache.items()):
        if type(finder) is zipimport.zipimporter:
            sys.path_importer_cache[place] = UnchangingArchive(place)
    if freeze_between_tasks not in gc.callbacks:
        gc.callbacks.append(freeze_between_tasks)


def freeze_between_tasks(phase: str, info: Mapping[str, int]) -> None:
    """A callback of `gc`: what outlives the daemon's collection after a task is not looked at again.

    Collections in the middle of a task freeze nothing: what the task holds may be garbage later.
    """
    if phase == "stop" and sys._getframe(1).f_code.co_filename.endswith(DAEMON):
        gc.freeze()
