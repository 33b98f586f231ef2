"""`ModelCodec`: what it derives, what it refuses, and how it says so."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from attrs import define, field
from zcp_kernel import model
from zcp_kernel.codec import PLAIN, WIRE_HOOKS, Hooks, ModelCodec
from zcp_kernel.errors import InvalidParams
from zcp_kernel.jsontext import dumps

WIRE = ModelCodec(hooks=WIRE_HOOKS)
SPARSE = ModelCodec(omit_defaults=True, hooks=WIRE_HOOKS)


def faults(cls: type, raw: Any, codec: ModelCodec = PLAIN) -> dict[str, str]:
    """Path -> code of every fault."""
    with pytest.raises(InvalidParams) as caught:
        codec.decode(cls, raw)
    assert caught.value.data["errors"][0]["message"]
    return {fault.path: fault.code for fault in caught.value.faults}


# -- encoding --------------------------------------------------------------------------------------


def test_names_are_camel_case_and_absent_members_are_left_out() -> None:
    tool = model.ToolDefinition(
        "x",
        output_schema={"type": "object"},
        annotations=model.ToolAnnotations(open_world_hint=True),
    )
    assert PLAIN.encode(tool) == {
        "name": "x",
        "inputSchema": {"type": "object"},
        "outputSchema": {"type": "object"},
        "annotations": {"openWorldHint": True},
    }
    assert PLAIN.encode(model.CallRequest("x", meta={"a": 1}))["_meta"] == {"a": 1}


def test_a_plain_result_is_complete() -> None:
    assert PLAIN.encode(model.CallResult()) == {"content": [], "isError": False}


def test_absent_can_mean_default() -> None:
    assert SPARSE.encode(model.CallResult()) == {}
    assert SPARSE.encode(model.CallResult(is_error=True)) == {"isError": True}
    assert SPARSE.decode(model.CallResult, {}) == model.CallResult()


def test_a_required_value_is_sent_even_if_it_is_null() -> None:
    assert PLAIN.encode(model.ReadHandleResult(None)) == {"value": None}
    assert SPARSE.encode(model.LogMessage("info", None)) == {"level": "info", "data": None}


def test_members_that_do_not_travel() -> None:
    result = model.CallResult(structured_content=1, encoded=b"1", carrier="text")
    assert set(PLAIN.encode(result)) == {"content", "isError", "structuredContent"}
    assert PLAIN.decode(model.CallResult, {"encoded": "x", "carrier": "y"}).carrier is None


def test_json_that_is_there_already_is_used_as_it_is() -> None:
    result = model.CallResult(structured_content={"a": 1}, encoded=b'{ "a": 1 }')
    assert b'"structuredContent":{ "a": 1 }' in dumps(WIRE.encode(result))
    assert PLAIN.encode(result)["structuredContent"] == {"a": 1}


def test_blocks_say_their_type() -> None:
    blocks: list[Any] = [
        model.TextContent("x"),
        model.EmbeddedResource(model.ResourceContents("file:///a")),
    ]
    assert PLAIN.encode(model.CallResult(content=blocks))["content"] == [
        {"type": "text", "text": "x"},
        {"type": "resource", "resource": {"uri": "file:///a"}},
    ]


def test_what_is_no_shape_passes() -> None:
    for value in (None, 3, "x", [1], {"a": None}):
        assert PLAIN.encode(value) == value


# -- decoding --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "raw", "expected"),
    [
        (model.CallRequest, {}, {"name": "missing"}),
        (model.CallRequest, {"name": 3, "arguments": []}, {"name": "type", "arguments": "type"}),
        (model.CallRequest, [], {"": "type"}),
        (model.CallRequest, "x", {"": "type"}),
        (model.CallRequest, None, {"": "type"}),
        (model.CallRequest, {"name": "x", "task": {"ttl": "3"}}, {"task.ttl": "type"}),
        (model.CallRequest, {"name": "x", "task": {"ttl": True}}, {"task.ttl": "type"}),
        (model.CallRequest, {"name": "x", "task": {"ttl": 1.5}}, {"task.ttl": "type"}),
        (
            model.GetPromptParams,
            {"name": "x", "arguments": {"city": 3}},
            {"arguments.city": "type"},
        ),
        (
            model.Progress,
            {"progressToken": True, "progress": "1"},
            {"progressToken": "type", "progress": "type"},
        ),
        (model.SetLevelParams, {"level": "loud"}, {"level": "enum"}),
        (model.SetLevelParams, {"level": ["info"]}, {"level": "enum"}),
        (model.CallResult, {"isError": 1}, {"isError": "type"}),
        (model.CallResult, {"isError": None}, {"isError": "type"}),
        (model.CallResult, {"content": {}}, {"content": "type"}),
        (
            model.CallResult,
            {
                "content": [
                    {"type": "text"},
                    {"type": "text", "text": 3},
                    4,
                    {},
                    {"type": 5},
                    {"type": "resource", "resource": {"uri": 4}},
                ]
            },
            {
                "content[0].text": "missing",
                "content[1].text": "type",
                "content[2]": "type",
                "content[3].type": "missing",
                "content[4].type": "type",
                "content[5].resource.uri": "type",
            },
        ),
        (model.SamplingMessage, {"role": "user", "content": [1]}, {"content[0]": "type"}),
        (model.CompletionRequest, {}, {"ref": "missing", "argument.name": "missing"}),
        (model.CompletionRequest, {"ref": {}, "argument": "x"}, {"argument": "type"}),
        (
            model.CompletionRequest,
            {"ref": {}, "argument": {"value": 1}, "context": {"arguments": {"a": 1}}},
            {"argument.name": "missing", "argument.value": "type", "context.arguments.a": "type"},
        ),
        (model.CompletionResult, {}, {"completion": "missing"}),
        (model.CompletionResult, {"completion": {"values": [1]}}, {"completion.values[0]": "type"}),
    ],
)
def test_every_fault_is_named(cls: type, raw: Any, expected: dict[str, str]) -> None:
    assert faults(cls, raw) == expected


def test_an_error_says_the_first_fault_and_counts_the_rest() -> None:
    with pytest.raises(InvalidParams) as caught:
        PLAIN.decode(model.CallRequest, {"name": 3, "arguments": 4})
    assert caught.value.message == ("invalid: name must be a string, not an integer (and 1 more)")


def test_faults_are_bounded() -> None:
    assert len(faults(model.CompletionResult, {"completion": {"values": [1] * 10_000}})) == 100


def test_null_is_absent_where_a_member_is_optional() -> None:
    decoded = PLAIN.decode(model.CallRequest, {"name": "x", "arguments": None, "task": None})
    assert decoded == model.CallRequest("x")


def test_an_integer_is_one_however_it_is_written() -> None:
    assert PLAIN.decode(model.TaskOptions, {"ttl": 3.0}).ttl == 3
    assert PLAIN.decode(model.Progress, {"progressToken": 1, "progress": 2}).progress == 2


def test_unknown_members_come_back() -> None:
    raw = {"name": "x", "inputSchema": {"type": "object"}, "x-mine": [1], "annotations": {"y": 2}}
    decoded = PLAIN.decode(model.ToolDefinition, raw)
    assert decoded.extras == {"x-mine": [1]}
    assert PLAIN.encode(decoded) == raw


def test_an_unknown_block_comes_back() -> None:
    raw = {"type": "hologram", "depth": 3}
    decoded = PLAIN.decode(model.CallResult, {"content": [raw]})
    assert decoded.content == [model.OpaqueContent("hologram", extras={"depth": 3})]
    assert PLAIN.encode(decoded)["content"] == [raw]


@pytest.mark.parametrize("count", [1, 2])
def test_sampled_content_is_one_block_or_several(count: int) -> None:
    block = {"type": "text", "text": "x"}
    content: Any = block if count == 1 else [block, block]
    raw = {"role": "user", "content": content}
    assert PLAIN.encode(PLAIN.decode(model.SamplingMessage, raw)) == raw


def test_completion_is_nested_on_the_wire() -> None:
    raw = {
        "ref": {"type": "ref/prompt", "name": "p"},
        "argument": {"name": "city", "value": "Bo"},
        "context": {"arguments": {"country": "DE"}},
    }
    request = PLAIN.decode(model.CompletionRequest, raw)
    assert (request.argument, request.value) == ("city", "Bo")
    assert request.context == {"country": "DE"}
    assert PLAIN.encode(request) == raw
    result = model.CompletionResult(["Bonn"], has_more=False)
    assert PLAIN.encode(result) == {"completion": {"values": ["Bonn"], "hasMore": False}}
    assert PLAIN.decode(model.CompletionResult, PLAIN.encode(result)) == result


# -- codecs that differ ----------------------------------------------------------------------------


def _without_title(cls: type, name: str) -> bool:
    return name != "title"


def test_a_member_of_another_codec_is_kept_but_not_sent() -> None:
    older = ModelCodec(_without_title)
    decoded = older.decode(model.PromptArgument, {"name": "x", "title": "X", "other": 1})
    assert decoded.title is None
    assert older.encode(decoded) == {"name": "x", "other": 1}
    assert older.encode(model.PromptArgument("x", title="X")) == {"name": "x"}


def test_a_newer_codec_sends_what_an_older_one_kept_if_it_fits() -> None:
    older = ModelCodec(_without_title)
    for title, sent in (("X", {"name": "x", "title": "X"}), (5, {"name": "x"})):
        decoded = older.decode(model.PromptArgument, {"name": "x", "title": title})
        assert PLAIN.encode(decoded) == sent
    decoded.title = "mine"
    assert PLAIN.encode(decoded)["title"] == "mine"


def test_hooks_stand_around_the_derived_functions() -> None:
    shout = Hooks(
        encode=lambda codec, derived: lambda value: derived(value).upper(),
        decode=lambda codec, derived: lambda raw: derived(raw).lower(),
    )
    tag = Hooks(encode=lambda codec, derived: lambda shape: {**derived(shape), "seen": True})
    codec = ModelCodec(hooks={(model.Root, "uri"): (shout,), model.Root: (tag,)})
    assert codec.encode(model.Root("file:///a")) == {"uri": "FILE:///A", "seen": True}
    assert codec.decode(model.Root, {"uri": "FILE:///A"}).uri == "file:///a"
    assert faults(model.ListRootsResult, {"roots": [{"uri": 1}]}, codec) == {"roots[0].uri": "type"}


class Colour(Enum):
    RED = "red"


@define
class Leaf:
    attrs: int = 0


@define
class Tree:
    """A plugin's own class: no `Shape`, names that cattrs uses itself, types of its own."""

    cl: Colour
    leaves: list[Leaf] = field(factory=list[Leaf])
    child: Tree | None = None


def test_classes_of_a_plugin() -> None:
    raw: dict[str, Any] = {
        "cl": "red",
        "leaves": [{"attrs": 2}],
        "child": {"cl": "red", "leaves": []},
    }
    tree = PLAIN.decode(Tree, raw)
    assert tree == Tree(Colour.RED, [Leaf(2)], Tree(Colour.RED))
    assert PLAIN.encode(tree) == raw
    assert faults(Tree, {"cl": "blue", "child": {}}) == {"cl": "invalid", "child.cl": "missing"}
    assert PLAIN.decode(Tree, {"cl": "red", "more": 1}) == Tree(Colour.RED)


def test_json_types_as_parameters() -> None:
    assert PLAIN.decode(dict, {"a": 1}) == {"a": 1}
    assert faults(dict, [1]) == {"": "type"}
