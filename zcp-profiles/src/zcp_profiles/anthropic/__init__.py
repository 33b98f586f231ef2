"""Anthropic: the Messages API, and what speaks like it.

Clients are duck-typed: the `anthropic` package is needed only where an adapter is to make its
client itself.
"""

from ..adapters import AgentLoop, Limits, ModelFailed, TurnResult
from .adapter import AnthropicAdapter
from .tools import compile_anthropic_tools

__all__ = [
    "AgentLoop",
    "AnthropicAdapter",
    "Limits",
    "ModelFailed",
    "TurnResult",
    "compile_anthropic_tools",
]
