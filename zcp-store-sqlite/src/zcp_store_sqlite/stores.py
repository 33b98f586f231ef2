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
from .sealing import sealing
from .sessions import SQLiteSessionStore
from .tasks import SQLiteTaskStore

__all__ = ["stores"]


def stores(settings: StoreConfig, config: ServerConfig) -> list[Any]:
    """Raises `ConfigError` for a URL that names no file."""
    assert settings.url is not None
    database = Database(
        path_of(settings.url),
        busy_timeout=settings.busy_timeout_seconds,
        max_bytes=settings.max_bytes,
    )
    handles = config.section(HandlesSection)
    made: list[Any] = [
        SQLiteTaskStore(database, sealing(settings.key, settings.former_keys)),
        SQLiteHandleStore(database, handles.max_bytes_per_owner, handles.max_bytes_total),
        _event_log(database, config),
        SQLiteBus(database),
        SQLiteOnceStore(database),
        SQLiteSessionStore(database),
        SQLiteRateStore(database),
        SQLiteKeyStore(database),
    ]
    database.look_after(*(store.tidy for store in made if hasattr(store, "tidy")))
    return made


def _event_log(database: Database, config: ServerConfig) -> SQLiteEventLog:
    """With the limits of Streamable HTTP, where that is installed."""
    if "streamable_http" not in config.classes:
        return SQLiteEventLog(database)
    limits = config.section("streamable_http")
    return SQLiteEventLog(
        database,
        limits.replay_events,
        limits.replay_bytes,
        max_bytes_total=limits.max_session_bytes,
    )
