"""What only MCP has, by the operations and notifications of its stateless revision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from zcp_kernel import model
from zcp_kernel.codec import ModelCodec
from zcp_kernel.jsontext import is_object
from zcp_kernel.methods import Entry, read_created_task

DISCOVER = "mcp/discover"
LISTEN = "mcp/listen"
GET_TASK = "mcp/tasks/get"
UPDATE_TASK = "mcp/tasks/update"
CANCEL_TASK = "mcp/tasks/cancel"

REQUESTS: tuple[Entry, ...] = (
    Entry(DISCOVER, model.Empty, model.DiscoverResult),
    Entry(LISTEN, model.ListenParams, model.ListenResult),
    Entry(GET_TASK, model.TaskParams, model.DetailedTask),
    Entry(UPDATE_TASK, model.UpdateTaskParams, model.Acknowledged),
    Entry(CANCEL_TASK, model.TaskParams, model.Acknowledged),
)

TASK_EXTENSION = frozenset({GET_TASK, UPDATE_TASK, CANCEL_TASK})
"""The operations of the extension `io.modelcontextprotocol/tasks`."""

NOTICES: Mapping[str, type] = {
    "notifications/subscriptions/acknowledged": model.SubscriptionAcknowledged,
    "notifications/tasks": model.TaskChanged,
}

REPLAYED = frozenset({"tools/call", "prompts/get", "resources/read"})
"""Operations that may be answered with questions (basic/patterns/mrtr)."""


def replaying(entry: Entry) -> Entry:
    """The entry of a revision whose results say what kind they are: the call made, a task made of
    it, or what the server needs first. Absent means made: an older server's answer."""
    if entry.operation not in REPLAYED:
        return entry
    result: type[Any] = entry.result

    def read(codec: ModelCodec, raw: Any) -> Any:
        kind = raw.get("resultType") if is_object(raw) else None
        if kind == "input_required":
            return codec.decode(model.InputRequiredResult, raw)
        if kind == "task" and entry.operation == "tools/call":
            return read_created_task(codec, raw)
        return codec.decode(result, raw)

    return evolve(entry, read_result=read)
