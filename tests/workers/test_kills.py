"""Workers are killed at any moment: nothing they acknowledged is lost, nothing is done twice that
may not be, and no answer belongs to another request."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from load_clients import Initialized, NativeUser, Stateless
from load_users import Told, User
from server_process import Server
from shared_workers import Client, children, until, workers

KILLS = int(os.environ.get("ZCP_TEST_KILLS", "12"))
WORKERS = 3
USERS: tuple[type[User], ...] = (NativeUser, Initialized, Stateless) * 2
BETWEEN_SECONDS = 0.8
MOST_CALLS_BETWEEN = 20
"""From one kill to the next: about what a worker takes to start, and a few calls at least, however
busy the machine is."""

AT_LEISURE = {
    "ZCP_HANDLES__TTL_MS": "3600000",
    "ZCP_HANDLES__MAX_BYTES_PER_OWNER": str(1 << 30),
    "ZCP_HANDLES__MAX_BYTES_TOTAL": str(1 << 30),
    "ZCP_TASKS__MAX_PER_OWNER": "1000000",
    "ZCP_TASKS__POLL_INTERVAL_MS": "50",
}
"""Nothing is given up for lack of room or time."""

ONCE = {"fragile", "charge", "reserve", "pay"}
"""Effects that must not happen twice."""


def kill(server: Server, users: Sequence[User], rng: random.Random) -> None:
    """`KILLS` times the oldest worker, which serves, or any, whether it serves yet or not."""
    parent = server.process.pid

    def calls() -> int:
        return sum(user.told.calls.total() for user in users)

    def kill_one(due: int) -> None:
        until(lambda: calls() >= due, "nothing is answered any more")
        until(lambda: bool(children(parent)), "no worker is started anew")
        alive = children(parent)
        victim = rng.choice([min(alive), *alive])
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in children(parent), "a killed worker is still there")

    for _ in range(KILLS):
        due = calls() + rng.randrange(MOST_CALLS_BETWEEN)
        time.sleep(rng.random() * BETWEEN_SECONDS)
        kill_one(due)


def at_once(users: Sequence[User], act: str, *args: object) -> list[threading.Thread]:
    """Have all users do something, each in a thread."""
    threads = [threading.Thread(target=getattr(user, act), args=args) for user in users]
    for thread in threads:
        thread.start()
    return threads


def under_load(server: Server, users: Sequence[User]) -> None:
    """Kill workers while all users are busy."""
    over = threading.Event()
    busy = at_once(users, "use", over)
    try:
        kill(server, users, random.Random(7))
    finally:
        over.set()
        for thread in busy:
            thread.join()


def recovered(server: Server) -> None:
    """Wait until all workers serve that were started for those killed."""

    def all_serve() -> bool:
        try:
            client = Client(server)
            return server.request("GET", "/readyz").status == 200 and bool(client.open())
        except (OSError, AssertionError):
            return False

    until(lambda: len(children(server.process.pid)) == WORKERS, "workers are not replaced")
    until(all_serve, "nothing is served")


def changes_reach(server: Server, user: Initialized) -> None:
    """What was subscribed to is told of, wherever the session is now."""
    client = Client(server, "/mcp", "2025-11-25", user.headers)
    with client.stream() as stream:
        for uri in user.told.notes:
            client.ids += 1
            assert client.call("change", uri=uri) == uri
            for _, message in stream:
                if message["method"] == "notifications/resources/updated":
                    assert message["params"]["uri"] == uri
                    break
            else:
                raise AssertionError(f"nothing is told of {uri}")


def test_what_was_acknowledged_stands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    effects = tmp_path / "effects"
    target = "tests/support/load_server.py:app"
    environ = {**AT_LEISURE, "EFFECTS_FILE": str(effects)}
    with workers(tmp_path, WORKERS, target, **environ) as server:
        users = [
            kind(server, f"{kind.__name__}-{number}", random.Random(number))
            for number, kind in enumerate(USERS)
        ]
        for user in users:
            user.open()
        under_load(server, users)
        told = Told()
        for user in users:
            told.add(user.told)
        assert told.wrong == []
        recovered(server)
        ends: Counter[str] = Counter()
        for user in users:
            ends += user.settle()
            if isinstance(user, Initialized):
                changes_reach(server, user)
        assert server.stop() == 0, server.errors
        assert server.errors.count("; starting another") == KILLS, server.errors
        assert "Traceback" not in server.errors, server.errors
    happened = Counter(effects.read_text().splitlines())
    twice = [line for line, times in happened.items() if times > 1 and line.split()[0] in ONCE]
    assert twice == []
    lost = [nonce for nonce in told.charged if happened[f"charge {nonce}"] != 1]
    assert lost == [], "answered, and never done"
    with sqlite3.connect(tmp_path / "zcp.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rotations = connection.execute("SELECT max(seq) FROM secrets").fetchone()[0]
    with capsys.disabled():
        print(
            f"\n{KILLS} kills of {WORKERS} workers: {told.calls.total()} calls "
            f"({dict(sorted(told.calls.items()))}), {told.failures.total()} failed as they may "
            f"({dict(sorted(told.failures.items()))}); tasks ended {dict(sorted(ends.items()))}; "
            f"{len(told.handles)} handles read, {len(told.states)} states of {rotations} secrets "
            f"opened, {len(told.notes)} resources watched, {len(told.charged)} calls done once; "
            f"{happened.total()} effects; none lost, none twice, none of another"
        )
