"""Sends every frame back, after doing what it says on the way."""

import json
import subprocess
import sys
from typing import Any

import anyio
from zcp_kernel.errors import ParseError
from zcp_transport_stdio.channel import StdioChannel
from zcp_transport_stdio.config import StdioConfig
from zcp_transport_stdio.isolation import private_stdio


def act(request: dict[str, Any]) -> Any:
    match request.get("do"):
        case "print":
            print("printed by a handler")
        case "child":
            subprocess.run([sys.executable, "-c", "print('printed by a child')"], check=True)
        case "ask":
            try:
                return input()
            except EOFError:
                return "no input"
        case "stderr":
            print(request["text"], file=sys.stderr, flush=True)
        case _:
            pass
    return None


async def echo(limit: int) -> None:
    with private_stdio() as (source, sink):
        channel = StdioChannel(source, sink, StdioConfig(max_line_bytes=limit))
        while True:
            try:
                frame = await channel.receive()
            except anyio.EndOfStream:
                break
            except ParseError as error:
                await channel.send(json.dumps({"error": error.message}).encode())
                continue
            answer = act(json.loads(frame)) if frame.startswith(b'{"do"') else None
            await channel.send(frame if answer is None else json.dumps(answer).encode())
        await channel.aclose()


def main() -> None:
    limit = int(sys.argv[2]) if len(sys.argv) > 2 else 1 << 20
    anyio.run(echo, limit, backend=sys.argv[1])


if __name__ == "__main__":
    main()
