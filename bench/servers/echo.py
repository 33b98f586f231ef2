"""The floor: a bare asyncio JSON-RPC echo over standard streams, standard library only.

It answers every request at once and knows no protocol: what a Python server on these pipes costs
before it does anything.
"""

import asyncio
import json
import sys
from typing import Any

LIMIT = 64 * 1024 * 1024


def answer(message: dict[str, Any], blob: str) -> bytes:
    """One line: the echoed text as a tool result, the blob, or a handshake result."""
    method = message["method"]
    if method == "initialize":
        result: Any = {
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {},
            "serverInfo": {"name": "echo", "version": "0"},
        }
    elif method == "blob":
        head = '{"jsonrpc":"2.0","id":' + json.dumps(message["id"]) + ',"result":'
        return (head + blob + "}\n").encode()
    else:
        result = {"content": [{"type": "text", "text": message["params"]["arguments"]["text"]}]}
    return (json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}) + "\n").encode()


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LIMIT)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    transport, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, sys.stdout
    )
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    blob = "null"
    while line := await reader.readline():
        message = json.loads(line)
        if message["method"] == "notifications/blob":
            blob = json.dumps(message["params"], separators=(",", ":"))
        if "id" in message:
            writer.write(answer(message, blob))
            await writer.drain()


asyncio.run(main())
