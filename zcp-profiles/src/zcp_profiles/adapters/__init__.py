"""What the adapters for model APIs share: names, calls, results, and the loop of turns.

Every adapter works over a client session (of any server, MCP or native), a session group, or
whatever `zcp_kernel.connecting.connect` takes, an app of this process among them.
"""

from .adapter import Limits, ModelAdapter
from .loop import AgentLoop
from .output import decode_tool_output, encode_tool_output
from .shapes import (
    Event,
    ModelFailed,
    TextDelta,
    ToolCall,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnResult,
    Usage,
)

__all__ = [
    "AgentLoop",
    "Event",
    "Limits",
    "ModelAdapter",
    "ModelFailed",
    "TextDelta",
    "ToolCall",
    "ToolFinished",
    "ToolOutput",
    "ToolStarted",
    "TurnEnded",
    "TurnResult",
    "Usage",
    "decode_tool_output",
    "encode_tool_output",
]
