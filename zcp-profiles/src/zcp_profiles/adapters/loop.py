"""The loop: ask the model, run what it calls, tell it, ask again."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal

from .approval import Answer
from .output import names_handle
from .shapes import (
    Event,
    Reply,
    Status,
    TextDelta,
    ToolCall,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnResult,
    Usage,
)

if TYPE_CHECKING:
    from .adapter import ModelAdapter
    from .runner import Runner
    from .tools.toolbox import Toolbox
    from .wire import Prompt


class AgentLoop:
    """A conversation: every `run` goes on where the last one ended.

    With `discovery` the model sees three tools that find and call all others; `profile` names the
    view of the tools, the adapter's own if not given. `history` is the conversation so far, in the
    API's items, `usage` the tokens of all runs. One run at a time.
    """

    def __init__(
        self,
        adapter: ModelAdapter,
        *,
        discovery: bool = False,
        profile: str | None = None,
        max_turns: int | None = None,
        history: Sequence[dict[str, Any]] = (),
    ) -> None:
        self._adapter = adapter
        self._discovery = discovery
        self._profile = profile
        self._max_turns = max_turns or adapter.limits.max_turns
        self._waiting: tuple[ToolCall, ...] = ()
        self._running = False
        self.history: list[dict[str, Any]] = list(history)
        self.usage = Usage()

    @classmethod
    def of(cls, adapter: ModelAdapter, result: TurnResult) -> AgentLoop:
        """The conversation a result is the end of. It sees the adapter's own view of the tools;
        calls found by discovery can still be decided on."""
        names = {call.name for call in result.calls if call.name != call.api_name}
        by_discovery = any(call.api_name == "call_tool" for call in result.calls) and bool(names)
        loop = cls(adapter, discovery=by_discovery, history=result.history)
        loop._waiting = result.calls if result.status == "approval" else ()
        return loop

    async def run(self, prompt: Prompt) -> TurnResult:
        """See `ModelAdapter.run`. Raises `RuntimeError` while calls wait for approval."""
        return await _last(self._events(self._prompted(prompt), streaming=False))

    def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """As `run`, event by event; the last is `TurnEnded`."""
        return self._events(self._prompted(prompt), streaming=True)

    async def resume(self, decisions: Mapping[str, Answer]) -> TurnResult:
        """Run or refuse the calls that wait, and go on. Raises `RuntimeError` if none do."""
        if not self._waiting:
            raise RuntimeError("no call waits for approval")
        return await _last(self._events([], streaming=False, decisions=decisions))

    def _prompted(self, prompt: Prompt) -> list[dict[str, Any]]:
        if self._waiting:
            raise RuntimeError("calls wait for approval: resume() with a decision on each")
        return self._adapter.wire.prompted(prompt)

    async def _events(
        self,
        items: list[dict[str, Any]],
        *,
        streaming: bool,
        decisions: Mapping[str, Answer] | None = None,
    ) -> AsyncGenerator[Event]:
        box, runner = await self._adapter.toolbox(
            profile=self._profile, discovering=self._discovery
        )
        if self._running:
            raise RuntimeError("this conversation is in the middle of a run")
        self._running = True
        before = len(self.history)
        self.history += items
        run = _Run(self, box, runner)
        try:
            async with aclosing(self._played(run, box, streaming, decisions)) as events:
                async for event in events:
                    yield event
        except BaseException:
            if run.turns == 0 and decisions is None:
                # Nobody heard the prompt: it can be sent again.
                del self.history[before:]
            raise
        finally:
            self._running = False

    async def _played(
        self,
        run: _Run,
        box: Toolbox,
        streaming: bool,
        decisions: Mapping[str, Answer] | None,
    ) -> AsyncGenerator[Event]:
        if decisions is not None:
            waiting, self._waiting = self._waiting, ()
            held = {call.id: False for call in waiting if box.waits(call)}
            async with aclosing(run.answer(waiting, {**held, **decisions})) as events:
                async for event in events:
                    yield event
        for _ in range(self._max_turns):
            async with aclosing(run.turn(self._adapter, streaming=streaming)) as events:
                async for event in events:
                    yield event
            if run.status is not None:
                break
        yield TurnEnded(run.result(run.status or "max_turns"))

    def answered(self, outputs: Sequence[ToolOutput]) -> list[dict[str, Any]]:
        return self._adapter.wire.answered(outputs)

    def wait_for(self, calls: tuple[ToolCall, ...]) -> None:
        self._waiting = calls


class _Run:
    """One run of a loop: what it has come to so far."""

    def __init__(self, loop: AgentLoop, box: Toolbox, runner: Runner) -> None:
        self._loop = loop
        self._box = box
        self._runner = runner
        self._text = ""
        self._calls: tuple[ToolCall, ...] = ()
        self._pending: tuple[str, ...] = ()
        self._outputs: list[ToolOutput] = []
        self._usage = Usage()
        self._reading = any(names_handle(str(item)) for item in loop.history)
        self.turns = 0
        self._response: Any = None
        self.status: Status | None = None

    async def turn(self, adapter: ModelAdapter, *, streaming: bool) -> AsyncGenerator[Event]:
        """Ask once and run what is called; sets `status` when the run is over."""
        reply: Reply | None = None
        tools = self._box.sent(reading=self._reading)
        if streaming:
            stream = adapter.wire.stream(self._loop.history, tools)
            async with aclosing(stream) as parts:
                async for part in parts:
                    if isinstance(part, TextDelta):
                        yield part
                    else:
                        reply = part
        else:
            reply = await adapter.wire.ask(self._loop.history, tools)
        assert reply is not None
        self._take(reply)
        calls = tuple(self._box.call(raw) for raw in reply.calls)
        if not calls:
            self._loop.history += reply.items
            self.status = _ended(reply.ended)
            return
        held = [call for call in calls if self._box.waits(call)]
        if held and not adapter.gate.asks:
            self.status, self._calls = "approval", calls
            self._pending = tuple(call.id for call in held)
            self._loop.history += reply.items
            self._loop.wait_for(calls)
            return
        decisions = {call.id: await adapter.gate.ask(call) for call in held}
        async with aclosing(self.answer(calls, decisions, reply.items)) as events:
            async for event in events:
                yield event

    async def answer(
        self,
        calls: Sequence[ToolCall],
        decisions: Mapping[str, Answer],
        asked: Sequence[dict[str, Any]] = (),
    ) -> AsyncGenerator[Event]:
        """Run calls; they (`asked`) and their outputs enter the history together, so that a run cut
        short leaves no call without an answer."""
        for call in calls:
            yield ToolStarted(call)
        outputs = await self._runner.run(calls, decisions)
        self._outputs += outputs
        self._reading = self._reading or any(names_handle(output.text) for output in outputs)
        self._loop.history += [*asked, *self._loop.answered(outputs)]
        for output in outputs:
            yield ToolFinished(output)

    def _take(self, reply: Reply) -> None:
        self.turns += 1
        self._text = reply.text
        self._response = reply.response
        self._usage += reply.usage
        self._loop.usage += reply.usage

    def result(self, status: Status) -> TurnResult:
        return TurnResult(
            self._text,
            status,
            self._calls,
            self._pending,
            tuple(self._outputs),
            self._usage,
            self.turns,
            tuple(self._loop.history),
            self._response,
        )


def _ended(how: Literal["done", "calls", "paused", "incomplete", "refused"]) -> Status | None:
    """The status of a reply without calls; None where the model wants to go on."""
    if how == "paused":
        return None
    return "completed" if how == "done" or how == "calls" else how


async def _last(events: AsyncGenerator[Event]) -> TurnResult:
    result: TurnResult | None = None
    async with aclosing(events) as each:
        async for event in each:
            if isinstance(event, TurnEnded):
                result = event.result
    assert result is not None
    return result
