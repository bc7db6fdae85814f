"""`stark serve-offline`: the offline author over HTTP."""

import asyncio

from stark_udfs.core.errors import StorageError
from stark_udfs.core.settings import Defects
from stark_udfs.llm.serve import serve_offline
from stark_udfs.llm.stub import Faults
from stark_udfs.llm.wire import embedded


def serve(host: str, port: int, faults: Faults) -> None:
    """Serve until Ctrl-C.

    Raises:
        StorageError: the port cannot be had.
    """
    try:
        asyncio.run(serve_offline(host, port, faults, embedded(Defects())))
    except OSError as error:
        raise StorageError(f"cannot listen on {host}:{port}: {error.strerror}. Take another --port, or 0.") from None
