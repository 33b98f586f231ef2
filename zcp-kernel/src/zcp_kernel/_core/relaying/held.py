"""Calls that go on while their caller is away to answer.

A client of a revision that retries (MCP 2026-07-28, basic/patterns/mrtr) is asked by ending its
call; it calls again with the answers, and the handler runs again. Here the handler is a call of
another server, which must not be made twice for that: it is held, with the question open, and the
retry finds it again.

Rules of this file:
- A held call is known by a random token in the sealed state the client sends back, which is bound
  to the caller and the call: nobody else can find it.
- A call whose caller does not come back in time is given up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Any

import anyio
from attrs import define, field

from ...errors import DeadlineExceeded
from ...ids import new_id
from ..asking import Question

if TYPE_CHECKING:
    from ...context import Context
    from ..kernel import Kernel

HOLD_SECONDS = 300.0
"""How long a call waits for its caller to come back."""

MOST_HELD = 1000
"""How many calls may be held; one more runs again on a retry."""

Work = Callable[["Context"], Awaitable[Any]]


class HeldCalls:
    """The calls of one upstream whose callers may be away."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._calls: dict[str, HeldCall] = {}

    async def through(self, ctx: Context, work: Work) -> Any:
        """`await work(ctx)`, begun once however often the caller calls again."""
        if ctx.asker is None or ctx.task is not None:
            return await work(ctx)
        token = await ctx.asker.once("zcp/held", _token)
        held = self._calls.get(token)
        if held is None:
            if len(self._calls) >= MOST_HELD:
                return await work(ctx)
            held = self._calls[token] = HeldCall(ctx, partial(self._calls.pop, token, None))
            self._kernel.spawn(partial(held.run, work))
        return await held.follow(ctx)


async def _token() -> str:
    return new_id()


@define(eq=False)
class _Asked:
    question: Question
    answered: anyio.Event = field(factory=anyio.Event)
    answer: Any = None
    error: Exception | None = None


class HeldCall:
    """One call, and what it asks. Its work sees a context whose questions wait here."""

    def __init__(self, ctx: Context, over: Callable[[], Any]) -> None:
        self.open: dict[str, _Asked] = {}
        self._over = over
        self._ctx = copy(ctx)
        self._ctx.asker = self
        self._asked = 0
        self._scope = anyio.CancelScope()
        self._changed = anyio.Event()
        self._fetched = anyio.Event()
        self._followers = 0
        self._done = False
        self._result: Any = None
        self._error: Exception | None = None

    # -- the work ---------------------------------------------------------------------------------

    async def run(self, work: Work) -> None:
        """Do it, and keep what came of it until it is fetched."""
        try:
            with self._scope:
                self._error = DeadlineExceeded("deadline: the caller did not come back in time")
                try:
                    self._result = await work(self._ctx)
                    self._error = None
                except Exception as error:
                    self._error = error
            self._done = True
            self._wake()
            with anyio.move_on_after(HOLD_SECONDS):
                await self._fetched.wait()
        finally:
            self._over()

    async def ask(self, questions: Mapping[str, Question], *, declared: bool = False) -> Any:
        """`Asker.ask` for the work: wait until the caller has answered, however often it comes."""
        asked = {key: _Asked(question) for key, question in questions.items()}
        self.open |= asked
        self._wake()
        try:
            for each in asked.values():
                await each.answered.wait()
                if each.error is not None:
                    raise each.error
        finally:
            for key in asked:
                self.open.pop(key, None)
        return {key: each.answer for key, each in asked.items()}

    def key_for(self, question: Question) -> str:
        self._asked += 1
        return f"{question.operation.partition('/')[0]}-{self._asked}"

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
        """The work runs once."""
        return await function()

    # -- the caller -------------------------------------------------------------------------------

    async def follow(self, ctx: Context) -> Any:
        """Wait for the end on behalf of a caller, who answers what is asked until then."""
        self._speak_to(ctx)
        self._followers += 1
        try:
            while not self._done:
                if self.open:
                    await self._have_answered(ctx)
                else:
                    await self._next_change()
        finally:
            self._followers -= 1
        self._fetched.set()
        if self._error is not None:
            raise self._error
        return self._result

    async def _have_answered(self, ctx: Context) -> None:
        asked = dict(self.open)
        self._scope.deadline = anyio.current_time() + HOLD_SECONDS
        try:
            # Where an answer is missing the caller's run ends here, and comes again with it.
            answers = await ctx.put({key: each.question for key, each in asked.items()})
        except Exception as error:
            for each in asked.values():
                each.error = error
        else:
            for key, each in asked.items():
                each.answer = answers[key]
        self._scope.deadline = inf
        for key, each in asked.items():
            self.open.pop(key, None)
            each.answered.set()

    async def _next_change(self) -> None:
        try:
            await self._changed.wait()
        except anyio.get_cancelled_exc_class():
            # The caller gave the call up; it was not asked to come back.
            if self._followers == 1:
                self._scope.cancel()
                self._fetched.set()
            raise

    def _speak_to(self, ctx: Context) -> None:
        """What the work says from now on reaches the caller where it is now."""
        own = self._ctx
        own.session, own.related, own.meta = ctx.session, ctx.related, ctx.meta
        own.request_id, own.exchange = ctx.request_id, ctx.exchange

    def _wake(self) -> None:
        changed, self._changed = self._changed, anyio.Event()
        changed.set()
