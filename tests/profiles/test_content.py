"""Content blocks: what a revision does not know is said in blocks it does."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel import model
from zcp_profiles.mcp.history import R1, R2, R3, R4, R5, REVISIONS
from zcp_profiles.mcp.revisions import make_codec

from .schema_files import validator

AUDIO = model.AudioContent("aGk=", "audio/wav", annotations=model.Annotations(priority=0.5))
LINK = model.ResourceLink("file:///a", "a", title="The A", description="first letter")
USE = model.ToolUseContent("1", "add", {"a": 1})
RESULT = model.ToolResultContent("1", [model.TextContent("2")], structured_content={"sum": 2})
TEXT = model.TextContent("hi")
IMAGE = model.ImageContent("aGk=", "image/png")
EMBEDDED = model.EmbeddedResource(model.ResourceContents("file:///a", text="inside"))


def encode(revision: str, value: Any) -> Any:
    return make_codec(revision).encode(value)


def test_audio_before_2025_03_26_is_an_embedded_resource() -> None:
    assert encode(R1, AUDIO) == {
        "type": "resource",
        "resource": {"uri": "urn:zcp:audio", "mimeType": "audio/wav", "blob": "aGk="},
        "annotations": {"priority": 0.5},
    }
    assert encode(R2, AUDIO)["type"] == "audio"


@pytest.mark.parametrize("revision", [R1, R2])
def test_a_link_before_2025_06_18_is_text(revision: str) -> None:
    assert encode(revision, LINK) == {
        "type": "text",
        "text": "The A: file:///a (first letter)",
    }
    assert encode(R3, LINK)["type"] == "resource_link"


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_block_a_tool_may_give_is_valid_in_every_revision(revision: str) -> None:
    result = model.CallResult(content=[TEXT, IMAGE, AUDIO, LINK, EMBEDDED])
    check = validator(revision, "CallToolResult")
    assert [error.message for error in check.iter_errors(encode(revision, result))] == []


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("block", [TEXT, IMAGE, AUDIO, LINK, EMBEDDED, USE, RESULT])
@pytest.mark.parametrize("several", [False, True])
def test_every_block_can_be_sampled_in_every_revision(
    revision: str, block: Any, several: bool
) -> None:
    content = [block, TEXT] if several else block
    request = model.SamplingRequest([model.SamplingMessage("user", content)], 10)
    check = validator(revision, "CreateMessageRequest", params=True)
    assert [error.message for error in check.iter_errors(encode(revision, request))] == []
    result = model.SamplingResult("assistant", content, "m")
    check = validator(revision, "CreateMessageResult")
    assert [error.message for error in check.iter_errors(encode(revision, result))] == []


def test_several_sampled_blocks_become_several_messages_before_2025_11_25() -> None:
    request = model.SamplingRequest([model.SamplingMessage("user", [TEXT, IMAGE])], 10)
    kinds = [m["content"]["type"] for m in encode(R3, request)["messages"]]
    assert kinds == ["text", "image"]
    assert len(encode(R4, request)["messages"]) == 1


def test_several_blocks_of_an_answer_are_joined_before_2025_11_25() -> None:
    result = model.SamplingResult("assistant", [TEXT, model.TextContent("you")], "m")
    assert encode(R3, result)["content"] == {"type": "text", "text": "hi\nyou"}
    assert encode(R3, model.SamplingResult("assistant", [IMAGE], "m"))["content"]["type"] == "image"


def test_a_tool_result_block_holds_objects_only_until_2026_07_28() -> None:
    block = model.ToolResultContent("1", [], structured_content=[1, 2])
    assert "structuredContent" not in encode(R4, block)
    assert encode(R4, block)["content"] == [{"type": "text", "text": "[1,2]"}]
    assert encode(R5, block)["structuredContent"] == [1, 2]


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_block_nobody_knows_passes_unchanged(revision: str) -> None:
    raw = {"content": [{"type": "hologram", "depth": 3}], "isError": False}
    codec = make_codec(revision)
    decoded = codec.decode(model.CallResult, raw)
    assert isinstance(decoded.content[0], model.OpaqueContent)
    assert codec.encode(decoded)["content"] == raw["content"]
