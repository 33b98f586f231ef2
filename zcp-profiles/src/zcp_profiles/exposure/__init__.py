"""Exposure profiles: which of a server's tools a kind of peer is shown."""

from .budget import BudgetProfile
from .discovery import DiscoveryProfile
from .everything import EverythingProfile
from .semantic_workflow import SemanticWorkflowProfile

__all__ = ["BudgetProfile", "DiscoveryProfile", "EverythingProfile", "SemanticWorkflowProfile"]
