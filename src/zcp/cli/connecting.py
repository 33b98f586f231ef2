"""A client session for one command: opened, shown, closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import click
from attrs import define
from zcp_kernel.errors import SetupError, ZCPError
from zcp_transport_stdio import stdio_client, stdio_server

from .attending import Attendant
from .exits import NOT_STARTED, CommandError
from .forms import TerminalForm
from .interrupts import InterruptWatch
from .logs import reported_logs
from .options import Options, State
from .rendering import Screen
from .streams import private_stdout
from .targets import AppTarget, CommandTarget, Target, load_app

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.client import ZCPClientSession


@define
class Visit:
    """A command's stay at a server: the open session and the ways to show what happens.

    `introduction` is the server's answer to `initialize`; `app` is there when the server runs in
    this process.
    """

    client: ZCPClientSession
    screen: Screen
    attendant: Attendant
    interrupts: InterruptWatch
    introduction: dict[str, Any]
    app: FastZCP | None = None


Action = Callable[[Visit], Awaitable[None]]


def visit(target: Target, options: Options, action: Action) -> None:
    """Connect to `target` and run `action` there.

    Raises `CommandError` when the server cannot be reached, and `click.Abort` at Ctrl-C; what
    `action` raises passes through.
    """
    app = load_app(target) if isinstance(target, AppTarget) else None
    debug = click.get_current_context().ensure_object(State).debug
    with private_stdout() as out:
        screen = Screen(out, json=options.json, quiet=options.quiet)
        with reported_logs(screen, with_tracebacks=debug):
            try:
                anyio.run(_visit, target, app, options, screen, action)
            except ZCPError as error:
                if options.json:
                    screen.document({"error": error_member(error)})
                raise


def error_member(error: ZCPError) -> dict[str, Any]:
    """An error as JSON-RPC would carry it: `{code, message, data?}`."""
    data = {} if error.data is None else {"data": error.data}
    return {"code": error.code, "message": error.message, **data}


async def _visit(
    target: Target, app: FastZCP | None, options: Options, screen: Screen, action: Action
) -> None:
    watch = InterruptWatch()
    failure: Exception | None = None
    async with anyio.create_task_group() as group:
        await group.start(watch.run)
        with watch.scope:
            try:
                async with _connected(target, app, options, screen, watch) as visited:
                    await watch.over(visited.client, action(visited))
            except Exception as error:
                failure = error
        group.cancel_scope.cancel()
    if watch.happened:
        raise click.Abort
    if failure is not None:
        raise failure


@asynccontextmanager
async def _connected(
    target: Target,
    app: FastZCP | None,
    options: Options,
    screen: Screen,
    watch: InterruptWatch,
) -> AsyncGenerator[Visit]:
    with Attendant(screen) as attendant:
        async with AsyncExitStack() as stack:
            server: Any = list(target.argv) if isinstance(target, CommandTarget) else None
            if app is not None:
                server = await stack.enter_async_context(stdio_server(app))
            client = _client(target, server, options, attendant)
            stack.push_async_exit(client)
            introduction = await _introduced(client, target, options)
            if options.log_level is not None:
                await client.set_logging_level(options.log_level)
            yield Visit(client, screen, attendant, watch, introduction, app)


def _client(
    target: Target, server: Any, options: Options, attendant: Attendant
) -> ZCPClientSession:
    streams: dict[str, Any] = {}
    if isinstance(target, CommandTarget):
        streams["stderr_handler"] = attendant.say
    return stdio_client(
        server,
        **streams,
        prefer=_preference(options.prefer),
        revision=options.revision,
        elicitation_handler=TerminalForm(attendant),
        log_handler=attendant.on_log,
        progress_handler=attendant.on_progress,
        notification_handler=attendant.on_notification,
    )


def _preference(first: str | None) -> tuple[str, ...] | None:
    if first is None:
        return None
    return ("mcp", "native") if first == "mcp" else ("native", "mcp")


async def _introduced(client: ZCPClientSession, target: Target, options: Options) -> dict[str, Any]:
    try:
        with anyio.fail_after(options.connect_timeout):
            introduction = await client.initialize()
            await client.initialized()
    except TimeoutError:
        message = f"{target} did not answer within {options.connect_timeout:g} s"
        raise CommandError(message, NOT_STARTED) from None
    except SetupError:
        raise
    except ZCPError as error:
        raise CommandError(f"cannot connect to {target}: {error.message}", NOT_STARTED) from error
    except OSError as error:
        raise CommandError(f"cannot start {target}: {error}", NOT_STARTED) from error
    return introduction
