"""Running an application under hypercorn, in this process."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

import anyio
from attrs import frozen
from hypercorn.config import Config
from zcp_kernel.errors import SetupError

from . import logs
from .listening import WatchedConfig
from .targets import application_of

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

    from .app import ZCPASGIApp
    from .config import HTTPConfig

__all__ = ["Bound", "Loop", "Running", "serve"]

Loop = Literal["asyncio", "uvloop", "trio"]

STOPPING = (signal.SIGTERM, signal.SIGINT)
ONE_SIGNAL_SECONDS = 0.5
LAST_SECONDS = 0.25
"""One worker of several still reads the requests of connections it has, when it is to stop."""
READY = b"1"
"""What `ready_fd` is told."""
DEFAULT_MESSAGE_BYTES = Config.websocket_max_message_size


@frozen
class Running:
    """How to run an application. What is None comes from section `http`.

    `target` names what to serve, where more than one process has to find it. `fd` is a listening
    socket to take over instead of `host` and `port`; `ready_fd` is told once requests are taken.
    `certfile` and `keyfile` (PEM) turn TLS on, `h2` is then agreed on by itself.
    """

    target: str | FastZCP | ZCPASGIApp
    host: str | None = None
    port: int | None = None
    workers: int = 1
    loop: Loop = "asyncio"
    reload: bool = False
    certfile: str | None = None
    keyfile: str | None = None
    toml: str | None = None
    fd: int | None = None
    ready_fd: int | None = None


Bound = tuple[str, int]


def serve(target: str | FastZCP | ZCPASGIApp, **options: Any) -> None:
    """Serve an app over HTTP until SIGTERM or SIGINT; `options` are the fields of `Running`.

    On a signal no new connections are taken, streams that only wait for news are ended, and calls
    in flight have `drain_seconds` to be answered. A second signal ends the process at once. With
    `workers` above 1 or `reload` the target must be a name, `module:attribute` or
    `file.py:attribute`, and each worker is a process. Raises `SetupError` before anything listens.
    """
    running = Running(target, **options)
    _check(running)
    if running.workers > 1 or running.reload:
        from .workers import serve_workers

        serve_workers(running)
    else:
        serve_here(running)


def serve_here(running: Running) -> None:
    """Serve in this process."""
    application = application_of(running.target, running.toml)
    logs.configure(application.settings.log, fallback="console")
    config = hypercorn_config(running, application)
    backend = "trio" if running.loop == "trio" else "asyncio"
    hypercorn: Any = import_module(f"hypercorn.{backend}")

    async def main() -> None:
        stopping = _stopping(application, config, running.ready_fd)
        await hypercorn.serve(application, config, shutdown_trigger=stopping)

    options = {} if backend == "trio" else {"use_uvloop": running.loop == "uvloop"}
    anyio.run(main, backend=backend, backend_options=options)


def hypercorn_config(running: Running, application: ZCPASGIApp) -> WatchedConfig:
    """hypercorn's settings for ours."""
    config, http = WatchedConfig(), application.settings.http
    host, port = bound(running, http)
    name = f"[{host}]" if ":" in host else host
    config.bind = [f"fd://{running.fd}" if running.fd is not None else f"{name}:{port}"]
    if application.composition.cluster is not None:
        cluster = application.composition.cluster
        private = [f"unix:{cluster.forwarding.path_of(cluster.worker)}"]
        if running.certfile is None:
            config.bind += private
        else:
            config.insecure_bind = private
    config.certfile, config.keyfile = running.certfile, running.keyfile
    config.graceful_timeout = http.drain_seconds
    # What exceeds our own limit gets our answer, which says what the limit is.
    config.h11_max_incomplete_size = 2 * http.max_header_bytes
    config.h2_max_header_list_size = 2 * http.max_header_bytes
    config.include_server_header = False
    config.errorlog = logging.getLogger("zcp.hypercorn")
    for mount in application.composition.router.mounts:
        limits: tuple[int, float] | None = getattr(mount.application, "websocket_limits", None)
        if limits is not None:
            # One more than our own limit, whose answer says what it is.
            config.websocket_max_message_size = max(limits[0] + 1, DEFAULT_MESSAGE_BYTES)
            config.probe_seconds = limits[1]
    return config


def bound(running: Running, http: HTTPConfig) -> Bound:
    """The address to listen at."""
    return running.host or http.host, http.port if running.port is None else running.port


def _stopping(
    application: ZCPASGIApp, config: WatchedConfig, ready_fd: int | None
) -> Callable[[], Awaitable[None]]:
    """Returns when hypercorn is to stop: it then takes no new connections, and waits. Called once
    it serves."""

    async def stopping() -> None:
        if ready_fd is not None:
            os.write(ready_fd, READY)
            os.close(ready_fd)
        told = anyio.Event()
        application.kernel.spawn(partial(_heed_signals, told))
        await told.wait()
        application.drain()
        cluster = application.composition.cluster
        if cluster is not None:
            cluster.leave()
        if ready_fd is not None:
            config.stop_accepting()
            await anyio.sleep(LAST_SECONDS)

    return stopping


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


def _check(running: Running) -> None:
    if running.workers < 1:
        raise SetupError("workers: at least one")
    if (running.certfile is None) is not (running.keyfile is None):
        raise SetupError("TLS needs both certfile and keyfile")
    if running.loop != "asyncio" and find_spec(running.loop) is None:
        raise SetupError(f"{running.loop} is not installed: pip install {running.loop}")
