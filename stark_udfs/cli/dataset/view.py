"""`stark view`: the episodes in a browser."""

from contextlib import suppress
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import fsspec
from rich.console import Console
from rich.text import Text

from stark_udfs.cli.console import plain
from stark_udfs.cli.reading.warehouse import episode_of
from stark_udfs.core.errors import StarkError, StorageError
from stark_udfs.release.viewer import static
from stark_udfs.release.viewer.library import Library, Search
from stark_udfs.release.viewer.server import Site, server
from stark_udfs.settings.run import RunSettings
from stark_udfs.sql.duckdb import DuckSnapshot, SqlEngine

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    sql: SqlEngine, settings: RunSettings, console: Console, *, host: str, port: int, episode: str | None
) -> None:
    """Serve until Ctrl-C.

    Raises:
        NotFound: there is no such episode.
        StorageError: the port cannot be had.
    """
    library = Library(sql)
    library.find(Search())  # the list is read before anybody waits for it
    site = Site(library, _files(settings))
    path = "" if episode is None else f"episode/{quote(episode_of(sql, episode))}"
    try:
        listening = server(site, host, port)
    except OSError as error:
        raise StorageError(f"cannot listen on {host}:{port}: {error.strerror}. Take another --port, or 0.") from None
    warming = Thread(target=_warm, args=(library,))
    if isinstance(sql, DuckSnapshot):  # which answers several threads, and at once
        warming.start()
    address = f"http://{host}:{listening.server_address[1]}/{path}"
    console.print(Text(plain(f"episodes: {address}   (Ctrl-C ends)")), soft_wrap=True)
    if host not in LOOPBACK:
        console.print(
            Text(plain(f"listening on {host}: whoever reaches this machine can read the data."), style="yellow")
        )
    with listening:
        try:
            listening.serve_forever()
        except KeyboardInterrupt:
            console.print(Text("ended"))
    if warming.is_alive():
        warming.join()


def _warm(library: Library) -> None:
    """Read one episode, so that the first that somebody opens finds all tables open."""
    with suppress(StarkError):  # whoever opens it is told
        if library.episodes:
            library.episode(str(library.episodes[0]["episode_id"]))


def write(sql: SqlEngine, settings: RunSettings, out: Path, console: Console, *, most: int) -> None:
    """Write the viewer as files.

    Raises:
        StorageError: the folder holds something else, or cannot be written.
    """
    library = Library(sql)
    count = static.write(library, _files(settings), out, most=most)
    left = len(library.episodes) - count
    console.print(Text(plain(f"episodes: {out / 'index.html'} ({count:,} written)")), soft_wrap=True)
    if left:
        console.print(Text(f"{left:,} more are in the tables: --most N writes more"), soft_wrap=True)


def _files(settings: RunSettings) -> Path | None:
    """Where pictures are, if that is a folder of this machine."""
    filesystem, folder = fsspec.core.url_to_fs(settings.storage.files)
    return Path(folder) if "file" in filesystem.protocol else None
