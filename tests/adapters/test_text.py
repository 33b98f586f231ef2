"""Names, and results as text and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.app import FastZCP
from zcp_kernel.model import CallResult, HandleRef, TextContent, ToolDefinition
from zcp_profiles.adapters import decode_tool_output, encode_tool_output
from zcp_profiles.adapters.tools.names import api_names
from zcp_profiles.openai import compile_openai_tools

API_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, max_size=40))
def test_every_tool_has_a_name_of_its_own(names: list[str]) -> None:
    given_names = api_names(names)
    assert sorted(given_names.values()) == sorted(names)
    assert all(API_NAME.fullmatch(name) for name in given_names)


def test_a_fitting_name_stays_and_others_depend_on_nothing_else() -> None:
    given_names = api_names(["a.b", "a_b", "a/b", "x" * 70, "ж"])
    assert given_names["a_b"] == "a_b"
    alone = api_names(["a/b", "a_b"])
    assert {tool: api for api, tool in given_names.items()}["a/b"] == {
        tool: api for api, tool in alone.items()
    }["a/b"]
    assert api_names(["a.b"]) == {"a_b": "a.b"}


def test_there_is_no_cap_on_tools() -> None:
    tools = [{"name": f"tool.{n}", "inputSchema": {"type": "object"}} for n in range(2000)]
    assert len(compile_openai_tools(tools)) == 2000


def test_tools_are_taken_in_any_form() -> None:
    app = FastZCP("Demo")

    @app.tool(name="demo.one")
    async def one(x: int) -> int:
        return x

    forms: list[Any] = [
        app,
        app.tools,
        [tool.definition for tool in app.tools],
        {"tools": [{"name": "demo.one", "inputSchema": {"type": "object"}}]},
        [ToolDefinition("demo.one")],
    ]
    for form in forms:
        assert [tool["name"] for tool in compile_openai_tools(form)] == ["demo_one"]
    with pytest.raises(TypeError, match="no tool: 3"):
        compile_openai_tools([3])
    (chat,) = compile_openai_tools(app, api="chat")
    assert chat["function"]["strict"] is True
    (loose,) = compile_openai_tools(app, strict=False)
    assert (loose["strict"], loose["parameters"]["required"]) == (False, ["x"])


def test_a_long_description_goes_on_inside_the_schema() -> None:
    text = " ".join(f"word{n}" for n in range(400))
    (tool,) = compile_openai_tools([{"name": "x", "description": text}])
    assert len(tool["description"]) <= 1024
    assert f"{tool['description']} {tool['parameters']['description']}" == text


@given(JSON)
def test_encoding_what_was_decoded_gives_the_same_text(value: Any) -> None:
    text = encode_tool_output(value)
    assert encode_tool_output(decode_tool_output(text)) == text


@given(JSON.filter(lambda value: isinstance(value, (dict, list)) and bool(value)))
def test_structured_content_comes_back(value: Any) -> None:
    result = {"content": [], "isError": False, "structuredContent": value}
    decoded = decode_tool_output(encode_tool_output(result))
    if "$handle" not in str(value):
        assert decoded == result


def test_a_result_is_said_once() -> None:
    mirrored = {
        "content": [{"type": "text", "text": '{"a": 1}'}],
        "structuredContent": {"a": 1},
        "isError": False,
    }
    assert encode_tool_output(mirrored) == '{"a":1}'
    assert encode_tool_output(CallResult([TextContent("hello")])) == "hello"
    assert encode_tool_output(CallResult([TextContent("no")], is_error=True)) == "error: no"
    assert encode_tool_output({"content": []}) == "(no output)"
    rows = [{"id": n, "name": f"row {n}"} for n in range(20)]
    assert encode_tool_output(rows).splitlines()[:2] == ["id\tname", "0\trow 0"]
    assert decode_tool_output(encode_tool_output(rows))["structuredContent"] == rows


def test_a_handle_is_told_as_it_is_passed_on() -> None:
    ref = HandleRef("abc", "list", "500 rows", 9000, 500, 1000)
    text = encode_tool_output(CallResult(handle=ref, preview=[1]))
    assert text.startswith('{"$handle":"abc"')
    decoded = decode_tool_output(text)
    assert decoded["handle"]["id"] == "abc"
    assert decoded["preview"] == [1]


def test_what_json_cannot_say_is_an_error() -> None:
    with pytest.raises(ValueError, match="NaN"):
        encode_tool_output({"x": float("nan")})
