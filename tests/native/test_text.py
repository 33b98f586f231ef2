"""Tools, calls and results as the text a prompt carries."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.jsontext import loads
from zcp_kernel.model import CallRequest, CallResult, HandleRef, TextContent, ToolDefinition
from zcp_profiles.compact import (
    brief,
    format_call,
    format_registry,
    format_result,
    one_line,
    signature,
)
from zcp_profiles.compact.tables import as_table, read_table

from .talking import make_app


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({}, "any"),
        (True, "any"),
        ({"type": "string"}, "str"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "num"),
        ({"type": "boolean"}, "bool"),
        ({"type": "object"}, "obj"),
        ({"type": "array"}, "list"),
        ({"type": ["string", "null"]}, "str|null"),
        ({"enum": ["celsius", "fahrenheit"]}, "celsius|fahrenheit"),
        ({"enum": ["a b", 1, None]}, '"a b"|1|null'),
        ({"enum": list(range(20))}, "0|1|2|3|4|5|6|7|8|9|10|11|…"),
        ({"const": "x"}, "x"),
        ({"type": "array", "items": {"type": "integer"}}, "[int]"),
        ({"type": "object", "properties": {"a": {"type": "integer"}}}, "{a?:int}"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "{*:str}"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}, {"type": "string"}]}, "str|null"),
        ({"$ref": "#/$defs/x"}, "int"),
        ({"$ref": "#/$defs/loop"}, "any"),
        ({"$ref": "#/$defs/nothing"}, "any"),
        ({"$ref": "https://example.org/x"}, "any"),
    ],
)
def test_a_type_in_a_word(schema: Any, said: str) -> None:
    defs = {"x": {"type": "integer"}, "loop": {"$ref": "#/$defs/loop"}}
    assert signature({"properties": {"p": schema}, "$defs": defs}) == f"(p?:{said})"


def test_what_nests_deep_is_only_named() -> None:
    tree: dict[str, Any] = {"type": "object", "properties": {}}
    tree["properties"]["child"] = {"$ref": "#/$defs/tree"}
    said = signature({"properties": {"p": {"$ref": "#/$defs/tree"}}, "$defs": {"tree": tree}})
    assert said == "(p?:{child?:{child?:{child?:obj}}})"


def test_a_signature_of_odd_schemas_is_a_signature() -> None:
    odds: list[dict[str, Any]] = [
        {"properties": 3},
        {"properties": {"a": 3}, "required": 3},
        {"properties": {}},
    ]
    for odd in odds:
        assert signature(odd).startswith("(")
    many: dict[str, Any] = {"properties": {f"p{n}": {} for n in range(100)}}
    assert signature(many).endswith(", …)")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, None),
        ("", None),
        ("  \n ", None),
        ("One. Two.", "One."),
        ("Uses v1.2 of it. More", "Uses v1.2 of it."),
        ("First\nline\n\nSecond", "First line"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_one_line(text: str | None, line: str | None) -> None:
    assert one_line(text) == line


TOOL = ToolDefinition(
    "weather",
    "Weather.\nIn detail.",
    {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def test_a_registry_in_lines() -> None:
    app = make_app()

    @app.tool
    def add(a: int, b: int = 1) -> int:
        """Add numbers."""
        return a + b

    line = "add(a:int, b?:int) - Add numbers."
    assert format_registry(app.tools) == line
    definitions = [tool.definition for tool in app.tools]
    listed = {"tools": [{"name": "add", "description": "Add numbers.", "signature": "(a:int)"}]}
    assert format_registry(definitions) == line
    assert format_registry(listed) == "add(a:int) - Add numbers."
    assert format_registry([brief(definitions[0])]) == line
    assert format_registry(app.tools, "names") == "add"
    assert format_registry([]) == ""
    full = format_registry([TOOL], "full").splitlines()
    assert full[:3] == ["weather(city:str)", "  Weather.", "  In detail."]
    assert loads(full[3].encode()) == TOOL.input_schema


def test_a_call_as_it_would_be_written() -> None:
    assert format_call("add", {"a": 1, "b": [None, "x"]}) == 'add(a=1, b=[null,"x"])'
    assert format_call(CallRequest("add")) == "add()"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (CallResult(), ""),
        (CallResult([TextContent("a"), TextContent("b")]), "a\nb"),
        (CallResult([TextContent("no")], is_error=True), "error: no"),
        (CallResult(is_error=True), "error"),
        (CallResult(structured_content={"a": 1}), '{"a":1}'),
        (CallResult(structured_content=0), "0"),
        (CallResult(structured_content="x"), "x"),
        ({"content": [{"type": "image", "mimeType": "image/png"}]}, "[image image/png]"),
        ({"content": [{"type": "odd"}]}, "[odd]"),
        (
            {
                "content": [{"type": "text", "text": "1"}, {"type": "audio", "mimeType": "a/b"}],
                "structuredContent": 1,
            },
            "1\n[audio a/b]",
        ),
        (
            {"content": [{"type": "resource", "resource": {"uri": "a:b", "text": "in it"}}]},
            "in it",
        ),
        (
            {"content": [{"type": "resource_link", "uri": "a:b", "name": "n"}]},
            "[n: a:b]",
        ),
        (
            CallResult(handle=HandleRef("id", "list", "list of 3 numbers", 7, alias="#S1")),
            "#S1: list of 3 numbers, 7 bytes, kept on the server",
        ),
        (
            CallResult(handle=HandleRef("id", "list", "a list", 7), preview=[1]),
            "id: a list, 7 bytes, kept on the server; begins [1]",
        ),
    ],
)
def test_a_result_in_few_words(result: Any, text: str) -> None:
    assert format_result(result) == text


def test_records_are_a_table() -> None:
    rows = [{"id": n, "name": f"Hotel {n}", "open": n % 2 == 0} for n in range(3)]
    table = "id\tname\topen\n0\tHotel 0\ttrue\n1\tHotel 1\tfalse\n2\tHotel 2\ttrue"
    assert format_result(CallResult(structured_content=rows)) == table


TRAPS = ["null", "1", "-", "true", " x", "x ", '"', "a\tb", "a\nb", "[", "NaN", "\x85"]
cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(), st.text(), max_size=1),
    st.sampled_from(TRAPS),
)


@given(
    st.lists(st.text(), min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.lists(st.fixed_dictionaries(dict.fromkeys(names, cells)), max_size=4)
    )
)
def test_a_table_gives_the_value_back(rows: list[dict[str, Any]]) -> None:
    table = as_table(rows)
    if table is not None:
        assert read_table(table) == rows


@pytest.mark.parametrize(
    "value",
    [[], [{}], [{"a": 1}], [{"a": 1}, {"b": 1}], [{"a": 1}, 2], [1, 2], {"a": 1}, [{"a\t": 1}] * 3],
)
def test_what_is_no_table(value: Any) -> None:
    assert as_table(value) is None
