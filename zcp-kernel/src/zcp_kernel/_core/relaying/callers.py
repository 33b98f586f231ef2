"""Whose call an upstream speaks of, when several callers share one session with it.

Rules of this file:
- A question must never reach another caller than the one whose call caused it: it is better refused
  than guessed. It is known from the call's number, which our own servers send back; from the call
  in whose answer the question came (MCP 2026-07-28, and responses that are streams); or because
  only one peer has calls under way.
- A call that was given up may still be asked about, so for a while it counts as under way.
- A server that has sent a number back once always does: what it says without one is about no call.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from typing import TYPE_CHECKING, Any

import anyio
from attrs import frozen

from ...errors import InvalidRequest

if TYPE_CHECKING:
    from ...context import Context

LINGER_SECONDS = 10.0


_calling: ContextVar[Caller | None] = ContextVar("zcp_mount_caller", default=None)
"""The call whose answer is being read: a client answers what is part of it in its task."""


@frozen
class About:
    """What an upstream says of the call it speaks of: the number we gave it, the id it gave the
    task it runs it as."""

    number: Any = None
    task: str | None = None


NOTHING_SAID = About()


class Caller:
    """A call under way: who made it here, and what waits on its behalf."""

    __slots__ = ("ctx", "number", "token", "waiting")

    def __init__(self, number: int, ctx: Context) -> None:
        self.number = number
        self.ctx = ctx
        self.token: Token[Caller | None] | None = None
        self.waiting: list[anyio.CancelScope] = []

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
        self._numbers = False
        self.tasks: dict[str, Caller] = {}
        """Those whose calls the upstream runs as tasks, by the ids of these."""

    def enter(self, ctx: Context, number: int | None = None) -> Caller:
        """A call begins; one that goes on after its first answer has a `number` already."""
        if number is None:
            self._last = number = self._last + 1
        caller = self.now[number] = Caller(number, ctx)
        caller.token = _calling.set(caller)
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

    def whose(self, about: About) -> Caller:
        """The call an upstream asks for, by what it says of it.

        Raises `InvalidRequest` if that cannot be known.
        """
        caller = self._named(about)
        if caller is not None:
            return caller
        peers = self._peers()
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

    def told(self, about: About) -> Caller | None:
        """The call an upstream tells of; None if what it says is about none.

        Raises `InvalidRequest` where it may be about a call, and that is over or nobody knows which
        it is: what is one client's is not for the others.
        """
        caller = self._named(about)
        if caller is not None:
            return caller
        if self._numbers or not self._peers():
            return None
        return self.whose(about)

    def _named(self, about: About) -> Caller | None:
        if about.number is not None or about.task is not None:
            number, task = about.number, about.task
            caller = self.tasks.get(task) if task is not None else None
            if caller is None and type(number) is int:
                caller = self.now.get(number)
            if caller is None:
                raise InvalidRequest("invalid: the call this belongs to has ended")
            self._numbers = self._numbers or number is not None
            return caller
        caller = _calling.get()
        return caller if caller is not None and self.now.get(caller.number) is caller else None

    def _peers(self) -> set[Any]:
        """Those with calls under way, or given up not long ago."""
        now = anyio.current_time()
        self._given_up = {peer: until for peer, until in self._given_up.items() if until > now}
        return {caller.peer for caller in self.now.values()} | set(self._given_up)
