"""What an upstream offers, read whole."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from ...codec import PLAIN
from ...errors import METHOD_NOT_FOUND, InvalidParams, MethodNotFound, RemoteError
from ...jsontext import is_object
from ...model import PromptDescriptor, ResourceDescriptor, ResourceTemplate, ToolDefinition

if TYPE_CHECKING:
    from ...client import ZCPClientSession

log = logging.getLogger("zcp.mount")

T = TypeVar("T", ToolDefinition, ResourceDescriptor, ResourceTemplate, PromptDescriptor)

VIA_META = "zcp/via"
"""In `_meta` of what is mounted: the ids of the apps it came through."""


@define
class Listing:
    """`server` is its name card, `instructions` what it says of itself. It may complete arguments
    (`completes`), have resources (`reads`) and kinds of tasks (`has_kinds`), listed or not, decide
    itself which calls become tasks (`decides`), and send log messages (`logs`)."""

    server: dict[str, Any]
    instructions: str | None = None
    completes: bool = False
    reads: bool = False
    has_kinds: bool = False
    decides: bool = False
    logs: bool = False
    tools: list[ToolDefinition] = field(factory=list[ToolDefinition])
    resources: list[ResourceDescriptor] = field(factory=list[ResourceDescriptor])
    templates: list[ResourceTemplate] = field(factory=list[ResourceTemplate])
    prompts: list[PromptDescriptor] = field(factory=list[PromptDescriptor])


async def read_listing(
    session: ZCPClientSession, introduced: Mapping[str, Any], own_id: str
) -> Listing:
    """What the server that introduced itself so has. What came through `own_id` is left out: it
    would come round again and again."""
    able: Mapping[str, Any] = introduced.get("capabilities") or {}
    listing = Listing(
        dict(introduced.get("serverInfo") or {}),
        introduced.get("instructions"),
        able.get("completions") is not None,
        able.get("resources") is not None,
        # Where results stay as handles the native plane is spoken, on which tasks have kinds.
        able.get("handles") is not None and able.get("tasks") is not None,
        any(name.endswith("/tasks") for name in able.get("extensions") or ()),
        able.get("logging") is not None,
    )

    async def read(list_them: Callable[[], Awaitable[Any]], member: str, cls: type[T]) -> list[T]:
        return _decoded((await _listed(list_them))[member], cls, own_id)

    if able.get("tools") is not None:
        listing.tools = await read(session.list_tools, "tools", ToolDefinition)
    if able.get("resources") is not None:
        listing.resources = await read(session.list_resources, "resources", ResourceDescriptor)
        templates = session.list_resource_templates
        listing.templates = await read(templates, "resourceTemplates", ResourceTemplate)
    if able.get("prompts") is not None:
        listing.prompts = await read(session.list_prompts, "prompts", PromptDescriptor)
    return listing


class _Nothing(dict[str, Any]):
    def __missing__(self, key: str) -> list[Any]:
        return []


async def _listed(list_them: Callable[[], Awaitable[Any]]) -> Any:
    """A server that declares a list and does not have it has nothing to list."""
    try:
        return await list_them()
    except MethodNotFound:
        return _Nothing()
    except RemoteError as error:
        if error.code != METHOD_NOT_FOUND:
            raise
        return _Nothing()


def _decoded(items: list[Any], cls: type[T], own_id: str) -> list[T]:
    """The items that can be understood; one that cannot does not take the others down."""
    found: list[T] = []
    for item in items:
        try:
            shape = PLAIN.decode(cls, item)
        except InvalidParams as error:
            log.warning("left out of an upstream's list: %s", error)
            continue
        via: Any = (shape.meta or {}).get(VIA_META, ())
        if is_object(item) and own_id in via:
            log.warning("%s came round through another server; left out", _name(item))
            continue
        found.append(shape)
    return found


def _name(item: Mapping[str, Any]) -> Any:
    return item.get("name") or item.get("uri")
