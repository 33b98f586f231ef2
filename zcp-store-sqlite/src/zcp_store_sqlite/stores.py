"""The stores of one server, over one file."""

from __future__ import annotations

from typing import Any

from zcp_kernel.config import HandlesSection, ServerConfig

from .bus import SQLiteBus
from .config import StoreConfig, path_of
from .database import Database
from .events import SQLiteEventLog
from .handles import SQLiteHandleStore
from .keys import SQLiteKeyStore
from .once import SQLiteOnceStore
from .rates import SQLiteRateStore
from .sessions import SQLiteSessionStore
from .tasks import SQLiteTaskStore

__all__ = ["stores"]


def stores(settings: StoreConfig, config: ServerConfig) -> list[Any]:
    """Raises `ConfigError` for a URL that names no file."""
    assert settings.url is not None
    database = Database(path_of(settings.url), busy_timeout=settings.busy_timeout_seconds)
    handles = config.section(HandlesSection)
    return [
        SQLiteTaskStore(database),
        SQLiteHandleStore(database, handles.max_bytes_per_owner, handles.max_bytes_total),
        SQLiteEventLog(database),
        SQLiteBus(database),
        SQLiteOnceStore(database),
        SQLiteSessionStore(database),
        SQLiteRateStore(database),
        SQLiteKeyStore(database),
    ]
