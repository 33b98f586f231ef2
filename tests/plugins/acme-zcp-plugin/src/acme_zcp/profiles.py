"""The exposure profile `acme-only`."""

from __future__ import annotations

from collections.abc import Sequence

from zcp_kernel.model import ListToolsParams, ToolDefinition


class AcmeOnly:
    """Shows the tools of group `acme` and nothing else."""

    name = "acme-only"

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        return [tool for tool in tools if "acme" in (tool.meta or {}).get("groups", ())]
