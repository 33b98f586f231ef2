"""The profile for peers that plan in workflows rather than primitives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from zcp_kernel.model import ListToolsParams, ToolDefinition


@frozen
class SemanticWorkflowProfile:
    """The tools tagged with the semantic group, `_meta.groups = ["workflow", …]`, where there are
    any; otherwise all, so that a server without workflows is not left empty.

    A client asks for it with `list_tools(**SemanticWorkflowProfile().as_list_tools_params())`.
    """

    name: str = "semantic-workflow"
    semantic_group: str = "workflow"

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        tagged = [tool for tool in tools if self.semantic_group in _groups(tool)]
        return tagged or tools

    def as_list_tools_params(self) -> dict[str, Any]:
        """The keyword arguments of `ZCPClientSession.list_tools` that ask for this profile."""
        return {"profile": self.name}


def _groups(tool: ToolDefinition) -> Sequence[str]:
    groups: Sequence[str] = (tool.meta or {}).get("groups", ())
    return groups
