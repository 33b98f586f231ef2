"""One SQLite file for everything that must outlive a request or a process; names are imported when
first used."""

from typing import TYPE_CHECKING

from zcp_kernel.lazy import names_on_demand

if TYPE_CHECKING:
    from .bus import SQLiteBus as SQLiteBus
    from .config import StoreConfig as StoreConfig
    from .database import Database as Database
    from .database import StoreError as StoreError
    from .events import SQLiteEventLog as SQLiteEventLog
    from .handles import SQLiteHandleStore as SQLiteHandleStore
    from .tasks import SQLiteTaskStore as SQLiteTaskStore
else:
    __getattr__, __dir__ = names_on_demand(
        globals(),
        {
            "Database": "database",
            "SQLiteBus": "bus",
            "SQLiteEventLog": "events",
            "SQLiteHandleStore": "handles",
            "SQLiteTaskStore": "tasks",
            "StoreConfig": "config",
            "StoreError": "database",
        },
    )
