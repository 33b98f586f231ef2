"""What can go wrong with a file: a clear error or a clean recovery, never silent loss."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlite_servers import server
from zcp_kernel.contracts import Bus, OnceStore, RateStore, SessionStore, StoredSession
from zcp_store_sqlite import Database, SQLiteBus, SQLiteEventLog, StoreError
from zcp_store_sqlite.config import MIN_BYTES

FRAME = b"x" * 50_000
HOUR = 3600.0


@contextmanager
def opened(path: Path, **options: Any) -> Generator[Database]:
    database = Database(path, **options)
    try:
        yield database
    finally:
        database.close()


async def fill(log: SQLiteEventLog) -> int:
    """Append until there is no room; how many were acknowledged."""
    for number in range(1, 1000):
        try:
            await log.append(f"s{number}", 1, FRAME)
        except StoreError as error:
            said = str(error)
            break
    else:
        raise AssertionError("it never gets full")
    assert "full" in said
    assert "free space" in said
    return number - 1


async def fill_and_free(database: Database) -> None:
    log = SQLiteEventLog(database)
    count = await fill(log)
    assert count > 5
    for number in range(1, count + 1):
        (event,) = await log.after(f"s{number}", 1, 0) or ()
        assert event.frame == FRAME, "what was acknowledged is there"
    assert await log.after(f"s{count + 1}", 1, 0) is None
    for number in range(1, count // 2):
        await log.forget(f"s{number}")
    assert await log.append("after", 1, FRAME) == 1, "room that was made is used"


@pytest.mark.anyio
async def test_a_file_at_its_limit_refuses_and_keeps(tmp_path: Path) -> None:
    with opened(tmp_path / "zcp.db", max_bytes=MIN_BYTES) as database:
        await fill_and_free(database)


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A file system of 2 MiB; without the right to mount one, the limit of the file itself stands
    in for it in the test before."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a file system here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_refuses_and_keeps(small_disk: Path) -> None:
    async def use() -> None:
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(700_000))
        with opened(small_disk / "zcp.db") as database:
            log = SQLiteEventLog(database)
            count = await fill(log)
            ballast.unlink()
            assert await log.append("after", 1, FRAME) == 1
            for number in range(1, count + 1):
                assert await log.after(f"s{number}", 1, 0) is not None

    anyio.run(use)


def as_somebody_else(work: Callable[[], Awaitable[None]]) -> None:
    """Run it in a process that is not root, whom no file mode stops."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setuid(65534)
            anyio.run(work)
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_file_that_may_only_be_read_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "readonly"
    folder.mkdir()
    path = folder / "zcp.db"

    async def make() -> None:
        with opened(path) as database:
            await SQLiteEventLog(database).append("s", 1, b"kept")

    async def use() -> None:
        with opened(path) as database, pytest.raises(StoreError, match="writ"):
            await SQLiteEventLog(database).append("s", 1, b"more")

    anyio.run(make)
    for each in (tmp_path, *tmp_path.parents):
        if each.owner() != "root" or each == Path("/tmp"):
            break
        each.chmod(0o755)
    path.chmod(0o444)
    folder.chmod(0o555)
    try:
        as_somebody_else(use)
    finally:
        folder.chmod(0o755)
        path.chmod(0o644)

    async def again() -> None:
        with opened(path) as database:
            assert await SQLiteEventLog(database).append("s", 1, b"more") == 2

    anyio.run(again)


@pytest.mark.anyio
@pytest.mark.parametrize("replaced", [True, False])
async def test_a_file_that_is_gone_or_another_is_an_error_once(
    tmp_path: Path, replaced: bool
) -> None:
    path, other = tmp_path / "zcp.db", tmp_path / "other.db"
    with opened(other) as database:
        await SQLiteEventLog(database).append("other", 1, b"theirs")
    with opened(path) as database:
        log = SQLiteEventLog(database)
        await log.append("s", 1, b"mine")
        assert await log.after("s", 1, 0)
        if replaced:
            os.replace(other, path)
        else:
            path.unlink()
        with pytest.raises(StoreError, match="removed or replaced"):
            await log.append("s", 1, b"lost")
        with pytest.raises(StoreError, match="removed or replaced"):
            await log.after("s", 1, 0)
        assert await log.append("s", 1, b"anew") == 1
        assert bool(await log.after("other", 1, 0)) is replaced
    with opened(path) as database:
        rows = await database.read(lambda each: each.execute("PRAGMA integrity_check").fetchall())
        assert rows == [("ok",)]


@pytest.mark.anyio
@pytest.mark.parametrize("by", [-HOUR, HOUR / 2])
async def test_a_clock_that_jumps_takes_nothing_from_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: float
) -> None:
    path = tmp_path / "zcp.db"
    async with server(path) as one, server(path) as other:
        done = await one.start("fragile", given=1)
        long = await one.start("patient", given=2)
        await one.until(long, "working")
        session = StoredSession("s", "mcp", "2025-11-25", "a")
        sessions: SessionStore = one.kernel.stores.shared(SessionStore)
        await sessions.save(session)
        once: OnceStore = one.kernel.stores.shared(OnceStore)
        assert await once.begin("k", time.time() + 2 * HOUR) == (True, None)
        rates: RateStore = one.kernel.stores.shared(RateStore)
        await rates.count("me", HOUR, 10)
        handle = await one.kernel.handles.keep(b"[1]", owner="me", kind="array", summary="s")

        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() + by)
        await anyio.sleep(1.0)
        assert other.bodies.started == [], "a lease that is kept up is not taken over"
        assert await sessions.load("s") == session
        assert list(await sessions.expire(HOUR / 2)) == []
        assert await once.begin("k", real() + 9 * HOUR) == (False, None)
        assert (await rates.count("me", HOUR, 10))[0] <= 1
        if by < 0:
            assert await one.kernel.handles.store.get(handle.id) is not None
        one.bodies.gate.set()
        assert (await one.result(long))["result"]["given"] == 2
        assert (await one.result(done))["result"]["given"] == 1


@pytest.mark.anyio
async def test_full_load_leaves_the_log_bounded(tmp_path: Path) -> None:
    path = tmp_path / "zcp.db"
    most = 0
    with opened(path) as database:
        log = SQLiteEventLog(database, max_bytes=400_000)
        bus: Bus = SQLiteBus(database)

        async def load(name: str) -> None:
            nonlocal most
            for number in range(120):
                await log.append(name, number, b"x" * 10_000)
                await bus.publish("t", {"number": number})
                most = max(most, path.with_name("zcp.db-wal").stat().st_size)

        async with anyio.create_task_group() as group:
            for name in range(16):
                group.start_soon(load, f"s{name}")
    assert most < 32 * 1024 * 1024
    assert not path.with_name("zcp.db-wal").exists(), "an orderly end leaves one file"
