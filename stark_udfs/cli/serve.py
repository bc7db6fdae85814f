"""`stark serve-offline`: the offline author over HTTP."""

import asyncio
from typing import Annotated

import typer

from stark_udfs.core.errors import StorageError


def serve_offline(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where to listen; 0 takes a free port.")] = 8000,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    latency_ms: Annotated[float, typer.Option(min=0, help="How long an answer takes.")] = 0.0,
    slots: Annotated[int, typer.Option(min=0, help="Requests at once before it answers 429; 0: any number.")] = 0,
    throttled: Annotated[float, typer.Option(min=0, max=1, help="Share of requests answered with 429.")] = 0.0,
    errors: Annotated[float, typer.Option(min=0, max=1, help="Share of requests answered with 5xx.")] = 0.0,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Share of replies that are not JSON.")] = 0.0,
    truncated: Annotated[float, typer.Option(min=0, max=1, help="Share of replies that end early.")] = 0.0,
) -> None:
    """Serve the offline author over HTTP, for tests and benchmarks.

    Reach it with --set models.default.base_url=http://127.0.0.1:8000/v1; the provider stays `offline`.
    """
    from stark_udfs.calls.providers.offline import embedded
    from stark_udfs.settings.chat_models import Defects
    from stark_udfs.testing.faults import Faults
    from stark_udfs.testing.serve import serve_offline as serve

    faults = Faults(
        latency_ms=latency_ms,
        slots=slots,
        throttled=throttled,
        errors=errors,
        malformed=malformed,
        truncated=truncated,
    )
    try:
        asyncio.run(serve(host, port, faults, embedded(Defects())))
    except OSError as error:
        raise StorageError(f"cannot listen on {host}:{port}: {error.strerror}. Take another --port, or 0.") from None
