"""Whose call an upstream speaks of, when several callers share one session with it.

Rules of this file:
- A question must never reach another caller than the one whose call caused it: it is better refused
  than guessed. It is known from the call's number, which our own servers send back; from the call
  in whose answer the question came (MCP 2026-07-28, and responses that are streams); or because
  only one peer has calls under way.
- A call that was given up may still be asked about, so for a while it counts as under way.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define, field

from ...errors import InvalidRequest

if TYPE_CHECKING:
    from ...context import Context

LINGER_SECONDS = 10.0


_calling: ContextVar[Caller | None] = ContextVar("zcp_mount_caller", default=None)
"""The call whose answer is being read: a client answers what is part of it in its task."""


@define(eq=False)
class Caller:
    """A call under way: who made it here, and what waits on its behalf."""

    number: int
    ctx: Context
    token: Token[Any] | None = None
    waiting: set[anyio.CancelScope] = field(factory=set[anyio.CancelScope])

    @property
    def peer(self) -> Any:
        return self.ctx.session


class Callers:
    """The calls under way on one session. `home` is there when they are all one client's: it is
    asked also when no call is under way."""

    def __init__(self, home: Context | None = None) -> None:
        self._home = home
        self.now: dict[int, Caller] = {}
        self._last = 0
        self._given_up: dict[Any, float] = {}

    def enter(self, ctx: Context) -> Caller:
        self._last += 1
        caller = Caller(self._last, ctx)
        caller.token = _calling.set(caller)
        self.now[caller.number] = caller
        return caller

    def leave(self, caller: Caller, *, given_up: bool = False) -> None:
        """The call is over: what still waits on its behalf ends."""
        del self.now[caller.number]
        if caller.token is not None:
            _calling.reset(caller.token)
        for scope in caller.waiting:
            scope.cancel()
        if given_up:
            self._given_up[caller.peer] = anyio.current_time() + LINGER_SECONDS

    def whose(self, number: Any = None) -> Caller:
        """The call an upstream speaks of, with the number it gave if it gave one.

        Raises `InvalidRequest` if that cannot be known.
        """
        if number is not None:
            caller = self.now.get(number) if type(number) is int else None
            if caller is None:
                raise InvalidRequest("invalid: the call this belongs to has ended")
            return caller
        caller = _calling.get()
        if caller is not None and self.now.get(caller.number) is caller:
            return caller
        return self._only()

    def _only(self) -> Caller:
        now = anyio.current_time()
        self._given_up = {peer: until for peer, until in self._given_up.items() if until > now}
        peers = {caller.peer for caller in self.now.values()} | set(self._given_up)
        if not self.now and self._home is not None:
            return Caller(0, self._home)
        if not self.now:
            raise InvalidRequest("invalid: no call is under way that this could belong to")
        if len(peers) > 1:
            raise InvalidRequest(
                "ambiguous: several clients are calling through this connection, and nothing says "
                "whom this is for; mount the server with per='session'"
            )
        return self.now[max(self.now)]
