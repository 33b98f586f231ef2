"""What a handler can know and do while it runs: `ctx`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import anyio

from ._core import asking
from ._core.sharing.once import at_most_once
from .model import (
    LOG_LEVELS,
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    LogMessage,
    Progress,
    SamplingResult,
)
from .model.notices import LogLevel

if TYPE_CHECKING:
    from ._core.exchange import Exchange
    from ._core.sync_context import InlineContext, ThreadContext
    from .contracts import Channel
    from .runtime import Kernel
    from .security import AuthContext, Principal
    from .session import ZCPServerSession
    from .tasks import TaskExecutionContext

T = TypeVar("T")
_NO_ANSWERS: Mapping[str, Any] = MappingProxyType({})


class Asker(Protocol):
    """Another way to get answers than asking the session's client and waiting."""

    async def ask(
        self, questions: Mapping[str, asking.Question], *, declared: bool = False
    ) -> dict[str, Any]: ...

    def key_for(self, question: asking.Question) -> str: ...

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any: ...


class Context:
    """One request, as its handler sees it; `extras` are its members that nobody here knows.

    Methods that speak to the peer are awaitable. A sync handler gets a view with the same names
    that are called without `await`. Ask by name (`ctx`) or by annotation (`Context`).
    """

    __slots__ = (
        "answers",
        "asker",
        "exchange",
        "extras",
        "headers",
        "kernel",
        "meta",
        "nested",
        "operation",
        "related",
        "request_id",
        "session",
        "task",
        "whole",
    )

    def __init__(
        self,
        kernel: Kernel,
        session: ZCPServerSession,
        operation: str,
        request_id: str | int | None = None,
        meta: Mapping[str, Any] | None = None,
        related: Channel | None = None,
        task: TaskExecutionContext | None = None,
        headers: Mapping[str, str] | None = None,
        exchange: Exchange | None = None,
    ) -> None:
        self.asker: Asker | None = None
        self.extras: dict[str, Any] | None = None
        self.nested = False
        self.whole = False
        self.exchange = exchange
        self.answers: Mapping[str, Any] = _NO_ANSWERS
        self.headers = headers
        self.kernel = kernel
        self.session = session
        self.operation = operation
        self.request_id = request_id
        self.meta = meta
        self.related = related
        self.task = task

    def within(self, *, whole: bool = True) -> Context:
        """For a tool call this request makes on the server: no task comes of it, nor, if `whole`, a
        handle; nothing of this request's envelope (`meta`, `headers`) is said of it."""
        inner = copy(self)
        inner.nested, inner.whole, inner.operation = True, whole or self.whole, "tools/call"
        inner.meta = inner.headers = None
        return inner

    @property
    def principal(self) -> Principal:
        """Who is calling."""
        return self.session.principal

    @property
    def auth(self) -> AuthContext | None:
        """What the caller's token says; None for callers who came without one."""
        return self.session.principal.auth

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
        notice = self.progress_notice(progress, total, message)
        if notice is not None:
            await self.session.notify(notice, self.related)

    async def log(
        self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any
    ) -> None:
        """Send a log message; dropped below the level the client set. Raises `ValueError` for an
        unknown level."""
        notice = self.log_notice(level, message, logger, data)
        if notice is not None:
            await self.session.notify(notice, self.related)

    async def release_stream(self) -> bool:
        """Let go of the connection this call holds: the client fetches the result when it comes
        back (SEP-1699). For calls so long that a held connection is a waste. False, and nothing
        happens, where the client could not."""
        close_early: Any = getattr(self.related, "close_early", None)
        return close_early is not None and bool(await close_early())

    async def elicit(
        self,
        message: str | Mapping[str, Any] | ElicitationRequest,
        schema: Mapping[str, Any] | None = None,
        *,
        url: str | None = None,
        key: str | None = None,
    ) -> ElicitationResult:
        """Ask the user. The result also unpacks: `action, content = await ctx.elicit(…)`.

        `key` names the question where the call is retried with its answer; it follows from the
        question if not given. Raises `MissingCapability` if the client cannot ask.
        """
        question = asking.elicitation(message, schema, url=url)
        result: ElicitationResult = await self.answer_to(question, key)
        return result

    async def create_message(
        self,
        messages: Any,
        *,
        max_tokens: int = 1024,
        system_prompt: str | None = None,
        key: str | None = None,
        **more: Any,
    ) -> SamplingResult:
        """Ask the client's model; `key` as for `elicit`. Raises `MissingCapability` if the client
        has none."""
        question = asking.sampling(
            messages, max_tokens=max_tokens, system_prompt=system_prompt, **more
        )
        result: SamplingResult = await self.answer_to(question, key)
        return result

    async def list_roots(self, *, key: str | None = None) -> ListRootsResult:
        """The places the client opens to this server; `key` as for `elicit`."""
        result: ListRootsResult = await self.answer_to(asking.roots(), key)
        return result

    async def ask(self, **questions: asking.Question) -> dict[str, Any]:
        """Ask several things at once: `await ctx.ask(name=elicitation(…), dirs=roots())`.

        The parameter names are the keys of the answers.
        """
        return await self.put(questions)

    async def put(
        self, questions: Mapping[str, asking.Question], *, declared: bool = False
    ) -> dict[str, Any]:
        """`ask` for a mapping. `declared` says that every run of the handler asks just these."""
        if self.asker is not None:
            return await self.asker.ask(questions, declared=declared)
        answers: dict[str, Any] = {}

        async def one(key: str, question: asking.Question) -> None:
            answers[key] = await asking.put_to_client(question, self)

        with asking.single_cause():
            async with anyio.create_task_group() as group:
                for key, question in questions.items():
                    group.start_soon(one, key, question)
        return {key: answers[key] for key in questions}

    async def once(self, key: str, function: Callable[[], Awaitable[T]]) -> T:
        """The value of `await function()`, which does not run again when the call is retried for
        an answer, or its task runs again elsewhere. That is at least once; with a durable store at
        most once, and a step that was cut off in an earlier run raises `ToolError`. The value must
        be JSON."""
        if self.task is not None:
            name = f"task:{self.task.task_id}:{key}"
            value = await at_most_once(self.kernel.stores, name, function)
        elif self.asker is not None:
            value = await self.asker.once(key, function)
        else:
            return await function()
        kept: T = value
        return kept

    def can_ask(self, operation: str) -> bool:
        """Whether the client can be asked: "sampling/createMessage", "elicitation/request" or
        "roots/list"."""
        return self.session.can_ask(operation)

    async def answer_to(self, question: asking.Question, key: str | None = None) -> Any:
        """The answer to one question; `elicit` and its siblings put it in words."""
        if self.asker is None:
            return await asking.put_to_client(question, self)
        key = key or self.asker.key_for(question)
        return (await self.asker.ask({key: question}))[key]

    def check_cancelled(self) -> None:
        """Raise if the call was cancelled; async code learns it at every `await` anyway."""

    def progress_notice(
        self, progress: float, total: float | None, message: str | None
    ) -> Progress | None:
        """What `report_progress` sends; None if the caller asked for no progress."""
        token = (self.meta or {}).get("progressToken")
        if token is None:
            return None
        return Progress(progress_token=token, progress=progress, total=total, message=message)

    def log_notice(
        self, level: LogLevel, message: Any, logger: str | None, data: Mapping[str, Any]
    ) -> LogMessage | None:
        """What `log` sends; None below the level the client set."""
        if level not in LOG_LEVELS:
            raise ValueError(f"log level {level!r} is not one of {', '.join(LOG_LEVELS)}")
        wanted = self.session.state.log_level
        if wanted is None or LOG_LEVELS[level] < LOG_LEVELS[wanted]:
            return None
        said = LogMessage(level, {"message": message, **data} if data else message, logger)
        return asking.of_call(said, self.meta)

    def blocking(self) -> ThreadContext:
        """The view for a handler in a worker thread."""
        from ._core.sync_context import ThreadContext

        return ThreadContext(self)

    def inline(self) -> InlineContext:
        """The view for a sync handler that runs on the event loop."""
        from ._core.sync_context import InlineContext

        return InlineContext(self)


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
