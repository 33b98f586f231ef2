"""Servers that share a file: in this process, and in one that can be killed."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from attrs import define, field
from zcp_kernel.app import FastZCP
from zcp_kernel.config import KERNEL_SECTIONS, ServerConfig, TasksSection
from zcp_kernel.errors import ToolError
from zcp_kernel.model import CreateTaskParams, TaskDescriptor
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal
from zcp_kernel.session import NOWHERE
from zcp_store_sqlite import StoreConfig, plugin

LEASE_SECONDS = 0.4
OWNER = "me"
LOOK_SECONDS = 0.02


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds that another process brings about: nothing here could tell."""
    with anyio.fail_after(20):
        while not await holds():  # noqa: ASYNC110 - nothing here could be waited for
            await anyio.sleep(LOOK_SECONDS)


@define(eq=False)
class Bodies:
    """What the tasks of one server do, and what became of them."""

    started: list[tuple[str, int]] = field(factory=list)
    ended: list[tuple[str, int]] = field(factory=list)
    gate: anyio.Event = field(factory=anyio.Event)
    charged: list[str] = field(factory=list)


def make_app(bodies: Bodies) -> FastZCP:
    app = FastZCP("Durable", plugins=[plugin], discover=False)

    async def wait(payload: dict[str, Any]) -> Any:
        task = payload["task"]
        bodies.started.append((task.task_id, task.attempt))
        try:
            await task.update_status(f"attempt {task.attempt}")
            await bodies.gate.wait()
        finally:
            bodies.ended.append((task.task_id, task.attempt))
        return {"attempt": task.attempt, "given": payload.get("given")}

    app.task("patient", resumable=True)(wait)
    app.task("fragile")(wait)
    app.task("narrow", resumable=True, concurrency=1)(wait)

    @app.task("asking", resumable=True)
    async def asking(payload: dict[str, Any]) -> Any:
        answer = await payload["task"].elicit("Well?")
        return {"action": answer.action}

    @app.task("charging", resumable=True)
    async def charging(payload: dict[str, Any], ctx: Any) -> Any:
        task = payload["task"]

        async def charge() -> str:
            bodies.charged.append(task.task_id)
            if task.attempt == 1 and payload.get("dies"):
                await anyio.sleep_forever()
            return "charged"

        try:
            receipt = await ctx.once("charge", charge)
        except ToolError as error:
            return {"refused": str(error)}
        await bodies.gate.wait()
        return {"receipt": receipt, "attempt": task.attempt}

    return app


@define(eq=False)
class Server:
    kernel: Kernel
    bodies: Bodies

    async def start(self, kind: str, **given: Any) -> str:
        """Start a task of the owner all servers here share; returns its id."""
        from zcp_kernel.context import Context

        session = self.kernel.open_session(NOWHERE, local_principal())
        session.acts_for = OWNER
        ctx = Context(self.kernel, session, "tasks/create")
        made = await self.kernel.execute("tasks/create", CreateTaskParams(kind, given), ctx)
        return str(made.task.task_id)

    async def get(self, task_id: str) -> TaskDescriptor:
        return await self.kernel.tasks.get(task_id, OWNER)

    async def until(self, task_id: str, status: str) -> TaskDescriptor:
        async def reached() -> bool:
            return (await self.get(task_id)).status == status

        await eventually(reached)
        return await self.get(task_id)

    async def result(self, task_id: str) -> Any:
        with anyio.fail_after(20):
            return await self.kernel.tasks.result(task_id, OWNER)


def compose(path: Path, bodies: Bodies) -> Kernel:
    sections = {
        "store": StoreConfig(url=f"sqlite:///{path}"),
        "tasks": TasksSection(lease_seconds=LEASE_SECONDS, poll_interval_ms=20),
    }
    classes = {**KERNEL_SECTIONS, "store": StoreConfig}
    return make_app(bodies).compose(ServerConfig(sections, classes))


@asynccontextmanager
async def server(path: Path) -> AsyncGenerator[Server]:
    bodies = Bodies()
    kernel = compose(path, bodies)
    async with kernel.running():
        yield Server(kernel, bodies)


async def _doomed(path: Path, kinds: list[str]) -> None:
    """Start a task of each kind, say their ids, and wait for the end."""
    async with server(path) as here:
        ids = [await here.start(kind, dies=True) for kind in kinds]
        for task_id in ids:
            await here.until(task_id, "working")

        async def begun() -> bool:
            return bool(here.bodies.started or here.bodies.charged)

        await eventually(begun)
        print(*ids, flush=True)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(_doomed, Path(sys.argv[1]), sys.argv[2:])
