"""`$defs`: what is hoisted comes back as it was."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.errors import InvalidParams
from zcp_kernel.jsontext import dumps
from zcp_profiles.native.sharing import share, unshare

from .talking import make_app, talking

ADDRESS = {
    "type": "object",
    "properties": {
        "street": {"type": "string", "description": "Street and number"},
        "town": {"type": "string", "description": "Town or city"},
    },
    "required": ["street"],
}


def tools(*schemas: Any) -> dict[str, Any]:
    return {"tools": [{"name": f"t{n}", "inputSchema": s} for n, s in enumerate(schemas)]}


leaves: st.SearchStrategy[Any] = st.sampled_from(
    [
        {},
        True,
        {"type": "string"},
        {"$ref": "#/$defs/x"},
        {"$ref": "#/$defs/:0"},
        {"const": ADDRESS},
    ]
    + [ADDRESS] * 4
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner).map(
            lambda members: {"type": "object", "properties": members}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        inner.map(lambda items: {"type": "array", "items": items}),
        inner.map(lambda items: {"$defs": {"x": items}, "examples": [items]}),
    ),
    max_leaves=8,
)


@given(st.lists(schemas.filter(lambda schema: isinstance(schema, dict)), max_size=5))
def test_what_was_shared_comes_back_exactly(given_schemas: list[Any]) -> None:
    result = tools(*given_schemas)
    shared = share(result)
    assert len(dumps(shared)) <= len(dumps(result))
    back = unshare(shared) if "$defs" in shared else shared
    assert dumps(back) == dumps(result)


def test_what_several_tools_have_in_common_is_sent_once() -> None:
    of = {"type": "object", "properties": {"to": ADDRESS}}
    shared = share(tools(of, {**of, "required": ["to"]}, {"type": "object"}))
    assert shared["$defs"] == {":0": ADDRESS}
    assert shared["tools"][0]["inputSchema"]["properties"] == {"to": {"$ref": "#/$defs/:0"}}


def test_restored_schemas_are_not_the_same_object() -> None:
    of = {"type": "object", "properties": {"to": ADDRESS}}
    back = unshare(share(tools(of, of, of)))["tools"]
    back[0]["inputSchema"]["properties"]["to"]["type"] = "spoilt"
    assert back[1]["inputSchema"] == of


def test_a_small_message_cannot_become_a_huge_one() -> None:
    big = {"description": "x" * 1_000_000}
    many = [{"name": f"t{n}", "inputSchema": {"$ref": "#/$defs/:0"}} for n in range(1000)]
    with pytest.raises(InvalidParams, match="unfold to more than"):
        unshare({"tools": many, "$defs": {":0": big}})


def _visit(to: Any) -> None: ...


@pytest.mark.anyio
async def test_the_client_sees_whole_schemas() -> None:
    app = make_app()
    for name in ("ship", "bill", "visit"):
        schema = {"type": "object", "properties": {"to": ADDRESS}, "required": ["to"]}
        app.tool(name=name, input_schema=schema)(_visit)
    frames: list[tuple[str, bytes]] = []
    async with talking(app, frames=frames) as client:
        listed = (await client.list_tools())["tools"]
        assert b'"$defs"' in frames[-1][1]
        assert [tool["inputSchema"] for tool in listed] == [schema] * 3
        described = (await client.describe_tools(["bill", "ship"]))["tools"]
        assert [tool["inputSchema"] for tool in described] == [schema] * 2
