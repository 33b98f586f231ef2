"""Tasks as 2025-11-25 has them: one flat shape, no kinds, no queue.

`kind` is no line of the field history because the model cannot do without it: it is taken off the
wire here, and put back.
"""

from __future__ import annotations

from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import PLAIN, Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.errors import InvalidParams
from zcp_kernel.jsontext import is_list, is_object

RELATED_TASK = "io.modelcontextprotocol/related-task"
KIND = "tools/call"
"""The kind of every task a server of this revision makes; it is not told on the wire."""


def task_hooks() -> HookTable:
    descriptor = Hooks(encode=_flat, decode=_of_a_call)
    return {
        model.TaskDescriptor: (descriptor,),
        model.TaskStatusChanged: (descriptor,),
        model.TaskPayload: (Hooks(encode=_original_result),),
        model.SamplingRequest: (Hooks(encode=_question),),
        model.ElicitationRequest: (Hooks(encode=_question),),
    }


def _flat(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(task: model.TaskDescriptor) -> dict[str, Any]:
        out: dict[str, Any] = derived(task)
        del out["kind"]
        out["ttl"] = task.ttl
        if task.status == "queued":
            out["status"] = "working"
        return out

    return encode


def _of_a_call(codec: ModelCodec, derived: Convert) -> Convert:
    def decode(raw: Any) -> Any:
        return derived({**raw, "kind": KIND} if is_object(raw) else raw)

    return decode


def _original_result(codec: ModelCodec, derived: Convert) -> Convert:
    """Exactly what the call would have answered, and which task it came from."""

    def encode(payload: model.TaskPayload) -> dict[str, Any]:
        out: dict[str, Any] = codec.encode(_as_result(payload.value))
        if payload.task_id is not None:
            out["_meta"] = {**out.get("_meta", {}), RELATED_TASK: {"taskId": payload.task_id}}
        return out

    return encode


def _question(codec: ModelCodec, derived: Convert) -> Convert:
    """What a task asks says which it is (2025-11-25, basic/utilities/tasks, "Related Task
    Metadata")."""

    def encode(question: Any) -> dict[str, Any]:
        out: dict[str, Any] = derived(question)
        if question.of_task is not None:
            out["_meta"] = {**out.get("_meta", {}), RELATED_TASK: {"taskId": question.of_task}}
        return out

    return encode


def _as_result(value: Any) -> Any:
    if isinstance(value, model.Shape):
        return value
    if is_object(value) and is_list(value.get("content")):
        try:
            return PLAIN.decode(model.CallResult, value)
        except InvalidParams:
            pass
    return model.CallResult(structured_content=value)
