"""Handles: large results kept on the server, and the stores that keep them."""

from ._core.handles.aliases import meant as handle_meant
from ._core.handles.placing import URI_PREFIX, kept
from ._core.handles.pointer import resolve as resolve_pointer
from ._core.handles.service import Handles
from ._core.memory.handle_store import MemoryHandleStore
from .contracts import HandleStore, StoredHandle

__all__ = [
    "URI_PREFIX",
    "HandleStore",
    "Handles",
    "MemoryHandleStore",
    "StoredHandle",
    "handle_meant",
    "kept",
    "resolve_pointer",
]
