"""Coroutine methods of a session as plain ones, their signatures kept for checkers and readers."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from .inbox import Errand, Inbox

if TYPE_CHECKING:
    from ...client import ZCPClientSession

P = ParamSpec("P")
R = TypeVar("R")

PROGRESS = "progress"
"""The keyword of a call's own callback."""


class Waits(Protocol):
    """Waits for coroutines of a session that lives on another thread's event loop."""

    def wait_for(
        self, work: Callable[[ZCPClientSession, Inbox], Awaitable[R]], *, joins: bool = True
    ) -> R:
        """Raises what `work` raises. With `joins` the session is opened first if it is not."""
        ...


class Blocking(Generic[P, R]):
    """A descriptor: `name = Blocking(ZCPClientSession.name)` is that method without `await`."""

    def __init__(
        self, method: Callable[Concatenate[Any, P], Awaitable[R]], *, joins: bool = True
    ) -> None:
        self._method = method
        self._joins = joins
        self._plain = self._waiting(method)

    @overload
    def __get__(self, instance: None, owner: type) -> Callable[Concatenate[Any, P], R]: ...

    @overload
    def __get__(self, instance: Waits, owner: type) -> Callable[P, R]: ...

    def __get__(self, instance: Waits | None, owner: type) -> Any:
        return self._plain if instance is None else self._plain.__get__(instance, owner)

    def _waiting(self, method: Callable[..., Awaitable[R]]) -> Any:
        def plain(self: Waits, *arguments: Any, **options: Any) -> R:
            async def work(session: ZCPClientSession, inbox: Inbox) -> R:
                return await method(session, *arguments, **_told_in(inbox, options))

            return self.wait_for(work, joins=joins)

        joins = self._joins
        update_wrapper(plain, method)
        # Readers of a signature follow it to the method, which is a coroutine function.
        del plain.__wrapped__  # type: ignore[attr-defined]
        plain.__signature__ = inspect.signature(method)  # type: ignore[attr-defined]
        return plain


def _told_in(inbox: Inbox, options: dict[str, Any]) -> dict[str, Any]:
    """The options of a call, its progress callback run in the thread that waits for it."""
    callback = options.get(PROGRESS)
    if callback is None:
        return options

    def tell(*arguments: Any) -> None:
        inbox.put(Errand(partial(callback, *arguments)))

    return {**options, PROGRESS: tell}
