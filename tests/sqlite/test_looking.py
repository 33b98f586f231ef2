"""What an operator sees of a file, and does in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlite_servers import server
from zcp_kernel.contracts import StoredCall, StoredSession
from zcp_kernel.errors import NotFound
from zcp_store_sqlite import Database, SQLiteEventLog, SQLiteTaskStore, StoreError
from zcp_store_sqlite.looking import sessions, tasks
from zcp_store_sqlite.looking.file import key_of
from zcp_store_sqlite.sessions import SQLiteSessionStore


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zcp.db"


async def two_tasks(file: Path) -> tuple[str, str]:
    """Ids of one that completed and of one that failed."""
    async with server(file) as here:
        here.bodies.gate.set()
        good = await here.start("patient", given=1)
        bad = await here.start("fragile")
        await here.result(good)
        await here.kernel.tasks.result(bad, "me")
        long = await here.start("asking")
        await here.until(long, "input_required")
        await here.kernel.tasks.cancel(long, "me")
    return good, long


def test_it_lists_shows_and_prunes_tasks(file: Path) -> None:
    good, cancelled = anyio.run(two_tasks, file)
    found = tasks.newest(file, 10)
    assert [task["kind"] for task in found] == ["asking", "fragile", "patient"]
    assert [task["taskId"] for task in tasks.newest(file, 1)] == [cancelled]
    assert [task["taskId"] for task in tasks.newest(file, 10, "cancelled")] == [cancelled]
    shown = tasks.details(file, good)
    assert (shown["input"], shown["result"]) == ({"given": 1}, {"attempt": 1, "given": 1})
    assert shown["task"]["owner"] == "me"
    assert tasks.prune(file, 1) == 0
    assert tasks.prune(file, 0) == 3


@pytest.mark.parametrize("act", [tasks.details, tasks.cancel, tasks.retry, sessions.details])
def test_an_id_nobody_has(file: Path, act: Any) -> None:
    anyio.run(two_sessions, file)
    with pytest.raises(NotFound, match="nothing"):
        act(file, "nothing")


def test_what_was_cancelled_can_run_again(file: Path) -> None:
    good, cancelled = anyio.run(two_tasks, file)
    with pytest.raises(StoreError, match="only what failed"):
        tasks.retry(file, good)
    with pytest.raises(StoreError, match="has ended already"):
        tasks.cancel(file, good)
    assert tasks.retry(file, cancelled)["status"] == "queued"

    async def answer() -> Any:
        async with server(file) as here:
            (key,) = (await here.until(cancelled, "input_required")).input_requests or {}
            await here.kernel.tasks.answer(cancelled, "me", key, {"action": "decline"})
            return await here.result(cancelled)

    assert anyio.run(answer) == {"result": {"action": "decline"}}


def test_an_operator_ends_a_task_another_process_runs(file: Path) -> None:
    async def watch() -> None:
        async with server(file) as here:
            task_id = await here.start("asking")
            await here.until(task_id, "input_required")
            await anyio.to_thread.run_sync(tasks.cancel, file, task_id)
            record = await here.kernel.tasks.store.get(task_id)
            assert record is not None
            assert record.descriptor.status == "cancelled"

    anyio.run(watch)


def test_the_file_of_another_program_is_left_alone(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    before = file.read_bytes()
    for look in (tasks.newest, sessions.latest):
        with pytest.raises(StoreError, match="is no store"):
            look(file, 10)
    assert file.read_bytes() == before
    file.write_bytes(b"SQLite format 3\x00" + b"garbage" * 100)
    with pytest.raises(StoreError, match="unreadable"):
        tasks.prune(file, 0)
    with pytest.raises(StoreError, match="unreadable"):
        tasks.prune(file.with_name("nothing.db"), 0)
    assert not file.with_name("nothing.db").exists()


async def two_sessions(file: Path) -> None:
    database = Database(file)
    try:
        store = SQLiteSessionStore(database)
        facts = b'{"clientInfo":{"name":"inspector"}}'
        caller = b'{"subject":"ada"}'
        await store.save(StoredSession("s1", "mcp", "2025-11-25", "w", 0, caller, facts))
        await store.save(StoredSession("s2", "native", "zcp/1", "w"))
        await store.begin("s1", StoredCall(1, "w", b"[7]"))
        await SQLiteEventLog(database).append("s1", 1, b"frame")
    finally:
        database.close()


def test_it_lists_shows_and_prunes_sessions(file: Path) -> None:
    anyio.run(two_sessions, file)
    found = sessions.latest(file, 10)
    assert [(each["sessionId"], each["client"]) for each in found] == [
        ("s2", None),
        ("s1", "inspector"),
    ]
    assert sessions.latest(file, 1) == found[:1]
    shown = sessions.details(file, "s1")
    assert (shown["session"]["caller"], shown["calls"][0]["requests"]) == ("ada", [7])
    assert sessions.prune(file, 24) == 0
    assert sessions.prune(file, 0) == 2
    assert sessions.latest(file, 10) == []


def test_sealed_tasks_need_their_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, _ = anyio.run(two_tasks, file)
    monkeypatch.setenv("ZCP_STORE__KEY", "sixteen characters at least")
    assert tasks.details(file, good)["task"]["taskId"] == good, "what is not sealed needs none"

    async def seal() -> None:
        database = Database(file)
        try:
            store = SQLiteTaskStore(database, key_of())
            record = await store.get(good)
            assert record is not None
            await store.update(record)
        finally:
            database.close()

    anyio.run(seal)
    assert tasks.details(file, good)["result"]["given"] == 1
    monkeypatch.delenv("ZCP_STORE__KEY")
    with pytest.raises(StoreError, match="sealed"):
        tasks.details(file, good)
