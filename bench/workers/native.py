"""What the native plane's economies take: bytes and milliseconds, as JSON."""

import asyncio
import gc
import json
import random
import resource
import time
from statistics import median
from typing import Any

from zcp_kernel.config import HandlesSection
from zcp_kernel.handles import Handles, MemoryHandleStore
from zcp_kernel.jsontext import dumps
from zcp_kernel.security import local_principal
from zcp_kernel.session import ZCPServerSession

from bench.workers.kernel import Sink, hello
from zcp import FastZCP

TOOLS = 10_000
SEARCHES = 60
MIB = 1024 * 1024
NATIVE, MCP = "zcp/1", "2025-11-25"
VERBS = ("get", "list", "create", "update", "delete", "search", "export", "merge", "archive", "pay")
NOUNS = (
    "invoice",
    "customer",
    "order",
    "sheet",
    "ticket",
    "user",
    "report",
    "contract",
    "box",
    "bill",
)


def catalogue(size: int) -> FastZCP:
    app = FastZCP("bench")
    for number in range(size):
        verb, noun = VERBS[number % 10], NOUNS[number // 10 % 10]
        schema = {
            "type": "object",
            "properties": {
                f"{noun}_id": {"type": "string", "description": f"Which {noun}"},
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
            },
            "required": [f"{noun}_id"],
        }
        text = f"{verb.title()} the {noun} of account {number}, as it stands in the books."
        app.tool(name=f"{verb}_{noun}_{number}", description=text, input_schema=schema)(_run)
    return app


def _run(**arguments: Any) -> None: ...


class Peer:
    """A client in the raw: frames in, frames out."""

    def __init__(self, app: FastZCP, revision: str) -> None:
        self._session: ZCPServerSession = app.create_server_session(Sink())
        self._number = 0
        self._opening = hello(revision)

    async def ask(self, method: str, params: dict[str, Any]) -> bytes:
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        due = self._session.receive(json.dumps(message).encode())
        assert due is not None
        answer = await due.run()
        assert answer is not None
        if b'"error"' in answer[:60]:
            raise RuntimeError(answer.decode())
        return answer

    async def open(self) -> None:
        due = self._session.receive(self._opening)
        assert due is not None
        await due.run()

    async def whole_list(self, **params: Any) -> int:
        """Bytes of a list, all pages together."""
        size, cursor = 0, None
        while True:
            asked = params if cursor is None else {**params, "cursor": cursor}
            answer = await self.ask("tools/list", asked)
            size += len(answer)
            cursor = json.loads(answer)["result"].get("nextCursor")
            if cursor is None:
                return size


async def opened(app: FastZCP, revision: str) -> Peer:
    peer = Peer(app, revision)
    await peer.open()
    return peer


async def lists() -> dict[str, float]:
    """Bytes of `tools/list` in every form."""
    app = catalogue(TOOLS)
    native, mcp = await opened(app, NATIVE), await opened(app, MCP)
    found: dict[str, float] = {"MCP": await mcp.whole_list()}
    for detail in ("full", "brief", "names"):
        found[detail] = await native.whole_list(detail=detail)
    found["discovery"] = await native.whole_list(profile="discovery")
    found["budget"] = await native.whole_list(profile="budget")
    known = json.loads(await native.ask("tools/list", {"known": None}))["result"]["hash"]
    found["unchanged"] = len(await native.ask("tools/list", {"known": known}))
    app.tool(name="one_more", description="One more.", input_schema={"type": "object"})(_run)
    change = await native.ask("tools/list", {"known": known})
    tool = dumps(json.loads(change)["result"]["changed"][0]["tool"])
    found["one change beyond its tool"] = len(change) - len(tool)
    return found


async def searches() -> dict[str, float]:
    """Milliseconds of `tools/search`: the first, which makes the index, and those after it."""
    peer = await opened(catalogue(TOOLS), NATIVE)
    chance = random.Random(7)
    spent: list[float] = []
    for _ in range(SEARCHES):
        words = [chance.choice(VERBS), chance.choice(NOUNS), "of the account", chance.choice(NOUNS)]
        begin = time.perf_counter()
        await peer.ask("tools/search", {"query": " ".join(words)})
        spent.append((time.perf_counter() - begin) * 1e3)
    return {"first": spent[0], "median after": median(spent[1:]), "worst after": max(spent[1:])}


async def results() -> dict[str, float]:
    """A result of a hundred rows against its bare JSON."""
    app = FastZCP("bench")
    rows = [{"id": n, "name": f"row {n}", "price": n * 1.5, "ok": n % 2 == 0} for n in range(100)]
    modes: dict[str, Any] = {"rows": "inline", "kept": "handle"}
    for name, mode in modes.items():
        app.tool(name=name, input_schema={"type": "object"}, output_mode=mode, blocking=False)(
            lambda: rows
        )
    native, mcp = await opened(app, NATIVE), await opened(app, MCP)
    raw = len(dumps(rows))
    return {
        "native": len(await native.ask("tools/call", {"name": "rows"})) / raw,
        "handle": len(await native.ask("tools/call", {"name": "kept"})) / raw,
        "MCP": len(await mcp.ask("tools/call", {"name": "rows"})) / raw,
    }


def resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def handles() -> dict[str, float]:
    """A thousand values of 1 MB against 64 MB: memory."""
    store = MemoryHandleStore(max_bytes_per_owner=64 * MIB, max_bytes_total=64 * MIB)
    service = Handles(store, HandlesSection())
    row = {"id": 1, "name": "a row of some length", "price": 1.5}
    rows = [row] * (MIB // len(dumps(row)))
    text = dumps(rows)
    other = await service.keep(text[: text.index(b"}") + 1] + b"]", owner="other")
    before = resident()
    for _ in range(1000):
        await service.keep(bytes(bytearray(text)), owner="me", value=rows)
    gc.collect()
    grown = (resident() - before) / MIB
    assert (await service.get(other.id, "other", local_principal())).count == 1
    return {"MB held": store.bytes_held / MIB, "MB resident": grown}


async def main() -> None:
    measured = {each.__name__: await each() for each in (handles, lists, searches, results)}
    print(json.dumps(measured))


if __name__ == "__main__":
    asyncio.run(main())
