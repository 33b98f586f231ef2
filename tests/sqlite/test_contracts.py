"""The stores in a file keep the contracts the stores in memory keep."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from zcp_kernel.testing.bus import BusContract, MakeBus
from zcp_kernel.testing.event_log import EventLogContract, MakeEventLog
from zcp_kernel.testing.handle_store import HandleStoreContract, MakeHandleStore
from zcp_kernel.testing.keys import KeyRingContract, KeyStoreContract, KeyStores, Rings
from zcp_kernel.testing.once_store import OnceStoreContract
from zcp_kernel.testing.rate_store import RateStoreContract
from zcp_kernel.testing.session_store import SessionStoreContract
from zcp_kernel.testing.shared_task_store import SharedTaskStoreContract, Stores
from zcp_kernel.testing.task_store import TaskStoreContract
from zcp_profiles.mcp.keyring import SecretKeyRing
from zcp_store_sqlite import (
    Database,
    SQLiteBus,
    SQLiteEventLog,
    SQLiteHandleStore,
    SQLiteTaskStore,
)
from zcp_store_sqlite.keys import SQLiteKeyStore
from zcp_store_sqlite.once import SQLiteOnceStore
from zcp_store_sqlite.rates import SQLiteRateStore
from zcp_store_sqlite.sessions import SQLiteSessionStore


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "zcp.db")
    yield database
    database.close()


class TestSQLiteTaskStore(TaskStoreContract):
    @pytest.fixture
    def store(self, database: Database) -> SQLiteTaskStore:
        return SQLiteTaskStore(database)


class TestSharedSQLiteTaskStore(SharedTaskStoreContract):
    @pytest.fixture
    def stores(self, database: Database) -> Iterator[Stores]:
        other = Database(database.path)
        yield SQLiteTaskStore(database), SQLiteTaskStore(other)
        other.close()


class TestSQLiteHandleStore(HandleStoreContract):
    @pytest.fixture
    def make_store(self, database: Database) -> MakeHandleStore:
        def make(*, max_bytes_per_owner: int, max_bytes_total: int) -> SQLiteHandleStore:
            return SQLiteHandleStore(database, max_bytes_per_owner, max_bytes_total)

        return make


class TestSQLiteEventLog(EventLogContract):
    @pytest.fixture
    def make_log(self, database: Database) -> MakeEventLog:
        return lambda events, size: SQLiteEventLog(database, events, size)


class TestSQLiteSessionStore(SessionStoreContract):
    @pytest.fixture
    def store(self, database: Database) -> SQLiteSessionStore:
        return SQLiteSessionStore(database)


class TestSQLiteBus(BusContract):
    @pytest.fixture
    def make_bus(self, database: Database) -> MakeBus:
        return lambda *, backlog: SQLiteBus(database, backlog)


class TestSQLiteOnceStore(OnceStoreContract):
    @pytest.fixture
    def store(self, database: Database) -> SQLiteOnceStore:
        return SQLiteOnceStore(database)


class TestSQLiteRateStore(RateStoreContract):
    @pytest.fixture
    def store(self, database: Database) -> SQLiteRateStore:
        return SQLiteRateStore(database)


class TestSQLiteKeyStore(KeyStoreContract):
    @pytest.fixture
    def stores(self, database: Database) -> Iterator[KeyStores]:
        other = Database(database.path)
        yield SQLiteKeyStore(database), SQLiteKeyStore(other)
        other.close()


class TestKeyRingOfAStore(KeyRingContract):
    @pytest.fixture
    def rings(self, tmp_path: Path) -> Rings:
        async def ring(name: str) -> SecretKeyRing:
            database = Database(tmp_path / name)
            try:
                return SecretKeyRing(await SQLiteKeyStore(database).secrets())
            finally:
                database.close()

        return anyio.run(ring, "one.db"), anyio.run(ring, "other.db")
