"""The native plane's wire: absent means default, one carrier, flat tasks."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel import model
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.methods import NOTICES, PEER_REQUESTS, REQUESTS
from zcp_profiles.native.dialect import NativeDialect

from .populate import full

REVISION = NativeDialect().revision()
CODEC: Any = REVISION.codec  # type: ignore[attr-defined]


def wire(value: Any) -> Any:
    return loads(dumps(CODEC.encode(value)))


@pytest.mark.parametrize(
    ("shape", "sent"),
    [
        (model.CallResult(), {}),
        (model.CallResult(is_error=True), {"isError": True}),
        (model.CallResult(structured_content=[1]), {"structuredContent": [1]}),
        (
            model.CallResult(structured_content={"a": 1}, encoded=b'{"a":1}'),
            {"structuredContent": {"a": 1}},
        ),
        (model.ToolDefinition("x"), {"name": "x"}),
        (model.ListToolsResult([]), {"tools": []}),
        (model.PingResult(), {"ok": True}),
        (
            model.CompletionRequest({"type": "ref/prompt", "name": "p"}, "a"),
            {"ref": {"type": "ref/prompt", "name": "p"}, "argument": {"name": "a", "value": ""}},
        ),
        (model.TaskPayload({"rows": 2}, task_id="t"), {"rows": 2}),
        (model.TaskPayload(None), None),
        (model.TaskPayload(model.CallResult(structured_content=3)), {"structuredContent": 3}),
    ],
)
def test_absent_means_default(shape: Any, sent: Any) -> None:
    assert wire(shape) == sent


def test_defaults_are_filled_in_when_reading() -> None:
    call = REVISION.requests["tools/call"]
    assert call.decode_result({"structuredContent": 3}) == model.CallResult(structured_content=3)
    assert call.decode_params({"name": "x"}) == model.CallRequest("x")
    assert REVISION.requests["ping"].decode_result({"ok": True}) == model.PingResult()


def test_a_task_travels_flat() -> None:
    created = model.CreateTaskResult(full(model.TaskDescriptor))
    assert wire(created) == wire(created.task)
    assert wire(created)["kind"] == "x"
    for method in ("tools/call", "tasks/create"):
        assert REVISION.requests[method].decode_result(wire(created)) == created


def test_the_result_of_a_task_is_the_value() -> None:
    method = REVISION.requests["tasks/result"]
    assert method.decode_result([1]) == model.TaskPayload([1])


def test_every_operation_has_its_method() -> None:
    assert set(REVISION.requests) == {entry.operation for entry in REQUESTS} | {
        "completions/complete"
    }
    assert REVISION.requests["completions/complete"].operation == "completion/complete"
    # Who looks a method up by its operation finds the one to send.
    by_operation = {method.operation: method for method in REVISION.requests.values()}
    assert by_operation["completion/complete"].method == "completion/complete"
    assert set(REVISION.peer_requests) == {entry.operation for entry in PEER_REQUESTS}
    assert set(REVISION.notifications) == set(NOTICES)


def test_answers_to_questions_that_were_never_asked_are_not_understood() -> None:
    call = REVISION.requests["tools/call"].decode_params({"name": "x", "inputResponses": {"a": 1}})
    assert call.input_responses is None
    assert call.extras == {"inputResponses": {"a": 1}}


def test_absent_parameters_are_empty() -> None:
    for method in ("ping", "tools/list"):
        assert REVISION.requests[method].decode_params(None) is not None
