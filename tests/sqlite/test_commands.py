"""`zcp store` looks into a file, and after it."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result
from sqlite_servers import server
from zcp_kernel.contracts import StoredCall, StoredSession
from zcp_store_sqlite import Database, SQLiteEventLog, SQLiteTaskStore
from zcp_store_sqlite.commands.group import key_of, store_group
from zcp_store_sqlite.sessions import SQLiteSessionStore


def run(*words: object) -> Result:
    return CliRunner().invoke(store_group(), [str(word) for word in words])


def told(*words: object) -> Any:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


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
    rows = json.loads(told("tasks", "list", file, "--json"))
    assert [row["kind"] for row in rows] == ["asking", "fragile", "patient"]
    table = told("tasks", "list", file, "--status", "completed")
    assert good in table
    assert cancelled not in table
    shown = json.loads(told("tasks", "show", file, good))
    assert (shown["input"], shown["result"]) == ({"given": 1}, {"attempt": 1, "given": 1})
    assert run("tasks", "show", file, "nothing").exit_code == 1
    assert told("tasks", "prune", file, "--days", "1") == "0 tasks removed\n"
    assert told("tasks", "prune", file, "--days", "0") == "3 tasks removed\n"


def test_what_was_cancelled_can_run_again(file: Path) -> None:
    good, cancelled = anyio.run(two_tasks, file)
    assert "only what failed" in run("tasks", "retry", file, good).output
    assert "has ended already" in run("tasks", "cancel", file, good).output
    told("tasks", "retry", file, cancelled)

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
            await anyio.to_thread.run_sync(told, "tasks", "cancel", file, task_id)
            assert (await here.kernel.tasks.store.get(task_id)).descriptor.status == "cancelled"

    anyio.run(watch)


def test_it_checks_migrates_and_copies(file: Path, tmp_path: Path) -> None:
    anyio.run(two_tasks, file)
    assert "tasks 3" in told("check", file)
    assert "already" in told("migrate", file)
    copy = tmp_path / "copy.db"
    told("backup", file, copy)
    assert "tasks 3" in told("check", copy)
    assert "exists" in run("backup", file, copy).output
    with sqlite3.connect(copy) as connection:
        connection.execute("PRAGMA user_version = 999")
    assert run("check", copy).exit_code == 1
    assert "upgrade" in run("migrate", copy).output


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
    rows = json.loads(told("sessions", "list", file, "--json"))
    assert [row["id"] for row in rows] == ["s2", "s1"]
    assert "inspector" in told("sessions", "list", file)
    shown = json.loads(told("sessions", "show", file, "s1"))
    assert (shown["caller"], shown["calls"][0]["requests"]) == ("ada", [7])
    assert run("sessions", "show", file, "nothing").exit_code == 1
    assert told("sessions", "prune", file) == "0 sessions removed\n"
    assert told("sessions", "prune", file, "--hours", "0") == "2 sessions removed\n"
    assert "events 0" in told("check", file)


def test_sealed_tasks_need_their_key(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, _ = anyio.run(two_tasks, file)
    monkeypatch.setenv("ZCP_STORE__KEY", "sixteen characters at least")
    assert good in told("tasks", "show", file, good), "what is not sealed needs none"

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
    assert json.loads(told("tasks", "show", file, good))["result"]["given"] == 1
    monkeypatch.delenv("ZCP_STORE__KEY")
    refused = run("tasks", "show", file, good)
    assert refused.exit_code == 1
    assert "sealed" in refused.output


def test_a_damaged_file_is_said_to_be(tmp_path: Path) -> None:
    file = tmp_path / "damaged.db"
    file.write_bytes(b"no database " * 1000)
    result = run("check", file)
    assert result.exit_code == 1
    assert "not a database" in result.output
