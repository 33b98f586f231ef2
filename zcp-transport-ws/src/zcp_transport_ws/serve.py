"""A WebSocket server as a program of its own, until it is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import ssl
import time
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal, cast

import anyio
from zcp_kernel.errors import SetupError

from .server.standalone import Listening, serve_websocket

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

__all__ = ["serve"]

log = logging.getLogger("zcp.ws")

STOPPING = (signal.SIGTERM, signal.SIGINT)
ONE_SIGNAL_SECONDS = 0.5


def serve(
    app: FastZCP,
    *,
    host: str | None = None,
    port: int | None = None,
    config: Any = None,
    certfile: str | None = None,
    keyfile: str | None = None,
    backend: Literal["asyncio", "trio"] = "asyncio",
) -> None:
    """Serve `app` over WebSocket until SIGTERM or SIGINT; `serve_websocket` has the parameters.

    On a signal no more sockets are taken, calls in flight have `drain_seconds` to be answered, and
    sockets are closed with 1001. A second signal ends the process at once. `certfile` and `keyfile`
    (PEM) turn TLS on. Where it listens is logged. Raises `SetupError` if it cannot.
    """
    if backend != "asyncio" and find_spec(backend) is None:
        raise SetupError(f"{backend} is not installed: pip install {backend}")
    context = _certificate(certfile, keyfile)
    _show_logs()
    serving = partial(serve_websocket, app, host, port, config=config, ssl_context=context)
    with _cannot_listen():
        anyio.run(_until_told, serving, backend=backend)


async def _until_told(serving: Any) -> None:
    told = anyio.Event()
    async with anyio.create_task_group() as program:
        program.start_soon(_heed_signals, told)
        async with anyio.create_task_group() as tasks:
            where: Listening = await tasks.start(serving)
            log.info("listening at %s", where.url)
            await told.wait()
            tasks.cancel_scope.cancel()
        program.cancel_scope.cancel()


async def _heed_signals(told: anyio.Event) -> None:
    """Until the server has stopped: the first signal tells it to; one that comes later than signals
    sent to a process and its group at once ends the process."""
    first: float | None = None
    with anyio.open_signal_receiver(*STOPPING) as signals:
        async for number in signals:
            if first is None:
                first = time.monotonic()
                told.set()
            elif time.monotonic() - first > ONE_SIGNAL_SECONDS:
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)


def _show_logs() -> None:
    """On standard error, unless the program has them elsewhere."""
    logger = logging.getLogger("zcp")
    if not logger.hasHandlers():
        logger.addHandler(logging.StreamHandler())
        logger.setLevel(logging.INFO)


def _certificate(certfile: str | None, keyfile: str | None) -> ssl.SSLContext | None:
    if (certfile is None) is not (keyfile is None):
        raise SetupError("TLS needs both certfile and keyfile")
    if certfile is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certfile, keyfile)
    except OSError as error:
        raise SetupError(f"the certificate cannot be used: {error}") from None
    return context


@contextmanager
def _cannot_listen() -> Generator[None]:
    """Raise the one cause of a group as it is, an `OSError` as a `SetupError`."""
    try:
        yield
    except BaseExceptionGroup as group:
        cause = _cause(group)
        if isinstance(cause, OSError):
            raise SetupError(f"cannot listen there: {cause}") from None
        raise cause from None


def _cause(group: Any) -> BaseException:
    """What is in a group of one, and in that."""
    parts: list[Any] = [group]
    while len(parts) == 1:
        group = parts[0]
        parts = list(getattr(group, "exceptions", ()))
    return cast("BaseException", group)
