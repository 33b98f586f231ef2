"""Arguments repeated in headers: `x-mcp-header`."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import RegistrationError
from zcp_kernel.model import ToolDefinition
from zcp_profiles.mcp.mirrors import Mirror, mirrors_of

from .raw import headers_of, make_app, request, serving

pytestmark = pytest.mark.anyio

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "level": {"type": "integer", "x-mcp-header": "Level"},
        "dry": {"type": "boolean", "x-mcp-header": "Dry"},
        "where": {
            "type": "object",
            "properties": {"zone": {"type": "string", "x-mcp-header": "Zone"}},
        },
        "x-mcp-header": {"type": "string"},
        "query": {"type": "string", "default": {"x-mcp-header": "no annotation"}},
    },
}


def app() -> FastZCP:
    made = make_app()

    @made.tool(input_schema=SCHEMA)
    def run(**arguments: Any) -> str:
        return "ran"

    return made


async def answered(arguments: dict[str, Any], **headers: str) -> Any:
    async with serving(app()) as server:
        message = request("tools/call", {"name": "run", "arguments": arguments})
        given = {f"mcp-param-{name}": value for name, value in headers.items()}
        told, status = await server.answer(message, {**headers_of(message), **given})
    assert told["id"] == message["id"]
    if "error" in told:
        return told["error"]["code"], status
    return told["result"]["content"][0]["text"]


@pytest.mark.parametrize(
    ("arguments", "headers"),
    [
        ({}, {}),
        ({"query": "q"}, {}),
        ({"region": "us-west1"}, {"region": "us-west1"}),
        ({"region": "us-west1"}, {"region": "  us-west1\t"}),
        ({"region": ""}, {"region": ""}),
        ({"region": "Hello"}, {"region": "=?base64?SGVsbG8=?="}),
        ({"region": "SGVsbG8="}, {"region": "SGVsbG8="}),
        ({"region": "=?base64?SGVsbG8="}, {"region": "=?base64?SGVsbG8="}),
        ({"region": " 世界 "}, {"region": "=?base64?IOS4lueVjCA=?="}),
        ({"level": 42}, {"level": "42"}),
        ({"level": 42}, {"level": "42.0"}),
        ({"level": -7}, {"level": "-7"}),
        ({"dry": False}, {"dry": "false"}),
        ({"where": {"zone": "a"}}, {"zone": "a"}),
        ({"region": "x"}, {"region": "x", "unknown": "whatever"}),
    ],
)
async def test_headers_that_repeat_their_arguments(
    arguments: dict[str, Any], headers: dict[str, str]
) -> None:
    assert await answered(arguments, **headers) == "ran"


@pytest.mark.parametrize(
    ("arguments", "headers"),
    [
        ({"region": "us-west1"}, {}),
        ({"region": "us-west1"}, {"region": "us-west2"}),
        ({"region": "us-west1"}, {"region": "US-WEST1"}),
        ({"region": "Hello"}, {"region": "=?base64?SGVsbG8?="}),
        ({"region": "Hello"}, {"region": "=?base64?SGVs!!!bG8=?="}),
        ({"region": "é"}, {"region": "é"}),
        ({"region": "a"}, {"region": "a\x00"}),
        ({"level": 42}, {"level": "43"}),
        ({"level": 42}, {"level": "4e1"}),
        ({"level": 1}, {"level": "true"}),
        ({"dry": True}, {"dry": "True"}),
        ({"dry": True}, {"dry": "1"}),
        ({"where": {"zone": "a"}}, {}),
        ({"where": 5}, {"zone": "a"}),
        ({}, {"region": "us-west1"}),
        ({"region": None}, {"region": "null"}),
    ],
)
async def test_headers_that_do_not(arguments: dict[str, Any], headers: dict[str, str]) -> None:
    assert await answered(arguments, **headers) == (-32020, 400)


async def test_without_http_there_is_nothing_to_repeat() -> None:
    async with serving(app()) as server:
        told, _ = await server.answer(
            request("tools/call", {"name": "run", "arguments": {"region": "x"}})
        )
    assert "result" in told


def test_where_annotations_stand() -> None:
    assert mirrors_of(SCHEMA) == (
        Mirror("mcp-param-region", ("region",)),
        Mirror("mcp-param-level", ("level",)),
        Mirror("mcp-param-dry", ("dry",)),
        Mirror("mcp-param-zone", ("where", "zone")),
    )


def one(annotation: Any, kind: Any = "string", **more: Any) -> dict[str, Any]:
    return {"properties": {"a": {"type": kind, "x-mcp-header": annotation, **more}}}


@pytest.mark.parametrize(
    "schema",
    [
        one(""),
        one("a b"),
        one("a:b"),
        one("ä"),
        one("a\r\n"),
        one(5),
        one("A", "object"),
        one("A", "array"),
        one("A", "null"),
        one("A", "number"),
        one("A", ["string", "null"]),
        {"properties": {"a": {"x-mcp-header": "A"}}},
        {"properties": {name: {"type": "string", "x-mcp-header": name} for name in "aA"}},
        {"x-mcp-header": "A", "type": "object"},
        {"properties": {"a": {"type": "array", "items": {"type": "string", "x-mcp-header": "A"}}}},
        {"allOf": [one("A")]},
        {"if": one("A")},
        {"$defs": {"b": {"type": "string", "x-mcp-header": "A"}}},
        {"properties": {"a": {"anyOf": [{"type": "string", "x-mcp-header": "A"}]}}},
    ],
)
def test_a_wrong_annotation_stops_the_composition(schema: dict[str, Any]) -> None:
    made = make_app()
    made.tool(name="wrong", input_schema={"type": "object", **schema})(lambda **arguments: "x")
    with pytest.raises(RegistrationError, match=r"tool 'wrong' .*x-mcp-header"):
        made.compose()


async def test_one_added_while_serving_is_served_without_the_check() -> None:
    made = app()
    async with serving(made) as server:
        made.tool(name="late", input_schema={"type": "object", **one("a b")})(lambda **given: "x")
        result = await server.tool("late", {"a": "b"})
    assert result["content"][0]["text"] == "x"
    assert ToolDefinition("late").name == "late"
