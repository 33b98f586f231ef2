"""The one table of forms, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel._core.form_fields import fields_of_schema, schema_of_fields
from zcp_kernel._core.peer_shapes import (
    elicitation_for_hook,
    elicitation_request,
    elicitation_result,
    roots_result,
    sampling_for_hook,
    sampling_request,
    sampling_result,
)
from zcp_kernel.codec import PLAIN
from zcp_kernel.errors import InvalidParams
from zcp_kernel.model import (
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    Root,
    SamplingMessage,
    SamplingRequest,
    SamplingResult,
    TextContent,
)

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string", "title": "City"}, "days": {"type": "integer"}},
    "required": ["city"],
}

FORMS = [
    pytest.param(
        {"kind": "form", "prompt": "Where?", "fields": fields_of_schema(CITY)},
        {"message": "Where?", "requestedSchema": CITY},
        id="form",
    ),
    pytest.param(
        {"kind": "form", "prompt": "Sure?", "fields": {}},
        {"message": "Sure?", "requestedSchema": {"type": "object", "properties": {}}},
        id="no fields",
    ),
    pytest.param(
        {"kind": "approval", "prompt": "Sure?", "fields": {}},
        {
            "message": "Sure?",
            "requestedSchema": {"type": "object", "properties": {}},
            "_meta": {"zcp/kind": "approval"},
        },
        id="own kind",
    ),
    pytest.param(
        {"kind": "url", "prompt": "Sign in", "url": "https://x.example", "elicitationId": "e1"},
        {"message": "Sign in", "mode": "url", "url": "https://x.example", "elicitationId": "e1"},
        id="url",
    ),
]


@pytest.mark.parametrize(("ours", "theirs"), FORMS)
def test_an_elicitation_has_two_forms(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    shape = elicitation_request(ours)
    assert PLAIN.encode(shape) == theirs
    assert elicitation_request(theirs) == shape
    for_hook = elicitation_for_hook(shape)
    assert {**ours, **theirs}.items() <= for_hook.items()
    assert elicitation_request(for_hook) == shape
    assert elicitation_request(shape) is shape


def test_an_elicitation_in_snake_case_and_keywords() -> None:
    shape = ElicitationRequest("Where?", requested_schema=CITY)
    assert elicitation_request({"message": "Where?", "requested_schema": CITY}) == shape
    assert elicitation_request("Where?", requested_schema=CITY) == shape
    assert elicitation_request(message="Where?", schema=CITY, url=None) == shape
    assert elicitation_request({"prompt": "Where?"}, prompt="not this", fields=CITY) == shape


def test_a_url_elicitation_gets_an_id() -> None:
    first, second = (elicitation_request(message="m", url="https://x.example") for _ in "ab")
    assert first.mode == "url"
    assert first.elicitation_id
    assert first.elicitation_id != second.elicitation_id


@pytest.mark.parametrize(
    ("fields", "schema"),
    [
        (["city"], {"city": {"type": "string"}}),
        ([{"name": "n", "type": "integer"}], {"n": {"type": "integer"}}),
        ({"n": "integer"}, {"n": {"type": "integer"}}),
        ({"c": ["red", "blue"]}, {"c": {"type": "string", "enum": ["red", "blue"]}}),
        ({"c": {"title": "C"}}, {"c": {"type": "string", "title": "C"}}),
        ({"c": {"enum": ["a"]}}, {"c": {"enum": ["a"]}}),
    ],
)
def test_fields_as_people_write_them(fields: Any, schema: dict[str, Any]) -> None:
    made = schema_of_fields(fields)
    assert made == {"type": "object", "properties": schema, "required": list(schema)}


def test_a_field_with_a_default_is_not_required() -> None:
    schema = schema_of_fields({"a": {"type": "string", "default": "x"}, "b": {"required": False}})
    assert "required" not in schema


@given(
    st.dictionaries(
        st.text(min_size=1),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["string", "integer", "boolean", "number"])},
            optional={"title": st.text(), "default": st.integers()},
        ),
    ),
    st.data(),
)
def test_fields_and_schema_are_inverse(properties: dict[str, Any], data: st.DataObject) -> None:
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [name for name in properties if data.draw(st.booleans())]
    if required:
        schema["required"] = required
    assert schema_of_fields(fields_of_schema(schema)) == schema


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({}, "message"),
        ({"message": 3}, "message"),
        ({"message": "m", "mode": "url"}, "url"),
        ({"message": "m", "fields": "city"}, "fields"),
        ({"message": "m", "fields": [3]}, "fields"),
        ({"message": "m", "fields": {"a": 3}}, "fields.a"),
        ({"message": "m", "mode": "telepathy"}, "mode"),
    ],
)
def test_an_elicitation_that_cannot_be_asked(value: Any, path: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        elicitation_request(value)
    assert [fault.path for fault in caught.value.faults] == [path]


def test_what_is_no_dict_is_refused() -> None:
    for make in (elicitation_request, sampling_request, sampling_result, elicitation_result):
        with pytest.raises(InvalidParams, match="expected a dict, got int"):
            make(3)


ACCEPTED = ElicitationResult("accept", {"city": "Rome"})


@pytest.mark.parametrize(
    "value",
    [
        ACCEPTED,
        {"accepted": True, "fields": {"city": "Rome"}},
        {"accepted": True, "data": {"city": "Rome"}},
        {"accepted": True, "content": {"city": "Rome"}},
        {"action": "accept", "content": {"city": "Rome"}},
        {"action": "accept", "fields": {"city": "Rome"}},
        ("accept", {"city": "Rome"}),
    ],
)
def test_an_accepted_elicitation(value: Any) -> None:
    result = elicitation_result(value)
    assert result == ACCEPTED
    assert result.accepted
    action, content = result
    assert (action, content) == ("accept", {"city": "Rome"})


@pytest.mark.parametrize(
    ("value", "action"),
    [
        (True, "accept"),
        (False, "decline"),
        ("cancel", "cancel"),
        (["decline", None], "decline"),
        ({"accepted": False}, "decline"),
        ({"action": "cancel", "content": {"left": "over"}}, "cancel"),
    ],
)
def test_an_answer_without_content(value: Any, action: Any) -> None:
    assert elicitation_result(value) == ElicitationResult(action)


@pytest.mark.parametrize(
    "value", [None, {}, {"fields": {}}, {"action": "maybe"}, {"accepted": True, "data": 3}, "yes"]
)
def test_an_answer_nobody_understands(value: Any) -> None:
    with pytest.raises(InvalidParams):
        elicitation_result(value)


def test_defaults_fill_in_what_the_hook_left_out() -> None:
    schema = schema_of_fields({"city": "string", "unit": {"type": "string", "default": "C"}})
    request = ElicitationRequest("?", requested_schema=schema)
    assert elicitation_result({"accepted": True}, request).content == {"unit": "C"}
    filled = elicitation_result(("accept", {"unit": "F"}), request)
    assert filled.content == {"unit": "F"}
    assert elicitation_result(False, request).content is None


# -- sampling -------------------------------------------------------------------------------------

HELLO = SamplingRequest([SamplingMessage("user", TextContent("hi"))], 10, system_prompt="be brief")


@pytest.mark.parametrize(
    "value",
    [
        HELLO,
        {
            "messages": [{"role": "user", "content": "hi"}],
            "maxTokens": 10,
            "systemPrompt": "be brief",
        },
        {"messages": "hi", "max_tokens": 10, "system_prompt": "be brief"},
        {
            "messages": [{"content": {"type": "text", "text": "hi"}}],
            "max_tokens": 10,
            "system_prompt": "be brief",
            "temperature": None,
        },
        {"messages": HELLO.messages, "maxTokens": 10, "systemPrompt": "be brief"},
        {
            "messages": [{"role": "user", "content": TextContent("hi")}],
            "maxTokens": 10,
            "systemPrompt": "be brief",
        },
    ],
)
def test_a_sampling_request(value: Any) -> None:
    request = sampling_request(value)
    assert request == HELLO
    for_hook = sampling_for_hook(request)
    assert for_hook == {
        "messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}],
        "maxTokens": 10,
        "systemPrompt": "be brief",
    }
    assert sampling_request(for_hook) == HELLO


def test_keywords_fill_in_what_the_dict_lacks() -> None:
    request = sampling_request({"messages": "hi", "maxTokens": 10}, max_tokens=99, temperature=0.5)
    assert (request.max_tokens, request.temperature) == (10, 0.5)


def test_a_message_may_hold_several_blocks() -> None:
    image = {"type": "image", "data": "AA==", "mime_type": "image/png"}
    request = sampling_request(messages=[{"role": "user", "content": ["a", image]}], max_tokens=1)
    assert PLAIN.encode(request)["messages"][0]["content"] == [
        {"type": "text", "text": "a"},
        {"type": "image", "data": "AA==", "mimeType": "image/png"},
    ]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"maxTokens": 1}, "messages"),
        ({"messages": "hi"}, "maxTokens"),
        ({"messages": [{"role": "user"}], "maxTokens": 1}, "messages[0].content"),
        ({"messages": "hi", "maxTokens": "many"}, "maxTokens"),
    ],
)
def test_a_sampling_request_that_cannot_be_sent(value: Any, path: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        sampling_request(value)
    assert [fault.path for fault in caught.value.faults] == [path]


@pytest.mark.parametrize(
    "value",
    [
        "Rome",
        {"content": "Rome"},
        {"role": "assistant", "content": {"type": "text", "text": "Rome"}},
        {"content": {"text": "Rome"}},
        {"role": "assistant", "content": "Rome", "model": "unknown", "stop_reason": None},
    ],
)
def test_a_sampling_answer_needs_little(value: Any) -> None:
    assert sampling_result(value) == SamplingResult("assistant", TextContent("Rome"), "unknown")


def test_a_whole_sampling_answer_is_kept() -> None:
    result = SamplingResult("assistant", TextContent("Rome"), "m1", "endTurn")
    assert sampling_result(result) is result
    assert sampling_result(PLAIN.encode(result)) == result
    given = {"content": "Rome", "model": "m1", "stop_reason": "endTurn"}
    assert sampling_result(given) == result


@pytest.mark.parametrize("value", [None, {}, {"content": 3}, {"content": "x", "role": "system"}])
def test_a_sampling_answer_nobody_understands(value: Any) -> None:
    with pytest.raises(InvalidParams):
        sampling_result(value)


# -- roots ----------------------------------------------------------------------------------------


def test_roots_in_every_form(tmp_path: Path) -> None:
    result = roots_result(
        ["file:///a", {"uri": "file:///b", "name": "b"}, Root("file:///c"), tmp_path]
    )
    assert result.roots == [
        Root("file:///a"),
        Root("file:///b", "b"),
        Root("file:///c"),
        Root(tmp_path.as_uri(), tmp_path.name),
    ]
    assert roots_result(result) is result
    assert roots_result({"roots": ["file:///a"]}) == ListRootsResult([Root("file:///a")])


@pytest.mark.parametrize("value", [None, "file:///a", {"uri": "file:///a"}, [3], [{"name": "x"}]])
def test_roots_nobody_understands(value: Any) -> None:
    with pytest.raises(InvalidParams):
        roots_result(value)
