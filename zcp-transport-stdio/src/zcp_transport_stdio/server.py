"""Serving an app on the process's own standard streams."""

from __future__ import annotations

import gc
import threading
import time
from typing import TYPE_CHECKING, Any

import anyio
from attrs import evolve, fields
from zcp_kernel.errors import ConfigError
from zcp_kernel.security import local_principal

from .backend import post
from .channel import StdioChannel
from .config import StdioConfig
from .isolation import private_stdio
from .watch import UNWIND_SECONDS, Ending, Watch, exit_now

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.runtime import Kernel

    from .endpoints import Endpoint


async def run_mcp_stdio_server(
    app: FastZCP, *, config: ServerConfig | Any | None = None, **options: Any
) -> None:
    """Serve `app` to the peer on standard input and output, MCP or native, until it is done.

    `options` are fields of `StdioConfig` and take precedence over section `stdio` of `config`.
    Returns after end of input, SIGTERM, SIGINT, or the loss of the reader or the parent, once work
    in flight has ended or `shutdown_seconds` have passed; the process is ended a second later if
    that cannot be done (an event loop blocked by a handler). A second signal cuts this short.
    Handlers stuck in a thread are left behind: `run_mcp_stdio_server_sync` ends them too.

    Meanwhile descriptor 0 is the null device and descriptor 1 is standard error, so what handlers
    and their child processes print cannot corrupt the stream. Signals are handled only in the main
    thread. Raises `SetupError` if the app cannot be composed or a standard stream is closed.
    """
    await _Run(app, config, options)()


def run_mcp_stdio_server_sync(
    app: FastZCP,
    *,
    backend: str = "asyncio",
    config: ServerConfig | Any | None = None,
    **options: Any,
) -> None:
    """`run_mcp_stdio_server` in an event loop of its own ("asyncio" or "trio"), in a process that
    is there for this: a handler still stuck in a thread after `shutdown_seconds` ends the process,
    with exit code 0."""
    threads = set(threading.enumerate())
    run = _Run(app, config, options, alone=True)
    try:
        anyio.run(run, backend=backend)
    except KeyboardInterrupt:
        # Ctrl-C before the signals were ours.
        return
    run.leave_no_thread(threads)


class _Run:
    """One server over the standard streams, from composition to the end; `alone` if the process is
    there for nothing else."""

    def __init__(
        self,
        app: FastZCP,
        config: ServerConfig | Any | None,
        options: dict[str, Any],
        *,
        alone: bool = False,
    ) -> None:
        self._alone = alone
        self._app = app
        self._config = config
        self._options = options
        self._deadline: float | None = None

    async def __call__(self) -> None:
        # First of all: composing imports plugins, and they may print.
        with private_stdio() as (source, sink):
            kernel = self._app.compose(self._config)
            settings = with_options(kernel.config.section(StdioConfig), self._options)
            await self._serve(kernel, source, sink, settings)

    async def _serve(
        self, kernel: Kernel, source: Endpoint, sink: Endpoint, settings: StdioConfig
    ) -> None:
        from zcp_kernel.serving import serve

        scope = anyio.CancelScope()

        def begin() -> None:
            self._deadline = time.monotonic() + settings.shutdown_seconds
            channel.end_input()

        def on_end() -> None:
            begin()
            watch.ending()

        def hasten() -> None:
            self._deadline = time.monotonic()
            scope.cancel()

        channel = StdioChannel(source, sink, settings, on_end=on_end)
        # serve() itself ends after the grace; what holds it longer is cut off.
        ending = Ending(begin, hasten, settings.shutdown_seconds + UNWIND_SECONDS)
        watch = Watch(sink.fd, ending, post(), parent=settings.watch_parent)
        principal = local_principal(kernel.config.section("server").local_scopes)
        with watch.running(), scope:
            try:
                async with kernel.running():
                    if self._alone:
                        # What stands now stands to the end: full collections, which calls in flight
                        # bring about, need not go through all of it again and again.
                        gc.freeze()
                    await serve(
                        kernel, channel, principal=principal, grace=settings.shutdown_seconds
                    )
            finally:
                await channel.aclose()

    def leave_no_thread(self, known: set[threading.Thread]) -> None:
        """Wait for threads that began during the run and would hold up the interpreter's end; end
        the process if one of them outlasts the time there was to finish."""
        deadline = max(self._deadline or 0.0, time.monotonic()) + UNWIND_SECONDS
        try:
            for thread in set(threading.enumerate()) - known:
                if not thread.daemon:
                    thread.join(max(0.0, deadline - time.monotonic()))
                    if thread.is_alive():
                        exit_now(f"a handler is stuck in {thread.name}")
        except KeyboardInterrupt:
            exit_now("handlers were still at work")


def with_options(section: StdioConfig, options: dict[str, Any]) -> StdioConfig:
    """The section with these fields changed. Raises `ConfigError` for a field it has not got."""
    known = [each.name for each in fields(StdioConfig)]
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ConfigError(
            f"stdio: no such option: {', '.join(unknown)} (there are {', '.join(known)})"
        )
    return evolve(section, **options)
