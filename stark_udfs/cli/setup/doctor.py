"""`stark doctor`: whether this machine can run the pipeline, one line each."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from pathlib import Path

from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.core.errors import StarkError
from stark_udfs.engine import preflight
from stark_udfs.stages.pipeline import Settings
from stark_udfs.stages.preflight import check_people, check_pictures

OLDEST_PYTHON, OLDEST_JAVA = (3, 11), 17
PACKAGES = {  # name → the oldest version that works, and the first that does not
    "pyspark": ((4, 0), None),
    "delta-spark": ((4, 0), None),
    "pandas": ((2, 2), (3, 0)),
    "pyarrow": ((17,), (26,)),
    "deltalake": ((1, 6), (2, 0)),
    "duckdb": ((1, 4), (3, 0)),
}


@dataclass(frozen=True)
class Finding:
    """One line of the examination."""

    what: str
    ok: bool
    says: str


def tell_all(settings: Settings, screen: Console, *, cluster: bool) -> bool:
    """Print the findings, a line each, as they come; whether all is well."""
    well = True
    for finding in chain(examine(settings), _of_cluster(settings) if cluster else ()):
        well = well and finding.ok
        line = f"{'ok' if finding.ok else 'problem':8}{finding.what}: {finding.says}"
        screen.print(Text(plain(line), style="" if finding.ok else "red"), soft_wrap=True)
    return well


def _of_cluster(settings: Settings) -> "Iterator[Finding]":
    from stark_udfs.cli.setup.doctor_cluster import examine_cluster

    yield from examine_cluster(settings)


def examine(settings: Settings) -> Iterator[Finding]:
    """Python, Java, packages, storage, people and models, in this order; nothing is started or paid."""
    found = sys.version_info[:2]
    yield Finding("Python", found >= OLDEST_PYTHON, f"{found[0]}.{found[1]}; 3.11 or newer is needed")
    yield _java()
    for name, (oldest, too_new) in PACKAGES.items():
        yield _package(name, oldest, too_new)
    yield _tried("storage", "can be written", lambda: preflight.check_storage(settings))
    yield _tried("people", settings.people.source or "drawn", lambda: check_people(settings.people))
    by = "drawn offline" if settings.pictures.provider == "offline" else "by image models"
    yield _tried("pictures", by, lambda: check_pictures(settings.pictures))
    for name, model in settings.models.items():
        says = f"{model.name}: answers{' inside this process' if model.provider == 'offline' else ''}"
        yield _tried(f"model {name}", says, partial(preflight.check_model, model))


def _java() -> Finding:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return Finding("Java", False, "not found; install a JDK 17 or newer and put it on PATH, or set JAVA_HOME")
    said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    match = re.search(r'version "(\d+)', said)
    if match is None:
        return Finding("Java", False, f"{java} does not tell its version")
    return Finding("Java", int(match[1]) >= OLDEST_JAVA, f"{match[1]} ({java}); 17 or newer is needed")


def _package(name: str, oldest: tuple[int, ...], too_new: tuple[int, ...] | None) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, False, "not installed: pip install 'stark-mcu[local]', or use a cluster that brings it")
    numbers = tuple(int(part) for part in re.findall(r"\d+", found)[:3])
    ok = numbers >= oldest and (too_new is None or numbers < too_new)
    bounds = f"{'.'.join(map(str, oldest))} or newer"
    if too_new is not None:
        bounds += f", before {'.'.join(map(str, too_new))}"
    return Finding(name, ok, f"{found}; {bounds} is needed")


def _tried(what: str, says: str, check: Callable[[], None]) -> Finding:
    try:
        check()
    except StarkError as error:
        return Finding(what, False, str(error))
    return Finding(what, True, says)
