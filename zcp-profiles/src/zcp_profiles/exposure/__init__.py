"""Exposure profiles: which of a server's tools a kind of peer is shown."""

from .everything import EverythingProfile
from .semantic_workflow import SemanticWorkflowProfile

__all__ = ["EverythingProfile", "SemanticWorkflowProfile"]
