"""The profile that leaves nothing out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from zcp_kernel.model import ListToolsParams, ToolDefinition


@frozen
class EverythingProfile:
    """Every tool, in registration order."""

    name: str = "everything"

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return tools
