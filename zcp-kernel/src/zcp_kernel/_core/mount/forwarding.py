"""An invocation that passes its call on instead of calling a handler of this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from ..invoke import Invocation

if TYPE_CHECKING:
    from ...context import Context

Passing = Callable[[dict[str, Any], "Context"], Awaitable[Any]]


class Forwarding(Invocation):
    """`where` is what stands for the handler's place in messages."""

    __slots__ = ("_passing",)

    def __init__(self, passing: Passing, where: str) -> None:
        super().__init__(_handler, blocking=False)
        self.where = where
        self._passing = passing

    def __call__(self, arguments: dict[str, Any], ctx: Context) -> Awaitable[Any]:
        return self._passing(arguments, ctx)


async def _handler() -> None:
    """What the base knows of: it is never called."""
