"""Tool results, tool definitions and tasks across revisions."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from zcp_kernel import model
from zcp_kernel.codec import PLAIN
from zcp_kernel.errors import InvalidParams
from zcp_kernel.jsontext import dumps, loads
from zcp_profiles.mcp.history import R1, R2, R3, R4, R5, REVISIONS
from zcp_profiles.mcp.revisions import make_codec, make_revision

from .populate import full
from .schema_files import validator

Carrier = Literal["both", "structured", "text"]
ROWS = {"rows": [1, 2]}


def wire(revision: str, value: Any) -> Any:
    return loads(dumps(make_codec(revision).encode(value)))


def told(revision: str, value: Any, **more: Any) -> tuple[Any, list[Any]]:
    out = wire(revision, model.CallResult(structured_content=value, **more))
    return out.get("structuredContent"), [block["text"] for block in out["content"]]


@pytest.mark.parametrize(
    ("revision", "value", "structured", "text"),
    [
        (R1, ROWS, None, ['{"rows":[1,2]}']),
        (R2, ROWS, None, ['{"rows":[1,2]}']),
        (R3, ROWS, ROWS, ['{"rows":[1,2]}']),
        (R4, ROWS, ROWS, ['{"rows":[1,2]}']),
        (R5, ROWS, ROWS, ['{"rows":[1,2]}']),
        (R3, [1], None, ["[1]"]),
        (R4, "x", None, ["x"]),
        (R5, "x", "x", ['"x"']),
        (R5, [1], [1], ["[1]"]),
        (R5, False, False, ["false"]),
    ],
)
@pytest.mark.parametrize("encoded", [False, True])
def test_a_structured_result_and_its_mirror(
    revision: str, value: Any, structured: Any, text: list[str], encoded: bool
) -> None:
    more = {"encoded": dumps(value)} if encoded else {}
    assert told(revision, value, **more) == (structured, text)


@pytest.mark.parametrize(
    ("revision", "carrier", "structured", "text"),
    [
        (R4, "both", ROWS, ['{"rows":[1,2]}']),
        (R4, "structured", ROWS, []),
        (R4, "text", None, ['{"rows":[1,2]}']),
        (R1, "structured", None, ['{"rows":[1,2]}']),
        (R5, "text", None, ['{"rows":[1,2]}']),
    ],
)
def test_the_carrier_setting(
    revision: str, carrier: Carrier, structured: Any, text: list[str]
) -> None:
    assert told(revision, ROWS, carrier=carrier) == (structured, text)


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_handlers_own_blocks_are_not_added_to(revision: str) -> None:
    assert told(revision, ROWS, content=[model.TextContent("two rows")])[1] == ["two rows"]


def test_what_is_encoded_already_is_used_as_it_is() -> None:
    assert told(R4, ROWS, encoded=b'{ "rows": [1, 2] }') == (ROWS, ['{ "rows": [1, 2] }'])


@pytest.mark.parametrize(("revision", "kept"), [(R1, False), (R3, False), (R4, False), (R5, True)])
def test_an_output_schema_that_is_no_object(revision: str, kept: bool) -> None:
    tool = model.ToolDefinition("x", output_schema={"type": "array"})
    assert ("outputSchema" in wire(revision, tool)) is kept


def test_schemas_travel_verbatim() -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "$defs": {"a": {}},
        "allOf": [{"$ref": "#/$defs/a"}],
        "x-mine": 1,
    }
    for revision in REVISIONS:
        assert (
            wire(revision, model.ToolDefinition("x", input_schema=schema))["inputSchema"] == schema
        )


def test_results_of_the_stateless_revision_are_complete() -> None:
    codec = make_codec(R5)
    assert wire(R5, model.GetPromptResult([]))["resultType"] == "complete"
    assert codec.decode(model.GetPromptResult, {"messages": []}).extras is None
    whole = codec.decode(model.GetPromptResult, {"messages": [], "resultType": "complete"})
    assert whole.extras is None
    with pytest.raises(InvalidParams) as caught:
        codec.decode(model.GetPromptResult, {"messages": [], "resultType": "later"})
    assert [(f.path, f.code) for f in caught.value.faults] == [("resultType", "enum")]


def test_a_list_may_not_be_kept_unless_it_says_so() -> None:
    plain = wire(R5, model.ListToolsResult([]))
    assert (plain["ttlMs"], plain["cacheScope"]) == (0, "private")
    said = wire(R5, model.ListToolsResult([], ttl_ms=5, cache_scope="public"))
    assert (said["ttlMs"], said["cacheScope"]) == (5, "public")


def task(**given: Any) -> model.TaskDescriptor:
    made: model.TaskDescriptor = full(model.TaskDescriptor, **given)
    return made


def test_a_task_of_2025_11_25() -> None:
    out = wire(R4, task(status="queued", ttl=None))
    assert out["status"] == "working"
    assert out["ttl"] is None
    assert not {"kind", "inputRequests"} & set(out)
    assert make_codec(R4).decode(model.TaskDescriptor, out).ttl is None


def test_a_call_answers_with_a_task_or_a_result() -> None:
    call = make_revision(R4).requests["tools/call"]
    created = loads(dumps(call.encode_result(model.CreateTaskResult(task(status="working")))))
    assert set(created) == {"task"}
    assert isinstance(call.decode_result(created), model.CreateTaskResult)
    assert isinstance(call.decode_result({"content": []}), model.CallResult)


RESULT = model.CallResult(content=[model.TextContent("done")], structured_content=ROWS)


@pytest.mark.parametrize("value", [RESULT, PLAIN.encode(RESULT)], ids=["shape", "stored"])
def test_a_task_result_is_exactly_the_call_result(value: Any) -> None:
    method = make_revision(R4).requests["tasks/result"]
    out = loads(dumps(method.encode_result(model.TaskPayload(value, task_id="t1"))))
    meta = out.pop("_meta")
    assert meta == {"io.modelcontextprotocol/related-task": {"taskId": "t1"}}
    assert validator(R4, "RelatedTaskMetadata").is_valid(
        meta["io.modelcontextprotocol/related-task"]
    )
    assert out == wire(R4, RESULT)
    assert validator(R4, "CallToolResult").is_valid(out)
    assert method.decode_result(out) == model.TaskPayload(out)


def test_another_value_of_a_task_is_carried_as_a_call_result() -> None:
    out = wire(R4, model.TaskPayload([1, 2]))
    assert out["content"] == [{"type": "text", "text": "[1,2]"}]
    assert wire(R4, model.TaskPayload({"content": ["no block"]}))["structuredContent"] == {
        "content": ["no block"]
    }
