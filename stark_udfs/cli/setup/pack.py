"""`stark pack`: what executors import, in one archive for `spark.archives`."""

import compileall
import os
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from stark_udfs.cli.console import console
from stark_udfs.core.errors import SettingsError

PACKAGE = "stark-mcu"
OF_SPARK = {"pyspark", "py4j"}  # executors have them from their Spark
ALWAYS = ("pandas", "pyarrow", "delta-spark")  # what a bare Spark lacks
SITE = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


def pack(
    *,
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to write.")] = Path("environment.tar.gz"),
    extra: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Also what this extra needs: models (pictures), train. May be repeated."),
    ] = None,
) -> None:
    """Pack this package and what it needs for the hosts of a cluster, which need Python itself and nothing else.

    spark-submit --conf spark.archives=environment.tar.gz#environment, with PYSPARK_PYTHON=./environment/bin/python.
    """
    needed = closure((PACKAGE, *ALWAYS), extras=frozenset(extra or ()))
    with TemporaryDirectory() as draft:
        files = write(archive, needed, Path(draft))
    size = archive.stat().st_size / 1e6
    console().print(f"{archive}: {len(needed)} packages, {files:,} files, {size:.0f} MB, for {base_python()}")


def closure(names: Iterable[str], extras: frozenset[str]) -> dict[str, Distribution]:
    """The installed distributions that these need, and what those need, by normal name; `extras` are the first one's.

    Raises:
        SettingsError: one of them is not installed here.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    found: dict[str, Distribution] = {}
    todo = [(name, extras) for name in names]
    while todo:
        name, wanted = todo.pop()
        normal = canonicalize_name(name)
        if normal in OF_SPARK or (normal in found and not wanted):
            continue
        try:
            one = found[normal] = distribution(name)
        except PackageNotFoundError:
            raise SettingsError(f"{name} is not installed here, and executors need it: pip install it first.") from None
        for text in one.requires or ():
            need = Requirement(text)
            markers = ({"extra": extra} for extra in wanted or {""})
            if need.marker is None or any(need.marker.evaluate(marker) for marker in markers):
                todo.append((need.name, frozenset(need.extras)))
    return found


def write(archive: Path, packages: dict[str, Distribution], draft: Path) -> int:
    """Write the archive; how many files it has."""
    count = 0
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for at, target in (("bin/python", base_python()), ("bin/python3", "python")):
            link = tarfile.TarInfo(at)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
        config = draft / "pyvenv.cfg"
        config.write_text(f"home = {Path(base_python()).parent}\ninclude-system-site-packages = false\n")
        tar.add(config, "pyvenv.cfg")
        for name, one in packages.items():
            files = own_files() if name == PACKAGE else installed(one)
            for path, place in files:
                tar.add(path, f"{SITE}/{place}", recursive=False)
                count += 1
    return count


def installed(one: Distribution) -> Iterator[tuple[str, str]]:
    """A distribution's files below site-packages: where they are, and where they go."""
    root = Path(sysconfig.get_path("purelib"))
    for file in one.files or ():
        path = Path(str(one.locate_file(file)))
        if ".." in file.parts or not path.is_file() or not path.is_relative_to(root) or path.suffix == ".pyc":
            continue
        yield str(path), str(file)
        if path.suffix == ".py":
            compiled = Path(cache_from_source(str(path)))  # some installers compile without saying so
            if compiled.is_file():
                yield str(compiled), str(compiled.relative_to(root))


def own_files() -> Iterator[tuple[str, str]]:
    """The files of this package, compiled, wherever it was imported from as a folder.

    Raises:
        SettingsError: it was imported from an archive.
    """
    import stark_udfs

    folder = Path(str(stark_udfs.__file__)).parent
    if not folder.is_dir():
        raise SettingsError(f"{folder} is no folder: install the wheel, and run `stark pack` from there.")
    compileall.compile_dir(folder, quiet=2, workers=1)
    for path, _, names in os.walk(folder):
        for name in names:
            whole = os.path.join(path, name)
            yield whole, os.path.join(folder.name, os.path.relpath(whole, folder))
    conf = folder.parent / "conf"
    if not (folder / "conf").is_dir():
        yield from ((str(file), f"stark_udfs/conf/{file.name}") for file in sorted(conf.glob("*.yml")))


def base_python() -> str:
    """The interpreter that hosts need at the same place: this environment's own."""
    return os.path.realpath(sys.executable)
