"""What workers serve while they are killed. What it does goes to a file beside, line by line, so
that what was done twice is seen."""

import os
from functools import partial
from importlib import import_module
from typing import Any

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.errors import ToolError
from zcp_kernel.tasks import TaskExecutionContext

# A day of rotations in a minute, in the proportions of the real ones: every process hears of a
# secret long before the first seals with it.
sharing: Any = import_module("zcp_kernel._core.sharing.keys")
keys: Any = import_module("zcp_store_sqlite.keys")
stores: Any = import_module("zcp_store_sqlite.stores")
sharing.REFRESH_SECONDS = 0.5
keys.RIPE_SECONDS = 5.0
stores.SQLiteKeyStore = partial(keys.SQLiteKeyStore, renew_seconds=1.0, kept=100_000)

YES = {"type": "object", "properties": {"sure": {"type": "boolean"}}}
AS_TASK = {"task_support": "required"}

app = FastZCP("Load", version="1")
done = os.open(os.environ["EFFECTS_FILE"], os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)


def effect(what: str, nonce: str) -> None:
    os.write(done, f"{what} {nonce}\n".encode())


@app.tool
async def echo(text: str, pause: float) -> str:
    await anyio.sleep(pause)
    return text


@app.tool
async def charge(nonce: str, pause: float) -> str:
    """Must not run twice for one request, however often that is sent."""
    effect("charge", nonce)
    await anyio.sleep(pause)
    return nonce


@app.tool
async def rows(nonce: str, count: int) -> list[str]:
    """So large a result that a native client gets a handle."""
    return [f"{nonce} {number}" for number in range(count)]


@app.tool
async def confirm(nonce: str, ctx: Context) -> str:
    """Do something once, then ask."""

    async def reserve() -> str:
        effect("reserve", nonce)
        return nonce

    reserved = await ctx.once("reserve", reserve)
    answer = await ctx.elicit(f"{nonce}?", YES)
    return f"{reserved} {answer.action}"


@app.resource_template("note://{name}", name="note")
async def note(name: str) -> str:
    return name


@app.tool
async def change(uri: str) -> str:
    app.notify_resource_updated(uri)
    return uri


async def _fragile(nonce: str, pause: float) -> str:
    effect("fragile", nonce)
    await anyio.sleep(pause)
    return nonce


async def _resumable(nonce: str, pause: float, ctx: Context) -> str:
    async def pay() -> str:
        effect("pay", nonce)
        return nonce

    await anyio.sleep(pause / 2)
    try:
        await ctx.once("pay", pay)
    except ToolError:
        # An earlier run was cut off as it paid: nobody knows, and nobody may pay again.
        effect("unsure", nonce)
    await anyio.sleep(pause / 2)
    return nonce


@app.tool(execution=AS_TASK)
async def fragile_job(nonce: str, pause: float, task: TaskExecutionContext) -> str:
    return await _fragile(nonce, pause)


@app.tool(execution=AS_TASK, annotations={"idempotentHint": True})
async def resumable_job(nonce: str, pause: float, ctx: Context) -> str:
    return await _resumable(nonce, pause, ctx)


@app.task("fragile")
async def fragile(payload: dict[str, Any]) -> str:
    return await _fragile(payload["nonce"], payload["pause"])


@app.task("resumable", resumable=True)
async def resumable(payload: dict[str, Any], ctx: Context) -> str:
    return await _resumable(payload["nonce"], payload["pause"], ctx)
