"""What the server says it has, it lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from zcp_kernel.errors import METHOD_NOT_FOUND, RemoteError, SchemaRefused
from zcp_kernel.validation import CanonicalValidator

from ...jsonvalues import is_object
from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable

Listing = Callable[[], Awaitable[dict[str, Any]]]


async def discovery(bench: Bench) -> str:
    """Every declared list answers, twice alike, without two entries of one name; every tool has an
    input schema for an object."""
    client = bench.client
    kinds: list[tuple[str, str, str, Listing]] = [
        ("tools", "tools", "name", client.list_tools),
        ("resources", "resources", "uri", client.list_resources),
        ("resources", "resourceTemplates", "uriTemplate", client.list_resource_templates),
        ("prompts", "prompts", "name", client.list_prompts),
    ]
    found: list[str] = []
    for capability, member, key, listing in kinds:
        if capability not in bench.capabilities:
            continue
        items = await _listed(member, listing)
        if items is None:
            continue
        _keyed(member, key, items)
        if await _listed(member, listing) != items:
            raise Failed(f"two listings of the {member} differ, with nothing in between")
        bench.lists[member] = items
        found.append(f"{len(items)} {member}")
    for tool in bench.lists.get("tools", ()):
        _schemas(tool)
    if not found:
        raise NotApplicable("the server declares no tools, resources or prompts")
    return ", ".join(found)


async def _listed(member: str, listing: Listing) -> list[dict[str, Any]] | None:
    """The entries; None for templates the server has no method for, which it need not."""
    try:
        answer = await listing()
    except RemoteError as error:
        if member == "resourceTemplates" and error.code == METHOD_NOT_FOUND:
            return None
        raise Failed(f"{member} are declared but cannot be listed: {error.message}") from None
    return list(answer[member])


def _keyed(member: str, key: str, items: list[dict[str, Any]]) -> None:
    keys = [item.get(key) for item in items]
    nameless = [one for one in keys if not isinstance(one, str) or not one]
    if nameless:
        raise Failed(f"an entry of the {member} has no {key}")
    twice = sorted({str(one) for one in keys if keys.count(one) > 1})
    if twice:
        raise Failed(f"{member} are listed twice: {', '.join(twice)}")


def _schemas(tool: dict[str, Any]) -> None:
    schema = tool.get("inputSchema")
    if not is_object(schema) or schema.get("type") != "object":
        raise Failed(f"the input schema of {tool['name']} is not one of an object")
    for member in ("inputSchema", "outputSchema"):
        try:
            CanonicalValidator(tool.get(member, True))
        except SchemaRefused as error:
            if error.keyword is None or "refus" not in str(error):
                raise Failed(f"the {member} of {tool['name']} is no schema: {error}") from None


DISCOVERY = Check("discovery", discovery)
