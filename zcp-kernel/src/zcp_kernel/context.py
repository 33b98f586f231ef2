"""What a handler can know and do while it runs: `ctx`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import anyio.from_thread
import anyio.lowlevel

from ._core import asking
from .errors import ToolError
from .model import (
    LOG_LEVELS,
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    LogMessage,
    Progress,
    SamplingRequest,
    SamplingResult,
)
from .model.notices import LogLevel

if TYPE_CHECKING:
    from .contracts import Channel
    from .runtime import Kernel
    from .security import Principal
    from .session import ZCPServerSession
    from .tasks import TaskExecutionContext

T = TypeVar("T")


class Context:
    """One request, as its handler sees it.

    Methods that speak to the peer are awaitable. A sync handler gets a view with the same names
    that are called without `await`. Ask by name (`ctx`) or by annotation (`Context`).
    """

    __slots__ = ("kernel", "meta", "operation", "related", "request_id", "session", "task")

    def __init__(
        self,
        kernel: Kernel,
        session: ZCPServerSession,
        operation: str,
        request_id: str | int | None = None,
        meta: Mapping[str, Any] | None = None,
        related: Channel | None = None,
        task: TaskExecutionContext | None = None,
    ) -> None:
        self.kernel = kernel
        self.session = session
        self.operation = operation
        self.request_id = request_id
        self.meta = meta
        self.related = related
        self.task = task

    @property
    def principal(self) -> Principal:
        """Who is calling."""
        return self.session.principal

    @property
    def session_id(self) -> str:
        return self.session.id

    @property
    def owner(self) -> str:
        """What tasks and handles made now belong to."""
        return self.session.owner

    @property
    def state(self) -> dict[str, Any]:
        """The session's own dict: what a handler leaves here, later calls of the session find."""
        return self.session.state.data

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        """Tell the caller how far the work is; nothing is sent unless it asked for progress."""
        notice = self._progress(progress, total, message)
        if notice is not None:
            await self.session.notify(notice, self.related)

    async def log(
        self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any
    ) -> None:
        """Send a log message; dropped below the level the client set. Raises `ValueError` for an
        unknown level."""
        notice = self._log(level, message, logger, data)
        if notice is not None:
            await self.session.notify(notice, self.related)

    async def elicit(
        self,
        message: str | Mapping[str, Any] | ElicitationRequest,
        schema: Mapping[str, Any] | None = None,
        *,
        url: str | None = None,
    ) -> ElicitationResult:
        """Ask the user. The result also unpacks: `action, content = await ctx.elicit(…)`.

        Raises `MissingCapability` if the client cannot ask.
        """
        return await self._ask(asking.elicitation(message, schema, url=url))

    async def create_message(
        self,
        messages: Any,
        *,
        max_tokens: int = 1024,
        system_prompt: str | None = None,
        **more: Any,
    ) -> SamplingResult:
        """Ask the client's model. Raises `MissingCapability` if the client has none."""
        return await self._ask(
            asking.sampling(messages, max_tokens=max_tokens, system_prompt=system_prompt, **more)
        )

    async def list_roots(self) -> ListRootsResult:
        """The places the client opens to this server."""
        return await self._ask(asking.roots())

    async def ask(self, **questions: asking.Question) -> dict[str, Any]:
        """Ask several things at once: `await ctx.ask(name=elicitation(…), dirs=roots())`.

        The parameter names are the keys of the answers.
        """
        answers: dict[str, Any] = {}

        async def one(key: str, question: asking.Question) -> None:
            answers[key] = await self._ask(question)

        with asking.single_cause():
            async with anyio.create_task_group() as group:
                for key, question in questions.items():
                    group.start_soon(one, key, question)
        return {key: answers[key] for key in questions}

    async def _ask(self, question: asking.Question) -> Any:
        return await self.session.ask(question.operation, question.params, self.related)

    def check_cancelled(self) -> None:
        """Raise if the call was cancelled; async code learns it at every `await` anyway."""

    def _progress(
        self, progress: float, total: float | None, message: str | None
    ) -> Progress | None:
        token = (self.meta or {}).get("progressToken")
        if token is None:
            return None
        return Progress(progress_token=token, progress=progress, total=total, message=message)

    def _log(
        self, level: LogLevel, message: Any, logger: str | None, data: Mapping[str, Any]
    ) -> LogMessage | None:
        if level not in LOG_LEVELS:
            raise ValueError(f"log level {level!r} is not one of {', '.join(LOG_LEVELS)}")
        wanted = self.session.state.log_level
        if wanted is None or LOG_LEVELS[level] < LOG_LEVELS[wanted]:
            return None
        return LogMessage(
            level=level, data={"message": message, **data} if data else message, logger=logger
        )

    def blocking(self) -> ThreadContext:
        """The view for a handler in a worker thread."""
        return ThreadContext(self)

    def inline(self) -> InlineContext:
        """The view for a sync handler that runs on the event loop."""
        return InlineContext(self)


class _SyncContext:
    """What the views for sync handlers share."""

    __slots__ = ("_ctx",)

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ctx, name)


class ThreadContext(_SyncContext):
    """`Context` from a worker thread: every method waits until the loop has done it."""

    __slots__ = ()

    def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        anyio.from_thread.run(self._ctx.report_progress, progress, total, message)

    def log(self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any) -> None:
        notice = self._ctx._log(level, message, logger, data)
        if notice is not None:
            anyio.from_thread.run(self._ctx.session.notify, notice, self._ctx.related)

    def elicit(
        self, message: Any, schema: Mapping[str, Any] | None = None, *, url: str | None = None
    ) -> ElicitationResult:
        return self._wait(asking.elicitation(message, schema, url=url))

    def create_message(self, messages: Any, **options: Any) -> SamplingResult:
        return self._wait(asking.sampling(messages, **{"max_tokens": 1024, **options}))

    def list_roots(self) -> ListRootsResult:
        return self._wait(asking.roots())

    def ask(self, **questions: asking.Question) -> dict[str, Any]:
        async def all_at_once() -> dict[str, Any]:
            return await self._ctx.ask(**questions)

        return anyio.from_thread.run(all_at_once)

    def check_cancelled(self) -> None:
        anyio.from_thread.check_cancelled()

    def _wait(self, question: asking.Question) -> Any:
        return anyio.from_thread.run(self._ctx._ask, question)


class InlineContext(_SyncContext):
    """`Context` on the event loop without `await`: what it says is sent as soon as the handler
    returns; it cannot wait for an answer."""

    __slots__ = ()

    def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        self._post(self._ctx._progress(progress, total, message))

    def log(self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any) -> None:
        self._post(self._ctx._log(level, message, logger, data))

    def _post(self, notice: Any) -> None:
        if notice is not None:
            self._ctx.session.post(notice, self._ctx.related)

    def _cannot(self, *_: Any, **__: Any) -> Any:
        raise ToolError(
            "a handler registered with blocking=False cannot wait for the client; make it async, "
            "or leave out blocking=False so that it runs in a thread"
        )

    elicit = create_message = list_roots = ask = _cannot


def sampling(messages: Any, **options: Any) -> asking.Question:
    """A question for `ctx.ask`: see `Context.create_message`."""
    return asking.sampling(messages, **{"max_tokens": 1024, **options})


def elicitation(
    message: Any, schema: Mapping[str, Any] | None = None, *, url: str | None = None
) -> asking.Question:
    """A question for `ctx.ask`: see `Context.elicit`."""
    return asking.elicitation(message, schema, url=url)


def roots() -> asking.Question:
    """A question for `ctx.ask`: see `Context.list_roots`."""
    return asking.roots()
