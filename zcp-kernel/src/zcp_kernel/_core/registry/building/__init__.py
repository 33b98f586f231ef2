"""From a decorator's arguments to a registered item."""

from .common import shaped
from .prompts import completion, prompt
from .resources import resource, template
from .tasks import task_kind, tool_of_kind
from .tools import tool

__all__ = [
    "completion",
    "prompt",
    "resource",
    "shaped",
    "task_kind",
    "template",
    "tool",
    "tool_of_kind",
]
