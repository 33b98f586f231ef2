"""`zcp store` looks after a file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner, Result
from sqlite_servers import server
from zcp_store_sqlite.commands.group import store_group
from zcp_store_sqlite.migrations import NEWEST


def run(*words: object) -> Result:
    return CliRunner().invoke(store_group(), [str(word) for word in words])


def told(*words: object) -> Any:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "zcp.db"


async def one_task(file: Path) -> None:
    async with server(file) as here:
        here.bodies.gate.set()
        await here.result(await here.start("patient"))


def test_it_checks_migrates_and_copies(file: Path, tmp_path: Path) -> None:
    anyio.run(one_task, file)
    assert f"schema {NEWEST} of {NEWEST}\ntasks 1" in told("check", file)
    assert "already" in told("migrate", file)
    copy = tmp_path / "copy.db"
    told("backup", file, copy)
    assert "tasks 1" in told("check", copy)
    assert "exists" in run("backup", file, copy).output
    with sqlite3.connect(copy) as connection:
        connection.execute("PRAGMA user_version = 999")
    assert run("check", copy).exit_code == 1
    assert "upgrade" in run("migrate", copy).output


def test_a_file_of_the_first_schema_is_migrated(file: Path) -> None:
    anyio.run(one_task, file)
    with sqlite3.connect(file) as connection:
        connection.execute("ALTER TABLE handle_data DROP COLUMN outline")
        connection.execute("PRAGMA user_version = 1")
    assert run("check", file).exit_code == 1
    assert told("migrate", file) == f"schema 1 -> {NEWEST}\n"
    assert "tasks 1" in told("check", file)
