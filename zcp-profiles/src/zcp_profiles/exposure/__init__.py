"""Exposure profiles: which of a server's tools a kind of peer is shown; names are imported when
first used."""

from typing import TYPE_CHECKING

from zcp_kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from .budget import BudgetProfile as BudgetProfile
    from .discovery import DiscoveryProfile as DiscoveryProfile
    from .everything import EverythingProfile as EverythingProfile
    from .mcp_hosts import MCPProfile as MCPProfile
    from .semantic_workflow import SemanticWorkflowProfile as SemanticWorkflowProfile
else:
    __getattr__, __dir__ = names_on_demand(
        globals(),
        {
            "BudgetProfile": "budget",
            "DiscoveryProfile": "discovery",
            "EverythingProfile": "everything",
            "MCPProfile": "mcp_hosts",
            "SemanticWorkflowProfile": "semantic_workflow",
        },
    )
