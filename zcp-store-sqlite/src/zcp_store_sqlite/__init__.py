"""One SQLite file for everything that must outlive a request or a process."""

from __future__ import annotations

from .bus import SQLiteBus
from .config import StoreConfig
from .database import Database, StoreError
from .events import SQLiteEventLog
from .handles import SQLiteHandleStore
from .tasks import SQLiteTaskStore

__all__ = [
    "Database",
    "SQLiteBus",
    "SQLiteEventLog",
    "SQLiteHandleStore",
    "SQLiteTaskStore",
    "StoreConfig",
    "StoreError",
]
