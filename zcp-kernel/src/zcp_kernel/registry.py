"""What a server offers, and views of it."""

from ._core.exposure import RegistryView
from ._core.registry.catalogue import Catalogue
from ._core.registry.items import Completion, Prompt, Resource, TaskKind, Template, Tool
from ._core.registry.registry import Registry, ToolRegistry

__all__ = [
    "Catalogue",
    "Completion",
    "Prompt",
    "Registry",
    "RegistryView",
    "Resource",
    "TaskKind",
    "Template",
    "Tool",
    "ToolRegistry",
]
