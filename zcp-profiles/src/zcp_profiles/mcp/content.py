"""Content blocks in revisions that do not know them: they become blocks every reader knows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import PLAIN, Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.jsontext import dumps, is_list

from .history import BLOCKS, R1, R4

AUDIO_URI = "urn:zcp:audio"
"""Stands for sound that is embedded as a resource because the revision has no audio block."""


def content_hooks(revision: str) -> HookTable:
    """For blocks this revision does not know, and for sampled content, which has fewer kinds."""
    unknown: dict[type | tuple[type, str], Sequence[Hooks]] = {
        cls: (Hooks(encode=_degrade),) for cls, span in BLOCKS.items() if revision not in span
    }
    sampled = Hooks(encode=_sampled_list if revision >= R4 else _sampled_one(revision))
    table: dict[type | tuple[type, str], Sequence[Hooks]] = {
        **unknown,
        (model.SamplingMessage, "content"): (sampled,),
        (model.SamplingResult, "content"): (sampled,),
    }
    if revision < R4:
        table[(model.SamplingRequest, "messages")] = (Hooks(encode=_one_block_each),)
    return table


def _degrade(codec: ModelCodec, derived: Convert) -> Convert:
    return lambda block: codec.encode(known_everywhere(block))


def known_everywhere(block: Any) -> Any:
    """The same content as a block of 2024-11-05: text, or an embedded resource for sound."""
    if isinstance(block, model.AudioContent):
        contents = model.ResourceContents(AUDIO_URI, mime_type=block.mime_type, blob=block.data)
        return model.EmbeddedResource(contents, annotations=block.annotations)
    annotations = getattr(block, "annotations", None)
    return model.TextContent(as_text(block), annotations=annotations)


def as_text(block: Any) -> str:
    """A block in words. Sound and images are only named: their data is no text."""
    if isinstance(block, model.TextContent):
        return block.text
    if isinstance(block, model.ResourceLink):
        about = f" ({block.description})" if block.description else ""
        return f"{block.title or block.name}: {block.uri}{about}"
    if isinstance(block, model.EmbeddedResource):
        inner = block.resource
        return inner.text if inner.text is not None else f"[resource {inner.uri}]"
    if isinstance(block, (model.AudioContent, model.ImageContent)):
        return f"[{block.type} {block.mime_type}]"
    if isinstance(block, model.ToolResultContent):
        return "\n".join(as_text(inner) for inner in block.content)
    return dumps(PLAIN.encode(block)).decode()


def _for_sampling(block: Any) -> Any:
    """Sampled messages know no resources (CreateMessageRequest in every revision)."""
    if isinstance(block, (model.EmbeddedResource, model.ResourceLink)):
        return model.TextContent(as_text(block), annotations=block.annotations)
    return block


def _sampled_list(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(content: Any) -> Any:
        if is_list(content):
            return [codec.encode(_for_sampling(block)) for block in content]
        return codec.encode(_for_sampling(content))

    return encode


def _sampled_one(revision: str) -> Any:
    """Before 2025-11-25 content is one block; in 2024-11-05 that is text or an image."""

    def hook(codec: ModelCodec, derived: Convert) -> Convert:
        def encode(content: Any) -> Any:
            block = _for_sampling(_joined(content) if is_list(content) else content)
            if revision == R1 and isinstance(block, model.AudioContent):
                block = model.TextContent(as_text(block), annotations=block.annotations)
            return codec.encode(block)

        return encode

    return hook


def _joined(blocks: list[Any]) -> Any:
    if len(blocks) == 1:
        return blocks[0]
    return model.TextContent("\n".join(as_text(block) for block in blocks))


def _one_block_each(codec: ModelCodec, derived: Convert) -> Convert:
    """A message of several blocks becomes several messages of one."""

    def encode(messages: list[model.SamplingMessage]) -> Any:
        return derived([part for message in messages for part in _parts(message)])

    return encode


def _parts(message: model.SamplingMessage) -> list[model.SamplingMessage]:
    if not is_list(message.content):
        return [message]
    return [model.SamplingMessage(message.role, block) for block in message.content]
