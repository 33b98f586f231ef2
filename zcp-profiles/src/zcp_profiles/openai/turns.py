"""Single turns of the Responses API, for those who own the loop."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast

from zcp_kernel.jsontext import is_object

from ..adapters.output import ERROR, encode_tool_output, images_of
from ..adapters.shapes import Event, Reply, Status, TextDelta, ToolOutput, TurnEnded, TurnResult
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .asking import Asking, said
from .responses_wire import ResponsesWire
from .tools import compile_openai_tools

Results = Mapping[str, Any] | Iterable[ToolOutput]
"""Outputs, or results by the call's id: what `call_tool` returned, or any JSON value."""


async def run_responses_turn(
    client: Any,
    *,
    model: str,
    input: Prompt,
    tools: Any = (),
    instructions: str | None = None,
    **request: Any,
) -> TurnResult:
    """Ask once. Status "calls" means that `result.calls` are to be run and their results handed to
    `submit_tool_results`.

    `tools` is what `compile_openai_tools` gave, or anything it takes; `input` is text, or items
    such as another turn's `history` with new ones behind it; `request` holds further parameters of
    the API. Raises what the client raises, and `ModelFailed`.
    """
    wire = ResponsesWire(Asking(client, model, instructions, request=request))
    compiled, history = _compiled(tools), said(input)
    return _turn(await wire.ask(history, compiled), history, compiled)


async def stream_responses_turn(
    client: Any,
    *,
    model: str,
    input: Prompt,
    tools: Any = (),
    instructions: str | None = None,
    **request: Any,
) -> AsyncGenerator[Event]:
    """As `run_responses_turn`, event by event: `TextDelta`s, and in the end one `TurnEnded`."""
    wire = ResponsesWire(Asking(client, model, instructions, request=request))
    compiled, history = _compiled(tools), said(input)
    async with aclosing(wire.stream(history, compiled)) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                yield part
            else:
                yield TurnEnded(_turn(part, history, compiled))


async def submit_tool_results(
    client: Any,
    turn: TurnResult,
    results: Results,
    *,
    model: str,
    tools: Any = (),
    instructions: str | None = None,
    **request: Any,
) -> TurnResult:
    """Tell the model the results of a turn's calls, in the order of the calls, and ask again.

    A call without a result is answered with an error, so that the conversation stays whole. Raises
    `ValueError` for a result of a call the turn does not have, and as `run_responses_turn`.
    """
    wire = ResponsesWire(Asking(client, model, instructions, request=request))
    history = [*turn.history, *wire.answered(_outputs(turn, results))]
    compiled = _compiled(tools)
    return _turn(await wire.ask(history, compiled), history, compiled)


def _compiled(tools: Any) -> CompiledTools:
    return tools if isinstance(tools, CompiledTools) else compile_openai_tools(tools)


def _turn(reply: Reply, history: Sequence[dict[str, Any]], tools: CompiledTools) -> TurnResult:
    calls = tuple(tools.call(raw) for raw in reply.calls)
    status: Status = "completed"
    if reply.ended == "incomplete" or reply.ended == "refused":
        status = reply.ended
    return TurnResult(
        reply.text,
        "calls" if calls else status,
        calls,
        usage=reply.usage,
        history=(*history, *reply.items),
        response=reply.response,
    )


def _outputs(turn: TurnResult, results: Results) -> list[ToolOutput]:
    given: dict[str, Any]
    if is_object(results):
        given = dict(results)
    else:
        given = {output.call.id: output for output in cast("Iterable[ToolOutput]", results)}
    outputs: list[ToolOutput] = []
    for call in turn.calls:
        result = given.pop(call.id, {"content": [], "isError": True})
        if isinstance(result, ToolOutput):
            outputs.append(result)
            continue
        text = encode_tool_output(result)
        media = images_of(result) if is_object(result) else ()
        outputs.append(ToolOutput(call, text, text.startswith(ERROR), media))
    if given:
        raise ValueError(f"the turn has no call {', '.join(map(repr, given))}")
    return outputs
