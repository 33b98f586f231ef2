"""The tools of one run: what the model is shown, and what its calls mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from zcp_kernel.validation import CanonicalValidator

from ..approval import Gatekeeper
from ..keeping import READER, KeptResults
from ..runner import LocalTool
from ..shapes import RawCall, ToolCall
from ..wire import Wire
from .compiled import CompiledTools
from .discovery import CALL, TOOLS, Discovery


@frozen
class Toolbox:
    """`all` goes to the API once there is a handle to read, `unread` before: a tool that nothing
    needs yet would cost in every request. `local` are the adapter's own tools by name."""

    all: CompiledTools
    unread: CompiledTools
    local: Mapping[str, LocalTool]
    discovery: Discovery | None
    gate: Gatekeeper

    @classmethod
    def of(
        cls,
        tools: Sequence[dict[str, Any]],
        wire: Wire,
        gate: Gatekeeper,
        kept: KeptResults | None,
        *,
        discovering: bool,
    ) -> Toolbox:
        """The tools themselves, or the three that stand for them; and the reader of handles."""
        discovery = Discovery(tools) if discovering else None
        shown = [*TOOLS] if discovery is not None else [*tools]
        local: dict[str, LocalTool] = {} if discovery is None else discovery.local()
        reader = _unused(READER, {str(tool["name"]) for tool in shown})
        if kept is not None and shown:
            shown.append(reader)
            local[reader["name"]] = kept.read
        checked = {
            str(tool["name"]): _checked(tool, local[str(tool["name"])])
            for tool in shown
            if tool["name"] in local
        }
        every = wire.compile(shown)
        return cls(every, every.without(reader["name"]), checked, discovery, gate)

    def sent(self, *, reading: bool) -> CompiledTools:
        """What goes to the API in the next request; `reading`: a handle is in the conversation."""
        return self.all if reading else self.unread

    def call(self, raw: RawCall) -> ToolCall:
        """What the model's call means, in the tool's own terms."""
        call = self.all.call(raw)
        if self.discovery is not None and call.name == CALL and call.fault is None:
            return self.discovery.meant(call)
        return call

    def waits(self, call: ToolCall) -> bool:
        """Whether this call needs approval."""
        if call.fault is not None or call.name in self.local:
            return False
        return self.gate.holds(self._tool(call))

    def _tool(self, call: ToolCall) -> Mapping[str, Any]:
        if self.discovery is not None:
            return self.discovery.find(call.name) or {}
        entry = self.all.entries.get(call.api_name)
        return {} if entry is None else entry.tool


def _checked(tool: dict[str, Any], run: LocalTool) -> LocalTool:
    """The tool, its arguments held against its schema first."""
    check = CanonicalValidator(tool["inputSchema"])

    async def checked(arguments: dict[str, Any]) -> dict[str, Any]:
        return await run(check.validate(arguments))

    return checked


def _unused(tool: dict[str, Any], names: set[str]) -> dict[str, Any]:
    name = str(tool["name"])
    while name in names:
        name = f"zcp_{name}"
    return {**tool, "name": name}
