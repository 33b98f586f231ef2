"""The kernel's own plugin: its parts come in through the hooks that everybody else uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config import KERNEL_SECTIONS
from ..hookspecs import hookimpl

if TYPE_CHECKING:
    from ..config import ServerConfig
    from ..contracts import Operation

name = "kernel"


@hookimpl
def zcp_config_sections() -> dict[str, type]:
    return dict(KERNEL_SECTIONS)


@hookimpl
def zcp_operations(config: ServerConfig) -> list[Operation]:
    from .handlers import core_operations

    return core_operations()


@hookimpl
def zcp_stores(config: ServerConfig) -> list[Any]:
    from .memory.handle_store import MemoryHandleStore
    from .memory.task_store import MemoryTaskStore

    limits = config.section("handles")
    return [
        MemoryTaskStore(),
        MemoryHandleStore(
            max_bytes_per_owner=limits.max_bytes_per_owner, max_bytes_total=limits.max_bytes_total
        ),
    ]
