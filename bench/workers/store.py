"""What the SQLite store costs: in this very process, one file in a folder of its own. Prints JSON.

`python -m bench.workers.store FOLDER TASKS` has so many tasks in the file when results are read.
"""

import json
import os
import random
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from typing import Any

import anyio
from attrs import evolve
from zcp_kernel.contracts import EventLog
from zcp_kernel.model import CreateTaskParams
from zcp_kernel.security import local_principal
from zcp_store_sqlite import StoreConfig
from zcp_transport_http.cluster.joining import FOLDER, SECRET

from bench.workers.http_sessions import CALL, INITIALIZE, INITIALIZED, request
from zcp import FastZCP, ZCPServerConfig, create_asgi_app

from . import http_sessions

AT_ONCE = 64
TASKS = 6_000
READS = 2_000
EVENTS = 20_000
CALLS = 1_000
ROUNDS = 9
INSERT_AT_ONCE = 50_000
OWNER = "bench"

app = FastZCP("bench")


@app.task("quick")
async def quick(payload: dict[str, Any]) -> dict[str, Any]:
    return {"given": payload.get("number")}


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


async def _at_once(count: int, work: Callable[[int], Awaitable[None]]) -> float:
    """Calls of `work` per second, `AT_ONCE` under way."""
    numbers = iter(range(count))

    async def some() -> None:
        for number in numbers:
            await work(number)

    begun = time.perf_counter()
    async with anyio.create_task_group() as group:
        for _ in range(AT_ONCE):
            group.start_soon(some)
    return count / (time.perf_counter() - begun)


async def tasks(kernel: Any) -> float:
    """Tasks created and completed, each with its result read, through the engine."""
    from zcp_kernel.context import Context
    from zcp_kernel.session import NOWHERE

    session = kernel.open_session(NOWHERE, local_principal())
    session.acts_for = OWNER

    async def one(number: int) -> None:
        ctx = Context(kernel, session, "tasks/create")
        params = CreateTaskParams("quick", {"number": number})
        made = await kernel.execute("tasks/create", params, ctx)
        outcome = await kernel.tasks.result(made.task.task_id, OWNER)
        assert outcome == {"result": {"given": number}}, outcome

    return await _at_once(TASKS, one)


async def reads(kernel: Any, count: int) -> float:
    """Median milliseconds for the result of a task, of so many in the file."""
    store = kernel.tasks.store
    ((pattern, *_), _) = await store.list(OWNER, None, 1)
    await store._database.write(lambda connection: _multiply(connection, count))
    some = random.Random(1).sample(range(count), READS)
    took: list[float] = []
    for number in some:
        begun = time.perf_counter()
        outcome = await kernel.tasks.result(f"many-{number}", OWNER)
        took.append(time.perf_counter() - begun)
        assert outcome == json.loads(pattern.outcome)
    return median(took) * 1000


def _multiply(connection: Any, count: int) -> None:
    names = [row[1] for row in connection.execute("PRAGMA table_info(tasks)")]
    kept = ", ".join(name for name in names if name not in ("seq", "id"))
    connection.execute(
        f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
        f"INSERT INTO tasks (id, {kept}) SELECT 'many-' || i, {kept} FROM n, "
        f"(SELECT {kept} FROM tasks WHERE finished LIMIT 1)",
        (count - 1,),
    )


async def events(kernel: Any) -> float:
    """Events appended and read again, per second."""
    log: EventLog = kernel.stores.shared(EventLog)
    session = secrets.token_hex(8)

    async def one(number: int) -> None:
        stream, frame = number % AT_ONCE, b"x" * 200
        at = await log.append(session, stream, frame)
        assert await log.after(session, stream, at - 1), number

    return await _at_once(EVENTS, one)


async def calls(folder: Path) -> dict[str, float]:
    """Microseconds of a tools/call in a session on /mcp that uses no store, by setup."""
    store = StoreConfig(url=f"sqlite:///{folder / 'calls.db'}")
    setups = {
        "in memory": create_asgi_app(app, ZCPServerConfig()),
        "with a store": create_asgi_app(app, ZCPServerConfig(store=store)),
    }
    os.environ.update({FOLDER: str(folder), SECRET: "secret"})
    setups["with a store, one of several workers"] = create_asgi_app(
        app, ZCPServerConfig(store=store)
    )
    headers = {}
    for name, application in setups.items():
        http_sessions.application = application
        found = await request("POST", INITIALIZE)
        headers[name] = (b"mcp-session-id", found[b"mcp-session-id"])
        await request("POST", INITIALIZED, headers[name])
    took: dict[str, list[float]] = {name: [] for name in setups}
    order = list(setups.items())
    for _ in range(ROUNDS):
        # None shall always come first, when the processor is coldest.
        order.append(order.pop(0))
        for name, application in order:
            http_sessions.application = application
            begun = time.perf_counter()
            for _ in range(CALLS):
                await request("POST", CALL, headers[name])
            took[name].append((time.perf_counter() - begun) / CALLS * 1e6)
    for application in setups.values():
        await application.aclose()
    return {name: min(some) for name, some in took.items()}


async def main(folder: Path, count: int) -> None:
    store = StoreConfig(url=f"sqlite:///{folder / 'zcp.db'}")
    application = create_asgi_app(app, ZCPServerConfig(store=store))
    kernel = application.kernel
    kernel.tasks.settings = evolve(kernel.tasks.settings, max_per_owner=10**9)
    async with kernel.running():
        found = {"tasks": await tasks(kernel), "events": await events(kernel)}
        found["read"] = await reads(kernel, count)
    kernel.tasks.store._database.close()
    print(json.dumps({**found, "calls": await calls(folder)}))


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), int(sys.argv[2]))
