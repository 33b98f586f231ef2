"""A process under load, to be killed at any moment: what it says has happened must have happened.

Each line on standard output is an acknowledgement. What bodies do goes to a file of its own, so
that what ran twice is seen.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
from pathlib import Path
from typing import Any

import anyio
from sqlite_servers import LEASE_SECONDS, OWNER, Server
from zcp_kernel.app import FastZCP
from zcp_kernel.config import KERNEL_SECTIONS, HandlesSection, ServerConfig, TasksSection
from zcp_kernel.contracts import EventLog, SessionStore, StoredSession
from zcp_kernel.errors import ToolError
from zcp_kernel.runtime import Kernel
from zcp_profiles.mcp.keyring import SecretKeyRing
from zcp_store_sqlite import Database, StoreConfig, keys, plugin
from zcp_store_sqlite.keys import SQLiteKeyStore

BIG = 1 << 30
RENEW_SECONDS = 0.2
KEPT_SECRETS = 10_000
SEALED_FOR = b"load"


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def make_app(effects: Path) -> FastZCP:
    app = FastZCP("Load", plugins=[plugin], discover=False)
    ran = os.open(effects, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(what: str, task_id: str) -> None:
        os.write(ran, f"{what} {task_id}\n".encode())

    @app.task("fragile")
    async def fragile(payload: dict[str, Any]) -> str:
        task_id: str = payload["task"].task_id
        note("fragile", task_id)
        await anyio.sleep(random.random() / 50)
        return task_id

    @app.task("resumable", resumable=True)
    async def resumable(payload: dict[str, Any], ctx: Any) -> str:
        task_id: str = payload["task"].task_id

        async def pay() -> str:
            note("paid", task_id)
            return task_id

        await anyio.sleep(random.random() / 50)
        try:
            await ctx.once("pay", pay)
        except ToolError:
            return f"{task_id} unsure"
        await anyio.sleep(random.random() / 50)
        return task_id

    return app


def compose(path: Path) -> Kernel:
    sections = {
        "store": StoreConfig(url=f"sqlite:///{path}"),
        "tasks": TasksSection(
            lease_seconds=LEASE_SECONDS, poll_interval_ms=20, max_per_owner=1_000_000
        ),
        "handles": HandlesSection(max_bytes_per_owner=BIG, max_bytes_total=BIG, ttl_ms=BIG),
    }
    classes = {**KERNEL_SECTIONS, "store": StoreConfig}
    return make_app(path.with_suffix(".effects")).compose(ServerConfig(sections, classes))


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def tasks(here: Server) -> None:
    while True:
        kind = random.choice(["fragile", "resumable"])
        task_id = await here.start(kind)
        say("task", kind, task_id)
        outcome = await here.kernel.tasks.result(task_id, OWNER)
        say("done", task_id, outcome.get("result", "failed"))


async def handles(here: Server) -> None:
    while True:
        data = os.urandom(random.randrange(1, 20_000)).hex().encode()
        ref = await here.kernel.handles.keep(data, owner=OWNER, kind="bytes", summary="load")
        say("handle", ref.id, digest(data))


async def events(here: Server) -> None:
    log: EventLog = here.kernel.stores.shared(EventLog)
    session = os.urandom(8).hex()
    for number in range(1, 200):
        frame = os.urandom(50)
        await log.append(session, 1, frame)
        say("event", session, number, digest(frame))


async def sessions(here: Server) -> None:
    """Open sessions, and take those of processes that may be gone."""
    store: SessionStore = here.kernel.stores.shared(SessionStore)
    me = os.urandom(4).hex()
    while True:
        made = os.urandom(8).hex()
        facts = os.urandom(20).hex().encode()
        await store.save(StoredSession(made, "mcp", "2025-11-25", me, facts=facts))
        say("session", made, facts.decode())
        for stored in await store.list(20):
            if stored.worker != me and random.random() < 0.05:
                taken = await store.take(stored.id, stored.worker, me)
                if taken is not None:
                    say("taken", taken.id, taken.generation)


async def rotations(path: Path) -> None:
    """Seal with the secrets in force, which are renewed all the time."""
    keys.RIPE_SECONDS = RENEW_SECONDS
    store = SQLiteKeyStore(Database(path), RENEW_SECONDS, KEPT_SECRETS)
    while True:
        ring = SecretKeyRing(await store.secrets())
        data = os.urandom(16)
        say("sealed", ring.seal(data, SEALED_FOR).hex(), digest(data))
        await anyio.sleep(RENEW_SECONDS / 4)


async def main(path: Path) -> None:
    kernel = compose(path)
    async with kernel.running(), anyio.create_task_group() as group:
        here = Server(kernel, bodies=None)  # type: ignore[arg-type]
        for _ in range(3):
            group.start_soon(tasks, here)
        group.start_soon(handles, here)
        group.start_soon(events, here)
        group.start_soon(sessions, here)
        group.start_soon(rotations, path)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]))
