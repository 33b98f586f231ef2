"""A tool is called; one that does not exist is refused."""

from __future__ import annotations

from typing import Any

from zcp_kernel.errors import RemoteError, SchemaRefused
from zcp_kernel.validation import CanonicalValidator

from ...jsonvalues import entries, is_object, members
from ..bench import Bench, Call
from ..outcome import Check, Failed

UNKNOWN_TOOL = "zcp_check_no_such_tool"
MOST = 3
"""So many harmless tools are called."""


async def call(bench: Bench) -> str:
    """An unknown tool is an error; the calls the user named succeed; harmless tools answer in the
    form their output schema promises, be it with an error of their own."""
    bench.need("tools")
    await _unknown(bench)
    calls = [each for each in bench.calls() if not each.only_as_task][:MOST]
    for each in calls:
        answer = await bench.client.call_tool(each.name, each.arguments, progress=lambda _: None)
        _fits(each, answer)
    if not calls:
        return "an unknown tool is refused; no tool says it only reads: --call NAME=ARGS names one"
    return f"an unknown tool is refused; called {', '.join(each.name for each in calls)}"


async def _unknown(bench: Bench) -> None:
    try:
        answer = await bench.client.call_tool(UNKNOWN_TOOL, {})
    except RemoteError:
        return
    if answer.get("isError") is not True:
        raise Failed("a tool that does not exist was called as if it did")


def _fits(called: Call, answer: dict[str, Any]) -> None:
    for block in entries(answer.get("content")):
        if not is_object(block) or not isinstance(block.get("type"), str):
            raise Failed(f"{called.name} answered with content that has no type")
    if answer.get("isError") is True:
        if called.named:
            raise Failed(f"{called.name} answered with an error: {_text(answer)}")
        return
    schema = called.tool.get("outputSchema")
    if schema is None or "handle" in answer:
        return
    if "structuredContent" not in answer:
        raise Failed(f"{called.name} has an output schema but answered without structured content")
    try:
        faults = CanonicalValidator(schema).check(answer["structuredContent"])
    except SchemaRefused:
        return
    if faults:
        where = f"{faults[0].path}: " if faults[0].path else ""
        raise Failed(
            f"{called.name} does not keep to its output schema: {where}{faults[0].message}"
        )


def _text(answer: dict[str, Any]) -> str:
    texts = [members(block).get("text") for block in entries(answer.get("content"))]
    return " ".join(str(text) for text in texts if text) or "it does not say which"


CALL = Check("call", call)
