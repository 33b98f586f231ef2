"""What sessions weigh: opened and closed through the ASGI application in this very process, with
no server between, so that the memory measured is theirs alone. Prints JSON."""

import asyncio
import gc
import json
import sys
from collections.abc import MutableMapping
from typing import Any

from zcp_transport_http.config import StreamableHTTPConfig

from zcp import FastZCP, ZCPServerConfig, create_asgi_app

PAGE_BYTES = 4096
INITIALIZE = (
    b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",'
    b'"capabilities":{},"clientInfo":{"name":"bench","version":"1"}}}'
)
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'
CALL = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
    b'{"name":"echo","arguments":{"text":"hello"}}}'
)

app = FastZCP("bench")


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


application = create_asgi_app(
    app, ZCPServerConfig(streamable_http=StreamableHTTPConfig(max_sessions=1_000_000))
)


async def request(method: str, body: bytes, *fields: tuple[bytes, bytes]) -> dict[bytes, bytes]:
    """One request; the header fields of its answer."""
    basic = [
        (b"host", b"127.0.0.1"), (b"content-type", b"application/json"),
        (b"accept", b"application/json, text/event-stream"),
    ]  # fmt: skip
    scope = {
        "type": "http", "method": method, "path": "/mcp", "query_string": b"",
        "headers": [*basic, *fields], "server": ("127.0.0.1", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    head: dict[str, Any] = {}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        if "status" in message:
            head.update(message)

    await application(scope, receive, send)
    if head["status"] >= 300:
        raise RuntimeError(f"{method} was answered {head['status']}")
    return dict(head["headers"])


async def opened() -> bytes:
    """A session as clients leave it: opened, and called once."""
    session = (await request("POST", INITIALIZE))[b"mcp-session-id"]
    for body in (INITIALIZED, CALL):
        await request("POST", body, (b"mcp-session-id", session))
    return session


async def closed(session: bytes) -> None:
    await request("DELETE", b"", (b"mcp-session-id", session))


def resident() -> int:
    """Resident bytes of this process (Linux: /proc/self/statm)."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * PAGE_BYTES


async def main(kept: int, passing: int) -> None:
    for _ in range(kept // 10):
        await closed(await opened())
    before = resident()
    sessions = [await opened() for _ in range(kept)]
    each = (resident() - before) / kept
    for session in sessions:
        await closed(session)
    del sessions
    before = resident()
    for _ in range(passing):
        await closed(await opened())
    print(json.dumps({"each": each, "grown": resident() - before}))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
