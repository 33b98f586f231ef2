"""`Context` for handlers that are not coroutines: the same names, called without `await`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import anyio.to_thread

from ..errors import ToolError
from ..model import ElicitationResult, ListRootsResult, SamplingResult
from . import asking
from .threads import CallerGone, caller_is_gone, wait_on_loop

if TYPE_CHECKING:
    from ..context import Context
    from ..model import LogLevel

T = TypeVar("T")


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
        wait_on_loop(self._ctx.report_progress, progress, total, message)

    def log(self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any) -> None:
        notice = self._ctx.log_notice(level, message, logger, data)
        if notice is not None:
            wait_on_loop(self._ctx.session.notify, notice, self._ctx.related)

    def release_stream(self) -> bool:
        return wait_on_loop(self._ctx.release_stream)

    def elicit(
        self,
        message: Any,
        schema: Mapping[str, Any] | None = None,
        *,
        url: str | None = None,
        key: str | None = None,
    ) -> ElicitationResult:
        result: ElicitationResult = self._wait(asking.elicitation(message, schema, url=url), key)
        return result

    def create_message(
        self, messages: Any, *, key: str | None = None, **options: Any
    ) -> SamplingResult:
        question = asking.sampling(messages, **{"max_tokens": 1024, **options})
        result: SamplingResult = self._wait(question, key)
        return result

    def list_roots(self, *, key: str | None = None) -> ListRootsResult:
        result: ListRootsResult = self._wait(asking.roots(), key)
        return result

    def ask(self, **questions: asking.Question) -> dict[str, Any]:
        async def all_at_once() -> dict[str, Any]:
            return await self._ctx.ask(**questions)

        return wait_on_loop(all_at_once)

    def check_cancelled(self) -> None:
        if caller_is_gone():
            raise CallerGone

    def once(self, key: str, function: Callable[[], T]) -> T:
        async def in_thread() -> T:
            return await anyio.to_thread.run_sync(function)

        value: T = wait_on_loop(self._ctx.once, key, in_thread)
        return value

    def _wait(self, question: asking.Question, key: str | None) -> Any:
        return wait_on_loop(self._ctx.answer_to, question, key)


class InlineContext(_SyncContext):
    """`Context` on the event loop without `await`: what it says is sent as soon as the handler
    returns; it cannot wait for an answer."""

    __slots__ = ()

    def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        self._post(self._ctx.progress_notice(progress, total, message))

    def log(self, level: LogLevel, message: Any, *, logger: str | None = None, **data: Any) -> None:
        self._post(self._ctx.log_notice(level, message, logger, data))

    def _post(self, notice: Any) -> None:
        if notice is not None:
            self._ctx.session.post(notice, self._ctx.related)

    def _cannot(self, *_: Any, **__: Any) -> Any:
        raise ToolError(
            "a handler registered with blocking=False cannot wait for the client; make it async, "
            "or leave out blocking=False so that it runs in a thread"
        )

    elicit = create_message = list_roots = ask = once = release_stream = _cannot
