"""Changes while serving: what a registry does reaches the clients that should hear of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..model import PromptListChanged, ResourceListChanged, ToolListChanged

if TYPE_CHECKING:
    from .kernel import Kernel


def follow_changes(kernel: Kernel) -> None:
    """Announce every change of the kernel's catalogues to all its sessions."""
    registry = kernel.registry
    for catalogue, notice in (
        (registry.tools, ToolListChanged()),
        (registry.resources, ResourceListChanged()),
        (registry.templates, ResourceListChanged()),
        (registry.prompts, PromptListChanged()),
    ):
        catalogue.listen(_announcer(kernel, notice))


def _announcer(kernel: Kernel, notice: Any) -> Any:
    def announce() -> None:
        kernel.broadcast(notice)

    return announce
