"""What only MCP has, by the operations and notifications of its stateless revision: data only."""

from __future__ import annotations

from collections.abc import Mapping

from zcp_kernel import model
from zcp_kernel.methods import Entry

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
