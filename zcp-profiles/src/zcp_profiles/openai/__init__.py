"""OpenAI: Chat Completions, Responses, and what speaks like them.

`OpenAIResponsesAdapter` and `OpenAIAdapter` bring tools and a model together; the functions are for
those who own the loop. Clients are duck-typed: the `openai` package is needed only where an adapter
is to make its client itself.
"""

from ..adapters import (
    AgentLoop,
    Event,
    Limits,
    ModelFailed,
    TextDelta,
    ToolCall,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    TurnEnded,
    TurnResult,
    Usage,
    decode_tool_output,
    encode_tool_output,
)
from .chat import OpenAIAdapter
from .responses import OpenAIResponsesAdapter
from .strict import OpenAIStrictSchemaCompiler, StrictSchema
from .tools import compile_openai_tools
from .turns import run_responses_turn, stream_responses_turn, submit_tool_results

__all__ = [
    "AgentLoop",
    "Event",
    "Limits",
    "ModelFailed",
    "OpenAIAdapter",
    "OpenAIResponsesAdapter",
    "OpenAIStrictSchemaCompiler",
    "StrictSchema",
    "TextDelta",
    "ToolCall",
    "ToolFinished",
    "ToolOutput",
    "ToolStarted",
    "TurnEnded",
    "TurnResult",
    "Usage",
    "compile_openai_tools",
    "decode_tool_output",
    "encode_tool_output",
    "run_responses_turn",
    "stream_responses_turn",
    "submit_tool_results",
]
