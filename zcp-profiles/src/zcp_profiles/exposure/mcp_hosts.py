"""The profile for MCP hosts, which put every tool they are shown into their model's context."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from .discovery import DiscoveryProfile

if TYPE_CHECKING:
    from zcp_kernel.model import ListToolsParams, ToolDefinition


def _words(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


@frozen
class MCPProfile:
    """What an MCP host is shown of a server:
    `FastZCP(…, default_tool_profiles={"mcp": MCPProfile(groups="workflow", deny="admin.*")})`.

    A tool is shown that has one of `groups` and one of `stages` (`_meta.groups`, `_meta.stages`),
    none of `exclude_groups`, and a name that fits one of `allow` and none of `deny`: names, or
    patterns with `*`, `?` and `[…]`. What is left empty asks for nothing. With `discovery` three
    tools stand for those that would be shown, as in `DiscoveryProfile`.

    A host has no way to ask for another view, so a tool outside of it does not exist for it. Native
    clients are not concerned.
    """

    name: str = "mcp"
    groups: tuple[str, ...] = field(default=(), converter=_words)
    exclude_groups: tuple[str, ...] = field(default=(), converter=_words)
    stages: tuple[str, ...] = field(default=(), converter=_words)
    allow: tuple[str, ...] = field(default=(), converter=_words)
    deny: tuple[str, ...] = field(default=(), converter=_words)
    discovery: bool = False

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        shown = self._fitting(tools)
        return DiscoveryProfile().select(shown, request) if self.discovery else shown

    def stands_for(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return self._fitting(tools)

    def as_list_tools_params(self) -> dict[str, Any]:
        """The keyword arguments of `ZCPClientSession.list_tools` with which a native client asks
        for this profile."""
        return {"profile": self.name}

    def _fitting(self, tools: Sequence[ToolDefinition]) -> list[ToolDefinition]:
        return [tool for tool in tools if self._fits(tool)]

    def _fits(self, tool: ToolDefinition) -> bool:
        meta = tool.meta or {}
        return (
            _any(self.groups, set(meta.get("groups", ())).__contains__)
            and _any(self.stages, set(meta.get("stages", ())).__contains__)
            and not set(self.exclude_groups) & set(meta.get("groups", ()))
            and _any(self.allow, lambda pattern: fnmatchcase(tool.name, pattern))
            and not any(fnmatchcase(tool.name, pattern) for pattern in self.deny)
        )


def _any(wanted: Sequence[str], has: Callable[[str], bool]) -> bool:
    return not wanted or any(map(has, wanted))
