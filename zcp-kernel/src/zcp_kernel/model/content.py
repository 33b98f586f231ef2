"""Content blocks: what a tool result, a prompt or a sampled message is made of."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, cast

from attrs import define

from .base import Described, Shape

Role = Literal["user", "assistant"]


@define(slots=True)
class Annotations(Shape):
    """Hints about who a piece of content is for and how much it matters (priority 0 to 1)."""

    audience: list[Role] | None = None
    priority: float | None = None
    last_modified: str | None = None


@define(slots=True)
class Icon(Shape):
    """An icon a host may show: `src` is an https or data URI, `sizes` such as `["48x48"]`."""

    src: str
    mime_type: str | None = None
    sizes: list[str] | None = None
    theme: Literal["light", "dark"] | None = None


@define(slots=True)
class ResourceContents(Described):
    """The content of one resource: `text`, or `blob` (base64)."""

    uri: str
    mime_type: str | None = None
    text: str | None = None
    blob: str | None = None


@define(slots=True)
class TextContent(Described):
    type: ClassVar[str] = "text"
    text: str
    annotations: Annotations | None = None


@define(slots=True)
class ImageContent(Described):
    """An image; `data` is base64."""

    type: ClassVar[str] = "image"
    data: str
    mime_type: str
    annotations: Annotations | None = None


@define(slots=True)
class AudioContent(Described):
    """A sound; `data` is base64."""

    type: ClassVar[str] = "audio"
    data: str
    mime_type: str
    annotations: Annotations | None = None


@define(slots=True)
class EmbeddedResource(Described):
    type: ClassVar[str] = "resource"
    resource: ResourceContents
    annotations: Annotations | None = None


@define(slots=True)
class ResourceLink(Described):
    """A resource the reader may fetch; it need not be listed."""

    type: ClassVar[str] = "resource_link"
    uri: str
    name: str
    title: str | None = None
    description: str | None = None
    mime_type: str | None = None
    size: int | None = None
    annotations: Annotations | None = None
    icons: list[Icon] | None = None


@define(slots=True)
class ToolUseContent(Described):
    """A sampled model's wish to call a tool."""

    type: ClassVar[str] = "tool_use"
    id: str
    name: str
    input: dict[str, Any]


@define(slots=True)
class ToolResultContent(Described):
    """The answer to a `ToolUseContent`."""

    type: ClassVar[str] = "tool_result"
    tool_use_id: str
    content: list[ContentBlock]
    structured_content: Any = None
    is_error: bool | None = None


@define(slots=True)
class OpaqueContent(Shape):
    """A block of a type this release does not know; its members are all in `extras`."""

    type: str


ContentBlock = (
    TextContent
    | ImageContent
    | AudioContent
    | EmbeddedResource
    | ResourceLink
    | ToolUseContent
    | ToolResultContent
    | OpaqueContent
)

BLOCKS = (
    TextContent,
    ImageContent,
    AudioContent,
    EmbeddedResource,
    ResourceLink,
    ToolUseContent,
    ToolResultContent,
    OpaqueContent,
)
"""The classes of `ContentBlock`, for `isinstance`."""

CONTENT_TYPES: dict[str, type[Any]] = {
    block.type: block for block in cast("tuple[Any, ...]", BLOCKS) if block is not OpaqueContent
}
"""Discriminator -> class, for codecs."""
