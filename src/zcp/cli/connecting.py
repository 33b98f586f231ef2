"""A client session for one command: opened, shown, closed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
)
from typing import TYPE_CHECKING, Any

import anyio
import click
from attrs import define
from zcp_kernel.connecting import connect
from zcp_kernel.errors import DeadlineExceeded, ExchangeRefused, SetupError, ZCPError
from zcp_kernel.inprocess import InProcessServer

from .attending import Attendant
from .credentials import BEARER_VARIABLE, headers_for, login_at
from .exits import NOT_STARTED, USAGE, CommandError
from .forms import TerminalForm
from .interrupts import InterruptWatch
from .logs import reported_logs
from .options import Options, State
from .rendering import Screen
from .streams import private_stdout
from .targets import AppTarget, CommandTarget, Target, UrlTarget, load_app

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


def visit(target: Target, options: Options, action: Action, *, bounded: bool = True) -> None:
    """Connect to `target` and run `action` there, no longer than `options` allow if `bounded`.

    Raises `CommandError` when the server cannot be reached, `DeadlineExceeded`, and `click.Abort`
    at Ctrl-C; what `action` raises passes through.
    """
    stay = Stay(target, options, bounded)
    debug = click.get_current_context().ensure_object(State).debug
    with private_stdout() as out:
        screen = Screen(out, json=options.json, quiet=options.quiet)
        with reported_logs(screen, with_tracebacks=debug):
            try:
                anyio.run(stay.run, screen, action)
            except ZCPError as error:
                if options.json:
                    screen.document({"error": error_member(error)})
                raise


def error_member(error: ZCPError) -> dict[str, Any]:
    """An error as JSON-RPC would carry it: `{code, message, data?}`."""
    data = {} if error.data is None else {"data": error.data}
    return {"code": error.code, "message": error.message, **data}


class Stay:
    """One visit: where to, how, and for how long. Loads the app and reads the headers at once."""

    def __init__(self, target: Target, options: Options, bounded: bool) -> None:
        self.target = target
        self.options = options
        self.app = load_app(target) if isinstance(target, AppTarget) else None
        self.server = None if self.app is None else InProcessServer(self.app)
        self.headers = headers_for(target, options.headers, options.bearer)
        self.login = login_at(target, self.headers)
        self.url = target.url if isinstance(target, UrlTarget) else None
        self.limit = options.timeout if bounded else None

    async def run(self, screen: Screen, action: Action) -> None:
        watch = InterruptWatch()
        failure: Exception | None = None
        async with anyio.create_task_group() as group:
            await group.start(watch.run)
            with watch.scope:
                try:
                    async with self._connected(screen, watch) as visited:
                        await watch.over(visited.client, self._limited(action(visited)))
                except Exception as error:
                    failure = error
            group.cancel_scope.cancel()
        if watch.happened:
            raise click.Abort
        if failure is not None:
            raise failure

    def session(
        self, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> ZCPClientSession:
        """A session with the target, not yet open; `headers` stand instead of the user's."""
        where: Any = self.server or str(self.target)
        if isinstance(self.target, UrlTarget):
            where = self.target.url
            options["headers"] = dict(self.headers if headers is None else headers)
            if headers is None and self.login is not None:
                options["auth"] = self.login
        if isinstance(self.target, CommandTarget):
            where = list(self.target.argv)
            options |= {"env": dict(self.target.env), "cwd": self.target.cwd}
        else:
            options.pop("stderr_handler", None)
        try:
            return connect(
                where,
                prefer=_preference(self.options.prefer),
                revision=self.options.revision,
                **options,
            )
        except TypeError as error:
            raise CommandError(f"{self.target}: {error}", USAGE) from error

    def serving(self) -> AbstractAsyncContextManager[object]:
        """While an app of this process is to be served."""
        return nullcontext() if self.server is None else self.server

    async def _limited(self, work: Awaitable[None]) -> None:
        try:
            with anyio.fail_after(self.limit):
                await work
        except TimeoutError:
            if self.limit is None:
                raise
            raise DeadlineExceeded(f"no answer within {self.limit:g} s") from None

    @asynccontextmanager
    async def _connected(self, screen: Screen, watch: InterruptWatch) -> AsyncGenerator[Visit]:
        with Attendant(screen) as attendant:
            async with self.serving(), AsyncExitStack() as stack:
                client = self.session(**_hooks(attendant))
                stack.push_async_exit(client)
                introduction = await self._introduced(client)
                if self.options.log_level is not None:
                    await client.set_logging_level(self.options.log_level)
                yield Visit(client, screen, attendant, watch, introduction, self.app)

    async def _introduced(self, client: ZCPClientSession) -> dict[str, Any]:
        target, limit = self.target, self.options.connect_timeout
        try:
            with anyio.fail_after(limit):
                introduction = await client.initialize()
                await client.initialized()
        except TimeoutError:
            message = f"{target} did not answer within {limit:g} s"
            raise CommandError(message, NOT_STARTED) from None
        except SetupError:
            raise
        except ZCPError as error:
            message = f"cannot connect to {target}: {error.message}{_hint(error)}"
            raise CommandError(message, NOT_STARTED) from error
        except OSError as error:
            raise CommandError(f"cannot start {target}: {error}", NOT_STARTED) from error
        return introduction


def _hooks(attendant: Attendant) -> dict[str, Any]:
    return {
        "stderr_handler": attendant.say,
        "elicitation_handler": TerminalForm(attendant),
        "log_handler": attendant.on_log,
        "progress_handler": attendant.on_progress,
        "notification_handler": attendant.on_notification,
    }


def _preference(first: str | None) -> tuple[str, ...] | None:
    if first is None:
        return None
    return ("mcp", "native") if first == "mcp" else ("native", "mcp")


def _hint(error: ZCPError) -> str:
    if isinstance(error, ExchangeRefused) and error.status in (401, 403):
        return f" ('zcp login' logs in; or give a token: --bearer, {BEARER_VARIABLE}, or --header)"
    return ""
