"""Frames as they stand on the wire: a server in this process, or one behind real pipes."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from attrs import define, field
from zcp_kernel.contracts import Channel

from zcp import FastZCP, stdio_server

SECONDS = 30
"""Bound of every wait; nothing is measured by it."""


@define
class Wire:
    """Sends frames and picks answers by id; the rest is kept in `others`, in order."""

    channel: Channel
    others: list[dict[str, Any]] = field(factory=list)
    answers: dict[Any, tuple[bytes, dict[str, Any]]] = field(factory=dict)
    last: int = 0

    async def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        """The answer to a request, whole."""
        answer: dict[str, Any] = json.loads((await self.exchange(method, params))[1])
        return answer

    async def exchange(self, method: str, params: Any = None) -> tuple[bytes, bytes]:
        """A request and its answer, as bytes."""
        self.last += 1
        message = {"jsonrpc": "2.0", "id": self.last, "method": method}
        sent = _encoded({**message, "params": params} if params is not None else message)
        await self.channel.send(sent)
        return sent, await self._answer(self.last)

    async def tell(self, method: str) -> None:
        await self.channel.send(_encoded({"jsonrpc": "2.0", "method": method}))

    async def _answer(self, request_id: int) -> bytes:
        with anyio.fail_after(SECONDS):
            while request_id not in self.answers:
                frame = await self.channel.receive()
                message = json.loads(frame)
                if "method" in message:
                    self.others.append(message)
                else:
                    self.answers[message["id"]] = (frame, message)
        return self.answers[request_id][0]


def _encoded(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


@asynccontextmanager
async def wired(app: FastZCP, revision: str, **capabilities: Any) -> AsyncIterator[Wire]:
    """A wire to `app` that has shaken hands in this revision; `others[0]` is never used."""
    async with stdio_server(app) as server, server.connect() as channel:
        wire = Wire(channel)
        await wire.ask("initialize", hello(revision, **capabilities))
        await wire.tell("initialized" if revision == "zcp/1" else "notifications/initialized")
        yield wire


def hello(revision: str, **capabilities: Any) -> dict[str, Any]:
    return {
        "protocolVersion": revision,
        "capabilities": capabilities,
        "clientInfo": {"name": "wire", "version": "1"},
    }


@define
class Pipes:
    """The standard streams of a server process."""

    process: anyio.abc.Process
    lines: BufferedByteReceiveStream

    async def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        await self.process.stdin.send(line + b"\n")

    async def receive(self) -> dict[str, Any]:
        with anyio.fail_after(SECONDS):
            message: dict[str, Any] = json.loads(await self.lines.receive_until(b"\n", 1 << 20))
        return message


@asynccontextmanager
async def piped(program: Path) -> AsyncIterator[Pipes]:
    """A server program in a process of its own; it has ended when this ends."""
    async with await anyio.open_process([sys.executable, str(program)], stderr=None) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Pipes(process, BufferedByteReceiveStream(process.stdout))
        await process.stdin.aclose()
        with anyio.fail_after(SECONDS):
            assert await process.wait() == 0
