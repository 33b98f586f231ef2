"""Tools, calls and results in few words: for prompts, for lists in brief, for search."""

from .ranking import ToolIndex
from .signatures import brief, named, one_line, signature
from .text import format_call, format_registry, format_result
from .tokens import estimate_tokens

__all__ = [
    "ToolIndex",
    "brief",
    "estimate_tokens",
    "format_call",
    "format_registry",
    "format_result",
    "named",
    "one_line",
    "signature",
]
