"""Running the calls of a turn: all at once, answered in order, every failure an answer."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import anyio
from attrs import frozen
from zcp_kernel.errors import ZCPError
from zcp_kernel.jsontext import is_object

from .approval import Answer
from .keeping import KeptResults
from .output import ERROR, encode_tool_output, error_text, images_of
from .shapes import ToolCall, ToolOutput
from .source import ToolSource

logger = logging.getLogger("zcp.adapters")

LocalTool = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@frozen
class Runner:
    """`local` are the adapter's own tools, by name; others run at the source.

    `timeout` is seconds a call, `at_once` how many calls run at the same time.
    """

    source: ToolSource
    kept: KeptResults | None
    local: Mapping[str, LocalTool]
    timeout: float | None
    at_once: int

    async def run(
        self, calls: Sequence[ToolCall], decisions: Mapping[str, Answer]
    ) -> list[ToolOutput]:
        """The outputs, in the order of the calls. Raises nothing of a call's own; cancelling stops
        every call, and tells the server."""
        outputs: dict[int, ToolOutput] = {}
        room = anyio.CapacityLimiter(self.at_once)

        async def one(number: int, call: ToolCall) -> None:
            async with room:
                outputs[number] = await self._answered(call, decisions.get(call.id, True))

        async with anyio.create_task_group() as group:
            for number, call in enumerate(calls):
                group.start_soon(one, number, call)
        return [outputs[number] for number in range(len(calls))]

    async def _answered(self, call: ToolCall, decision: Answer) -> ToolOutput:
        if call.fault is not None:
            return ToolOutput(call, ERROR + call.fault, is_error=True)
        if decision is not True:
            why = f": {decision}" if decision else ""
            return ToolOutput(call, f"{ERROR}the user refused this call{why}", is_error=True)
        try:
            with anyio.fail_after(self.timeout):
                result = await self._result(call)
            text = encode_tool_output(result)
        except TimeoutError:
            text = f"{ERROR}no answer within {self.timeout:g} s"
            return ToolOutput(call, text, is_error=True)
        except ZCPError as error:
            return ToolOutput(call, error_text(error.message, error.data), is_error=True)
        except Exception as error:
            # The conversation must stay whole whatever a session of another make raises.
            logger.warning("the call of %s failed", call.name, exc_info=error)
            text = error_text(str(error) or type(error).__name__)
            return ToolOutput(call, text, is_error=True)
        return ToolOutput(call, text, bool(result.get("isError")), images_of(result))

    async def _result(self, call: ToolCall) -> dict[str, Any]:
        own = self.local.get(call.name)
        if own is not None:
            return await own(call.arguments)
        arguments: Any = call.arguments
        if self.kept is not None:
            arguments = await self.kept.resolved(arguments)
        result = await self.source.call(call.name, arguments if is_object(arguments) else {})
        return result if self.kept is None else await self.kept.shown(result)
