"""The composed server: one app and one configuration, wired once and sealed."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import anyio
import anyio.from_thread
import anyio.lowlevel

from ..contracts import Bus, Channel, Dialect, Match, Message, Operation, Revision
from ..errors import MethodNotFound
from ..ids import new_id
from ..model import InitializeResult, Retried
from .exchange import Route
from .replay.replay import replayed
from .session import ZCPServerSession
from .sharing.hearsay import Hearsay
from .sharing.keys import SharedKeys
from .supervisor import Supervisor
from .threads import HandlerThreads

if TYPE_CHECKING:
    from ..config import ServerConfig
    from ..contracts import Handler, KeyRing, Stage
    from ..security import AuthProfile, Principal
    from .executor import RuntimeExecutor
    from .exposure import Exposure
    from .handles.service import Handles
    from .introduce import Introduction
    from .registry.registry import Registry
    from .sharing.stores import Stores
    from .tasks.engine import TaskEngine


class Listener(Protocol):
    """Someone to tell of changes: a session, or a subscription of a client that has none."""

    def hears(self, notice: Any) -> bool: ...

    def post(self, notice: Any) -> None: ...

    def close(self, reason: str) -> None: ...


class Kernel:
    """Serves sessions. Made by `app.compose(config)`; the wiring is sealed, registries stay live.

    Start it with `async with kernel.running()`, or `await kernel.start()` and `aclose()`, which may
    be called from any task.
    """

    def __init__(
        self,
        *,
        config: ServerConfig,
        registry: Registry,
        dialects: Mapping[str, Dialect],
        operations: Mapping[str, Operation],
        stages: tuple[Stage, ...],
        exposure: Exposure,
        executor: RuntimeExecutor,
        handles: Handles,
        keys: KeyRing | None,
        stores: Stores,
        tasks: Callable[[Kernel], TaskEngine],
        introduction: Introduction,
        lifespans: Callable[[Kernel], list[Any]],
    ) -> None:
        self.config = config
        self.registry = registry
        self.dialects = dialects
        self.operations = operations
        self.exposure = exposure
        self.executor = executor
        self.handles = handles
        self.keys = keys
        self.stores = stores
        self.audience: set[Listener] = set()
        bus = stores.shared(Bus)
        self._hearsay = None if bus is None else Hearsay(self, bus)
        self.threads = HandlerThreads(config.section("tools").max_threads, self.spawn)
        self.tasks = tasks(self)
        self._stages = stages
        self._introduction = introduction
        self._lifespans = lifespans
        self._routes: dict[Revision, dict[str, Route]] = {}
        self._offers_handles: dict[Revision, bool] = {}
        self._supervisor = Supervisor()
        self._started = False
        self._thread = 0
        self._token: Any = None
        self.mint_id: Callable[[], str] = new_id
        """Makes the id of a session."""
        self.new_scope: Callable[[], anyio.CancelScope] = anyio.CancelScope
        """A cancel scope of this kernel's event loop."""

    # -- sessions ----------------------------------------------------------------------------------

    def open_session(
        self, channel: Channel, principal: Principal, dialects: Sequence[str] | None = None
    ) -> ZCPServerSession:
        """The server's end of a connection; `dialects` names those that may be spoken on it."""
        spoken = None if dialects is None else [self.dialects[name] for name in dialects]
        return ZCPServerSession(self, channel, principal, spoken)

    def classify(
        self,
        message: Message,
        headers: Mapping[str, str] | None,
        dialects: Sequence[Dialect] | None = None,
    ) -> Match | None:
        """The first dialect's claim on a message that no open session settles."""
        for dialect in self.dialects.values() if dialects is None else dialects:
            match = dialect.classify(message, headers)
            if match is not None:
                return match
        return None

    def introduce_issuer(self, profile: Callable[[], AuthProfile]) -> None:
        """Tell native clients from now on where to get a token, unless the app itself does; asked
        for each client anew."""
        self._introduction.issuing.append(profile)

    def introduction(self, revision: Revision) -> InitializeResult:
        """What this server says of itself at a handshake."""
        return self._introduction.result(revision)

    def routes(self, revision: Revision) -> dict[str, Route]:
        """Wire method -> route, for every operation this revision offers."""
        routes = self._routes.get(revision)
        if routes is None:
            routes = self._routes[revision] = {
                method: Route(
                    codec.operation,
                    self._body(self.operations[codec.operation], revision),
                    codec.decode_params,
                    revision.result_encoder(codec, self),
                )
                for method, codec in revision.extend(self.operations.values()).items()
                if codec.operation in self.operations
            }
        return routes

    def offers_handles(self, revision: Revision) -> bool:
        """Whether results may stay on the server: its clients can read them there."""
        offers = self._offers_handles.get(revision)
        if offers is None:
            routes = self.routes(revision).values()
            offers = any(route.operation == "handles/read" for route in routes)
            self._offers_handles[revision] = offers
        return offers

    def _body(self, operation: Operation, revision: Revision) -> Handler:
        handler = self._staged(operation)
        may_ask = revision.replays and issubclass(operation.params, Retried)
        return replayed(handler) if may_ask else handler

    def _staged(self, operation: Operation) -> Callable[[Any, Any], Awaitable[Any]]:
        """The operation's handler inside its stages; without any, the bare handler."""
        handler = operation.handler
        for stage in reversed(self._stages):
            if "*" in stage.operations or operation.name in stage.operations:
                handler = _around(stage, handler)
        return handler

    # -- life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start background work and lifespans, once; harmless when running."""
        if self._started:
            return
        self._started = True
        self._thread = threading.get_ident()
        self._token = anyio.lowlevel.current_token()
        # The class behind `anyio.CancelScope` here: to look it up for each costs as much again.
        self.new_scope = type(anyio.CancelScope())
        await self._supervisor.start()
        shared = SharedKeys(self)
        if shared.wanted:
            await shared.load()
            self.spawn(shared.keep)
        ready, self._leave, self._left = anyio.Event(), anyio.Event(), anyio.Event()
        failures: list[BaseException] = []
        self.spawn(lambda: self._live(ready, failures))
        await ready.wait()
        if failures:
            await self.aclose()
            raise failures[0]
        self.spawn(self.tasks.share)
        if self._hearsay is not None:
            self.spawn(self._hearsay.listen)

    async def _live(self, ready: anyio.Event, failures: list[BaseException]) -> None:
        """Hold the lifespans open: they must be left in the task that entered them."""
        try:
            async with AsyncExitStack() as stack:
                for lifespan in self._lifespans(self):
                    await stack.enter_async_context(lifespan)
                ready.set()
                await self._leave.wait()
        except Exception as error:
            if ready.is_set():
                raise
            failures.append(error)
        finally:
            ready.set()
            self._left.set()

    async def aclose(self) -> None:
        """End every session, leave the lifespans, stop background work. Idempotent, and legal from
        any task."""
        for listener in list(self.audience):
            listener.close("the server is shutting down")
        if self._started:
            self._leave.set()
            with anyio.move_on_after(10, shield=True):
                await self._left.wait()
        self.threads.close()
        await self._supervisor.aclose()
        for catalogue in self.registry.catalogues():
            catalogue.detach()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[Kernel, None]:
        try:
            await self.start()
            yield self
        finally:
            with anyio.CancelScope(shield=True):
                await self.aclose()

    def spawn(self, function: Callable[[], Awaitable[Any]]) -> None:
        """Run a coroutine function in the background; what it raises is logged."""
        self._supervisor.spawn(function)

    def soon(self, function: Callable[[], Any]) -> None:
        """Run `function` on the event loop's thread: at once if this is it, else as soon as it can;
        nothing happens when the kernel does not run."""
        if not self._supervisor.running:
            return
        if threading.get_ident() == self._thread:
            function()
        else:
            anyio.from_thread.run_sync(function, token=self._token)

    # -- what sessions hear ------------------------------------------------------------------------

    def broadcast(self, notice: Any) -> None:
        """Post a notification to everyone who wants to hear it; from any thread."""

        def post() -> None:
            self.announce(notice)
            if self._hearsay is not None:
                self._hearsay.pass_on(notice)

        self.soon(post)

    def announce(self, notice: Any) -> None:
        """`broadcast` to the clients of this process, on the event loop's thread."""
        for listener in list(self.audience):
            if listener.hears(notice):
                listener.post(notice)

    async def execute(self, operation: str, params: Any, ctx: Any) -> Any:
        """Run an operation by name, stages included, as a request for it would."""
        found = self.operations.get(operation)
        if found is None:
            raise MethodNotFound(operation)
        return await self._staged(found)(params, ctx)


def _around(
    stage: Stage, inner: Callable[[Any, Any], Awaitable[Any]]
) -> Callable[[Any, Any], Awaitable[Any]]:
    run = stage.run

    def staged(params: Any, ctx: Any) -> Awaitable[Any]:
        return run(params, ctx, inner)

    return staged
