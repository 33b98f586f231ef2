"""What has had its time is removed in the background, and what is sealed cannot be read."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from zcp_kernel.config import KERNEL_SECTIONS, ServerConfig
from zcp_kernel.contracts import StoredCall, StoredHandle, StoredSession, TaskRecord
from zcp_kernel.errors import ConfigError
from zcp_kernel.model import HandleRef, TaskDescriptor
from zcp_store_sqlite import (
    Database,
    SQLiteBus,
    SQLiteEventLog,
    SQLiteHandleStore,
    SQLiteTaskStore,
    StoreConfig,
    StoreError,
    bus,
    database,
    events,
    leases,
    rates,
    sessions,
)
from zcp_store_sqlite.once import SQLiteOnceStore
from zcp_store_sqlite.rates import SQLiteRateStore
from zcp_store_sqlite.sealing import sealing
from zcp_store_sqlite.sessions import SQLiteSessionStore
from zcp_store_sqlite.stores import stores

pytestmark = pytest.mark.anyio

WEEKS = 30 * 86_400.0
TABLES = ("tasks", "handles", "streams", "events", "bus", "once", "sessions", "calls", "rates")
KEY = "a key of sixteen characters, or more"


def task(task_id: str, **more: Any) -> TaskRecord:
    shape = TaskDescriptor(task_id, "kind", "completed", "2026-01-01T00:00:00Z", "2026", ttl=1)
    return TaskRecord(shape, "me", input=b'{"password":"hunter2"}', **more)


@pytest.fixture
def file(tmp_path: Path) -> Generator[Database]:
    one = Database(tmp_path / "zcp.db")
    yield one
    one.close()


async def counts(one: Database) -> dict[str, int]:
    def look(connection: Any) -> dict[str, int]:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in TABLES
        }

    return await one.read(look)


async def fill(one: Database) -> None:
    await SQLiteTaskStore(one).create(task("t", expires_at=time.time() - 1))
    ref = HandleRef("h", "bytes", 1, "s")
    await SQLiteHandleStore(one).put(StoredHandle(ref, "me", b"x", expires_at=time.time() - 1))
    await SQLiteEventLog(one).append("s", 1, b"x")
    await SQLiteBus(one).publish("t", 1)
    await SQLiteOnceStore(one).begin("k", time.time() - 1)
    held = SQLiteSessionStore(one)
    await held.save(StoredSession("s", "mcp", "2025-11-25", "a"))
    await held.begin("s", StoredCall(1, "a", b"[1]"))
    await SQLiteRateStore(one).count("me", 1.0, 9)


async def test_every_table_is_looked_after(file: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    config = ServerConfig({}, {**KERNEL_SECTIONS, "store": StoreConfig})
    made = stores(StoreConfig(url=f"sqlite:///{file.path}"), config)
    looked_after: Database = made[0]._database
    await fill(looked_after)
    assert set((await counts(looked_after)).values()) == {1}

    def later() -> float:
        return leases.lease_clock() + WEEKS

    for module in (bus, events, rates, sessions):
        monkeypatch.setattr(module, "lease_clock", later)
    monkeypatch.setattr(database, "UPKEEP_SECONDS", 0.0)
    for _ in range(3):
        await looked_after.check()
    assert set((await counts(looked_after)).values()) == {0}
    looked_after.close()


async def test_what_still_counts_stays(file: Database) -> None:
    made = [SQLiteEventLog(file), SQLiteBus(file), SQLiteSessionStore(file), SQLiteRateStore(file)]
    await fill(file)
    for store in made:
        assert await file.write(store.tidy) == 0
    unfinished = task("running", expires_at=time.time() - 1)
    shape = evolve(unfinished.descriptor, status="working")
    await SQLiteTaskStore(file).create(evolve(unfinished, descriptor=shape))
    assert await file.write(SQLiteTaskStore(file).tidy) == 1
    assert await SQLiteTaskStore(file).get("running") is not None


async def test_beyond_the_bytes_in_all_the_longest_unused_streams_go(file: Database) -> None:
    log = SQLiteEventLog(file, max_bytes_total=1000)
    for number in range(10):
        await log.append(f"s{number}", 1, b"x" * 200)
    assert await file.write(log.tidy) == 5
    kept = [number for number in range(10) if await log.after(f"s{number}", 1, 0)]
    assert kept == [5, 6, 7, 8, 9]


async def test_inputs_and_results_are_sealed_where_there_is_a_key(file: Database) -> None:
    plain = SQLiteTaskStore(file)
    sealed = SQLiteTaskStore(file, sealing(KEY))
    renewed = SQLiteTaskStore(file, sealing("another key of sixteen characters", [KEY]))
    await plain.create(task("before"))
    record = task("t", outcome=b'{"result":"hunter3"}')
    await sealed.create(record)
    for store in (sealed, renewed):
        found = await store.get("t")
        assert found is not None
        assert (found.input, found.outcome) == (record.input, record.outcome)
        assert (await store.get("before") or record).input == record.input
    with pytest.raises(StoreError, match="key"):
        await plain.get("t")
    with pytest.raises(StoreError, match="former_keys"):
        await SQLiteTaskStore(file, sealing("no key that was ever used")).get("t")
    await file.write(
        lambda each: each.execute(
            "UPDATE tasks SET input = (SELECT input FROM tasks WHERE id = 't') WHERE id = 'before'"
        )
    )
    with pytest.raises(StoreError, match="changed"):
        await sealed.get("before")
    await file.write(lambda each: each.execute("DELETE FROM tasks WHERE id = 'before'"))
    file.close()
    everything = b"".join(part.read_bytes() for part in file.path.parent.iterdir())
    assert b"hunter3" not in everything


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="16"):
        sealing("short")
    with pytest.raises(ConfigError, match="in force"):
        sealing(None, [KEY])
    assert KEY not in repr(StoreConfig(key=KEY, former_keys=(KEY,)))
