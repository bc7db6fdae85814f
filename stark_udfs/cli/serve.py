"""`stark serve-offline`: the offline author over HTTP."""

import asyncio

from stark_udfs.calls.providers.offline import embedded
from stark_udfs.core.errors import StorageError
from stark_udfs.settings.chat_models import Defects
from stark_udfs.testing.serve import serve_offline
from stark_udfs.testing.stub_server import Faults


def serve(host: str, port: int, faults: Faults) -> None:
    """Serve until Ctrl-C.

    Raises:
        StorageError: the port cannot be had.
    """
    try:
        asyncio.run(serve_offline(host, port, faults, embedded(Defects())))
    except OSError as error:
        raise StorageError(f"cannot listen on {host}:{port}: {error.strerror}. Take another --port, or 0.") from None
