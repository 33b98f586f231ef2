"""`zcp tasks` and `zcp sessions` look into a store."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner
from sqlite_servers import server
from zcp_kernel.contracts import StoredSession
from zcp_store_sqlite import Database
from zcp_store_sqlite.sessions import SQLiteSessionStore

from zcp.cli import stores
from zcp.cli.app import cli

from .conftest import Zcp


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """With one task that completed, one that was cancelled, and one session."""

    async def fill() -> None:
        async with server(tmp_path / "zcp.db") as here:
            here.bodies.gate.set()
            await here.result(await here.start("patient", given=1))
            asking = await here.start("asking")
            await here.until(asking, "input_required")
            await here.kernel.tasks.cancel(asking, "me")
        database = Database(tmp_path / "zcp.db")
        try:
            await SQLiteSessionStore(database).save(StoredSession("s1", "mcp", "2025-11-25", "w"))
        finally:
            database.close()

    anyio.run(fill)
    return tmp_path / "zcp.db"


def test_tasks_of_a_store(zcp: Zcp, store: Path) -> None:
    listed = zcp("tasks", "list", store)
    assert listed.code == 0, listed.err
    head, *rows = (line.split() for line in listed.out.splitlines())
    assert head[:3] == ["TASK", "KIND", "STATUS"]
    assert [row[1:3] for row in rows] == [["asking", "cancelled"], ["patient", "completed"]]
    cancelled, good = (row[0] for row in rows)
    # The other spellings of file and order mean the same.
    for words in (
        ("list", f"sqlite:///{store}", "--status", "completed"),
        (store, "list", "--status", "completed"),
        ("list", "zcp.db", "--status", "completed"),
    ):
        (task,) = zcp("tasks", *words, "--json").json["tasks"]
        assert task["taskId"] == good
    shown = zcp("tasks", "show", store, good).json
    assert (shown["task"]["status"], shown["result"]["given"]) == ("completed", 1)
    assert zcp("tasks", "retry", store, cancelled).out.startswith(f"task {cancelled}: queued")
    ended = zcp("tasks", "cancel", store, cancelled, "--json").json["task"]
    assert (ended["status"], ended["attempt"]) == ("cancelled", 2)
    assert zcp("tasks", "prune", store, "--days", "0").out == "2 tasks removed\n"


def test_sessions_of_a_store(zcp: Zcp, store: Path) -> None:
    listed = zcp("sessions", "list", store)
    assert [line.split()[0] for line in listed.out.splitlines()] == ["SESSION", "s1"]
    assert zcp("sessions", "show", store, "s1").json["session"]["plane"] == "mcp"
    assert zcp("sessions", "prune", store).out == "0 sessions removed\n"
    assert zcp("sessions", "prune", store, "--hours", "0", "--json").json == {"removed": 1}


def test_what_is_not_there(zcp: Zcp, store: Path) -> None:
    ran = zcp("tasks", "show", store, "nothing", "--json")
    assert (ran.code, ran.json["error"]["message"]) == (1, "not_found:nothing")
    ran = zcp("tasks", "list", "sqlite:///nothing.db")
    assert (ran.code, ran.err) == (3, "error: there is no file nothing.db\n")
    assert not store.with_name("nothing.db").exists()
    assert zcp("sessions", "show", store, "nothing").err == "error: not_found:nothing\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tasks", "create", "zcp.db", "patient"], "is a store"),
        (["tasks", "result", "zcp.db", "x"], "is a store"),
        (["tasks", "prune", "notes.txt"], "is no SQLite store"),
        (["tasks", "retry", "nothing.db", "x"], "does not exist"),
        (["sessions", "list", "https://example.com/mcp"], "does not exist"),
        (["tasks", "list", "sqlite:///zcp.db?mode=ro"], "write sqlite:///FILE"),
        (["store", "tasks", "list", "zcp.db"], "No such command"),
        (["tasks", "zcp.db", "eat"], "'zcp.db' is no verb: there is cancel, create"),
        (["sessions", "zcp.db"], "is no verb: there is list, prune, show"),
    ],
)
def test_what_makes_no_sense_is_refused(zcp: Zcp, store: Path, words: list[str], said: str) -> None:
    store.with_name("notes.txt").write_text("Not one.", encoding="utf-8")
    ran = zcp(*words)
    assert ran.code in (2, 3)
    assert ran.out == ""
    assert said in ran.err


def test_without_the_store_it_says_what_to_install(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "is_installed", lambda _: False)
    for words in (["tasks", "list"], ["sessions", "list"]):
        for place in (str(store), f"sqlite:///{store}"):
            ran = CliRunner().invoke(cli, [*words, place])
            assert 'pip install "zero-context-protocol-sdk[sqlite]"' in str(ran.exception)
