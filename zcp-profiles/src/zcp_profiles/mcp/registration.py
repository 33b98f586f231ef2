"""What MCP cannot serve is refused before anything is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcp_kernel.errors import RegistrationError

from .mirrors import mirrors_of

if TYPE_CHECKING:
    from zcp_kernel.registry import Registry


def refuse_wrong_mirrors(registry: Registry) -> None:
    """Refuse a tool whose `x-mcp-header` is wrong: every HTTP client of 2026-07-28 would have to
    hide it. One that is added while serving is served, without its headers being checked."""
    for tool in registry.tools:
        try:
            mirrors_of(tool.definition.input_schema)
        except ValueError as error:
            raise RegistrationError(
                f"tool {tool.definition.name!r} ({tool.invoke.where}): {error}"
            ) from None
