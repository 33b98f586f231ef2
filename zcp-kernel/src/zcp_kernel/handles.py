"""Handles: large results kept on the server, and the stores that keep them."""

from ._core.handles.service import Handles
from ._core.memory.handle_store import MemoryHandleStore
from .contracts import HandleStore, StoredHandle

__all__ = ["HandleStore", "Handles", "MemoryHandleStore", "StoredHandle"]
