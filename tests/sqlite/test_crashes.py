"""Nothing a process acknowledged is lost when it is killed, and nothing is done twice."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import anyio
import pytest
import sqlite_load
from attrs import define, field
from sqlite_load import compose, digest
from sqlite_servers import OWNER
from zcp_kernel.contracts import EventLog, SessionStore
from zcp_kernel.model import TERMINAL
from zcp_kernel.runtime import Kernel
from zcp_profiles.mcp.keyring import SecretKeyRing
from zcp_store_sqlite import Database
from zcp_store_sqlite.keys import SQLiteKeyStore

KILLS = int(os.environ.get("ZCP_TEST_KILLS", "30"))
PROCESSES = 3


@define
class Told:
    """What the processes acknowledged."""

    tasks: dict[str, str] = field(factory=dict)
    done: dict[str, str] = field(factory=dict)
    handles: dict[str, str] = field(factory=dict)
    events: dict[str, list[str]] = field(factory=dict)
    sessions: dict[str, str] = field(factory=dict)
    takes: list[tuple[str, str]] = field(factory=list)
    sealed: dict[str, str] = field(factory=dict)

    def take(self, line: str) -> None:
        if not line.endswith("\n"):
            return
        what, *rest = line.split(maxsplit=3)
        if what == "task":
            self.tasks[rest[1]] = rest[0]
        elif what == "done":
            self.done[rest[0]] = " ".join(rest[1:]).strip()
        elif what == "handle":
            self.handles[rest[0]] = rest[1].strip()
        elif what == "event":
            self.events.setdefault(rest[0], []).append(rest[2].strip())
        elif what == "session":
            self.sessions[rest[0]] = rest[1].strip()
        elif what == "taken":
            self.takes.append((rest[0], rest[1].strip()))
        elif what == "sealed":
            self.sealed[rest[0]] = rest[1].strip()

    def add(self, other: Told) -> None:
        """What was told to another listener."""
        for name in ("tasks", "done", "handles", "events", "sessions", "sealed"):
            getattr(self, name).update(getattr(other, name))
        self.takes += other.takes


def one_life(path: Path, told: Told, seconds: float) -> None:
    command = [sys.executable, str(sqlite_load.__file__), str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    killer = threading.Timer(seconds, process.kill)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            told.take(line)
            if not killer.ident:
                killer.start()
    finally:
        killer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def lives(path: Path, told: Told, count: int, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(count):
        one_life(path, told, rng.random() * 0.5)


async def settled(kernel: Kernel, told: Told) -> Counter[str]:
    """How every acknowledged task ended; those cut off are taken over first."""
    ends: Counter[str] = Counter()
    deadline = time.monotonic() + 60
    for task_id, kind in told.tasks.items():
        while True:
            record = await kernel.tasks.store.get(task_id)
            assert record is not None, f"the acknowledged task {task_id} is lost"
            if record.descriptor.status in TERMINAL:
                break
            assert time.monotonic() < deadline, f"{task_id} stays {record.descriptor.status}"
            await anyio.sleep(0.05)
        outcome = (record.outcome or b"").decode()
        if record.descriptor.status == "completed":
            assert task_id in outcome, "an answer of another task"
        ends[f"{kind} {record.descriptor.status}"] += 1
    return ends


async def kept(kernel: Kernel, told: Told) -> None:
    for handle_id, expected in told.handles.items():
        stored = await kernel.handles.store.get(handle_id)
        assert stored is not None, f"the acknowledged handle {handle_id} is lost"
        assert digest(stored.data) == expected
    log: EventLog = kernel.stores.shared(EventLog)
    for session, frames in told.events.items():
        events = await log.after(session, 1, 0)
        assert events is not None
        assert [digest(event.frame) for event in events][: len(frames)] == frames


async def gone_on(kernel: Kernel, told: Told) -> None:
    """Every session is there, and was taken by one process at a time."""
    assert len(told.takes) == len(set(told.takes)), "two processes took one session"
    store: SessionStore = kernel.stores.shared(SessionStore)
    last = dict(sorted(told.takes, key=lambda take: int(take[1])))
    for session_id, facts in told.sessions.items():
        stored = await store.load(session_id)
        assert stored is not None, f"the acknowledged session {session_id} is lost"
        assert stored.facts.decode() == facts
        assert stored.generation >= int(last.get(session_id, 0))


async def opened(path: Path, told: Told) -> int:
    """Whatever was sealed can be opened; how many secrets there were."""
    database = Database(path)
    try:
        secrets = await SQLiteKeyStore(database, float("inf"), sqlite_load.KEPT_SECRETS).secrets()
    finally:
        database.close()
    ring = SecretKeyRing(secrets)
    for sealed, expected in told.sealed.items():
        data = ring.unseal(bytes.fromhex(sealed), sqlite_load.SEALED_FOR)
        assert data is not None, "what was sealed before a rotation cannot be opened after it"
        assert digest(data) == expected
    return len(secrets)


def test_what_was_acknowledged_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zcp.db"
    tellings = [Told() for _ in range(PROCESSES)]
    threads = [
        threading.Thread(target=lives, args=(path, told, KILLS // PROCESSES, seed))
        for seed, told in enumerate(tellings)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = Told()
    for each in tellings:
        told.add(each)

    async def look() -> tuple[Counter[str], int]:
        kernel = compose(path)
        async with kernel.running():
            ends = await settled(kernel, told)
            await kept(kernel, told)
            await gone_on(kernel, told)
            for task_id, result in told.done.items():
                if result not in ("failed", f"{task_id} unsure"):
                    assert result == task_id
            assert await kernel.tasks.list(OWNER)
        return ends, await opened(path, told)

    ends, secrets = anyio.run(look)
    effects = Counter(path.with_suffix(".effects").read_text().splitlines())
    twice = [line for line, times in effects.items() if times > 1]
    assert twice == [], "ran twice"
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(told.tasks) > KILLS
    with capsys.disabled():
        print(
            f"\n{KILLS} kills: {len(told.tasks)} tasks ({dict(sorted(ends.items()))}), "
            f"{len(told.handles)} handles, {sum(map(len, told.events.values()))} events, "
            f"{len(told.sessions)} sessions ({len(told.takes)} times taken over), "
            f"{len(told.sealed)} seals of {secrets} secrets "
            f"acknowledged; {len(effects)} effects; none lost, none twice"
        )
