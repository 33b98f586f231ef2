"""The bodies of the kernel's own operations."""

from __future__ import annotations

from ...contracts import Handler, Operation
from ...methods import REQUESTS
from . import basics, calling, handles, listing, prompting, reading, tasks

_BODIES: dict[str, Handler] = {
    "ping": basics.ping,
    "logging/setLevel": basics.set_level,
    "tools/list": listing.tools,
    "tools/call": calling.call_tool,
    "resources/list": listing.resources,
    "resources/templates/list": listing.templates,
    "resources/read": reading.read_resource,
    "resources/subscribe": reading.subscribe,
    "resources/unsubscribe": reading.unsubscribe,
    "prompts/list": listing.prompts,
    "prompts/get": prompting.get_prompt,
    "completion/complete": prompting.complete,
    "tasks/create": calling.create_task,
    "tasks/list": tasks.list_tasks,
    "tasks/get": tasks.get_task,
    "tasks/result": tasks.task_result,
    "tasks/answer": tasks.answer_task,
    "tasks/cancel": tasks.cancel_task,
    "handles/list": handles.list_handles,
    "handles/get": handles.get_handle,
    "handles/read": handles.read_handle,
    "handles/count": handles.count_handle,
    "handles/release": handles.release_handle,
}


def core_operations() -> list[Operation]:
    """What every server can be asked, whatever plugins it has."""
    entries = {entry.operation: entry for entry in REQUESTS}
    return [
        Operation(name, entries[name].params, entries[name].result, body)
        for name, body in _BODIES.items()
    ]
