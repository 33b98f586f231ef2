"""A client session for code that is not async: scripts, notebooks, threads."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from ._core.blocking.home import Home
from ._core.blocking.methods import Blocking
from ._core.blocking.task import BlockingTask
from .client import ClientTask, ZCPClientSession
from .model import Capabilities

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ._core.blocking.engine import Engine
    from ._core.blocking.inbox import Inbox
    from .app import FastZCP
    from .inprocess import ServerHandle

__all__ = ["BlockingSession", "BlockingTask", "connect"]

T = TypeVar("T")

QUESTIONS = ("roots_provider", "sampling_handler", "elicitation_handler")
NOTICES = ("log_handler", "progress_handler", "notification_handler")


class BlockingSession:
    """A `ZCPClientSession` whose methods wait: same names, same arguments, same errors.

    Use it as a context manager; without one it opens at the first call and closes with `close()`
    or with the program. Every method may be called from any thread, also from one whose own event
    loop runs (a notebook's), which stands still then. Ctrl-C cancels the call at the server.

    Hooks are plain functions. They run in the thread that waits for a call, so they may print,
    prompt and call the session; what comes while nobody waits runs in a thread of its own.
    """

    def __init__(
        self, make: Callable[..., ZCPClientSession], *, backend: str = "asyncio", **options: Any
    ) -> None:
        """`make(**options)` gives the session to wait on; `backend` is asyncio or trio."""

        def made(engine: Engine) -> ZCPClientSession:
            return make(**_hooked(engine, options))

        self._home = Home(made, backend)
        weakref.finalize(self, _abandoned, self._home).atexit = False

    # -- life --------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self.initialize()
            self.initialized()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def initialize(
        self, capabilities: Capabilities | dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Connect and agree on a revision, as `ZCPClientSession.initialize`; opens a closed session
        again."""
        self._home.reopen()
        return self.wait_for(lambda session, _: session.initialize(capabilities), joins=False)

    def close(self) -> None:
        """Close the connection and end the session's thread; calls in flight raise
        `ConnectionLost`. Idempotent."""
        self._home.close()

    def wait_for(
        self, work: Callable[[ZCPClientSession, Inbox], Awaitable[T]], *, joins: bool = True
    ) -> T:
        """Wait for a coroutine that uses the async session; `joins`: open it first if it is not."""
        return self._home.wait_for(work, joins=joins)

    # -- what was agreed ---------------------------------------------------------------------------

    @property
    def server_info(self) -> dict[str, Any]:
        """`{name, version, …}` of the server; empty before it is known."""
        return self._home.session.server_info if self._home.session is not None else {}

    @property
    def protocol_version(self) -> str | None:
        """The revision in use, None before one is agreed."""
        return self._home.session.protocol_version if self._home.session is not None else None

    @property
    def transport(self) -> str:
        """What carries the session: `stdio`, `http`, …; empty before it is opened."""
        return self._home.session.transport if self._home.session is not None else ""

    @property
    def session_id(self) -> str | None:
        """What the server calls this session, for another process to attach to; None where it has
        no name for it."""
        return self._home.now(lambda session: session.session_id, None)

    @property
    def in_flight(self) -> dict[int, str]:
        """Id and wire method of every request that waits for its answer; see `cancel`."""
        return self._home.now(lambda session: session.in_flight, {})

    def cancel(self, request: int) -> bool:
        """Give up the request with this id: the server is told, and the call raises
        `RequestCancelled` in the thread that waits for it. False if it no longer waits."""
        return self._home.now(lambda session: session.cancel(request), False)

    def clear_cache(self) -> None:
        """Ask for everything anew, whatever its server said of keeping it."""
        self._home.now(lambda session: session.clear_cache(), None)

    # -- tasks to hold on to -----------------------------------------------------------------------

    def start_task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        ttl: int | None = 60000,
        poll_interval: int | None = None,
        meta: Mapping[str, Any] | None = None,
        progress: Callable[[dict[str, Any]], Any] | None = None,
    ) -> BlockingTask:
        """Call a tool as a task and hold on to it: `result()` waits for its result, iterating over
        it gives its changes. The rest is as for `ZCPClientSession.start_task`."""
        told = None if progress is None else self._home.notice(progress)
        return self.wait_for(
            lambda session, _: self._held(
                session.start_task(
                    name, arguments, ttl=ttl, poll_interval=poll_interval, meta=meta, progress=told
                )
            )
        )

    def task(self, task_id: str) -> BlockingTask:
        """Hold on to a task that was made elsewhere or before; its status is not known yet."""

        async def named(session: ZCPClientSession) -> ClientTask:
            return session.task(task_id)

        return self.wait_for(lambda session, _: self._held(named(session)))

    async def _held(self, task: Awaitable[ClientTask]) -> BlockingTask:
        return BlockingTask(self._home, await task)

    # -- the operations ----------------------------------------------------------------------------

    initialized = Blocking(ZCPClientSession.initialized, joins=False)
    ask = Blocking(ZCPClientSession.ask)
    request = Blocking(ZCPClientSession.request)
    ping = Blocking(ZCPClientSession.ping)
    list_tools = Blocking(ZCPClientSession.list_tools)
    call_tool = Blocking(ZCPClientSession.call_tool)
    call_tool_as_task = Blocking(ZCPClientSession.call_tool_as_task)
    list_resources = Blocking(ZCPClientSession.list_resources)
    list_resource_templates = Blocking(ZCPClientSession.list_resource_templates)
    read_resource = Blocking(ZCPClientSession.read_resource)
    subscribe_resource = Blocking(ZCPClientSession.subscribe_resource)
    unsubscribe_resource = Blocking(ZCPClientSession.unsubscribe_resource)
    list_prompts = Blocking(ZCPClientSession.list_prompts)
    get_prompt = Blocking(ZCPClientSession.get_prompt)
    complete = Blocking(ZCPClientSession.complete)
    set_logging_level = Blocking(ZCPClientSession.set_logging_level)
    search_tools = Blocking(ZCPClientSession.search_tools)
    describe_tools = Blocking(ZCPClientSession.describe_tools)
    run_pipeline = Blocking(ZCPClientSession.run_pipeline)
    create_task = Blocking(ZCPClientSession.create_task)
    list_tasks = Blocking(ZCPClientSession.list_tasks)
    get_task = Blocking(ZCPClientSession.get_task)
    get_task_result = Blocking(ZCPClientSession.get_task_result)
    cancel_task = Blocking(ZCPClientSession.cancel_task)
    answer_task = Blocking(ZCPClientSession.answer_task)
    get_handle = Blocking(ZCPClientSession.get_handle)
    count_handle = Blocking(ZCPClientSession.count_handle)
    read_handle = Blocking(ZCPClientSession.read_handle)
    list_handles = Blocking(ZCPClientSession.list_handles)
    release_handle = Blocking(ZCPClientSession.release_handle)
    list_roots = Blocking(ZCPClientSession.list_roots, joins=False)

    def create_message(self, messages: Any, **kwargs: Any) -> dict[str, Any]:
        """As `ZCPClientSession.create_message`."""
        return self.wait_for(lambda each, _: each.create_message(messages, **kwargs), joins=False)

    def elicit(self, kind: str, prompt: str, **kwargs: Any) -> dict[str, Any]:
        """As `ZCPClientSession.elicit`."""
        return self.wait_for(lambda each, _: each.elicit(kind, prompt, **kwargs), joins=False)


def connect(
    target: FastZCP | ServerHandle | str | Path | Sequence[str] | Mapping[str, Any],
    *,
    backend: str = "asyncio",
    **options: Any,
) -> BlockingSession:
    """A session whose methods wait, with the server `target` names.

    `target` and `options` are those of `zcp_kernel.connecting.connect`: a URL, a command, an entry
    of an `mcp.json` file, or an app; hooks, `headers`, `timeout`, `revision`, … `backend` is the
    event loop it runs on, asyncio or trio. It opens with `with` or the first call, which raises
    what connecting raises.
    """
    from .connecting import connect as connect_async

    return BlockingSession(partial(connect_async, target), backend=backend, **options)


def _hooked(engine: Engine, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a session, its hooks made to run where the application waits."""
    hooked = dict(options)
    for names, wrapped in ((QUESTIONS, engine.question), (NOTICES, engine.notice)):
        for name in names:
            if hooked.get(name) is not None:
                hooked[name] = wrapped(hooked[name])
    return hooked


def _abandoned(home: Home) -> None:
    if home.is_open:
        warnings.warn("a BlockingSession was not closed", ResourceWarning, stacklevel=2)
        home.close_elsewhere()
