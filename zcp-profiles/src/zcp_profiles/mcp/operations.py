"""The operations of MCP's stateless revision, with what answers them."""

from __future__ import annotations

from zcp_kernel.contracts import Handler, Operation

from . import discovering, entries, listening, task_extension
from .metadata import TASKS

_BODIES: dict[str, Handler] = {
    entries.DISCOVER: discovering.discover,
    entries.LISTEN: listening.listen,
    entries.GET_TASK: task_extension.get_task,
    entries.UPDATE_TASK: task_extension.update_task,
    entries.CANCEL_TASK: task_extension.cancel_task,
}


def stateless_operations() -> list[Operation]:
    """For MCP alone: the native plane has a session for all of it."""
    return [
        Operation(
            entry.operation,
            entry.params,
            entry.result,
            _BODIES[entry.operation],
            methods={"native": ""},
            extension=TASKS if entry.operation in entries.TASK_EXTENSION else None,
        )
        for entry in entries.REQUESTS
    ]
