"""A WebSocket peer of raw bytes, which may do what no library would (RFC 6455)."""

from __future__ import annotations

import base64
import json
import os
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.abc import SocketStream

TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0
WAIT = 20.0
END = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, mask: bool = True, reserved: int = 0
) -> bytes:
    head = (0x80 if fin else 0) | reserved << 4 | opcode
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        start = struct.pack("!BB", head, bit | len(payload))
    elif len(payload) < 65536:
        start = struct.pack("!BBH", head, bit | 126, len(payload))
    else:
        start = struct.pack("!BBQ", head, bit | 127, len(payload))
    if not mask:
        return start + payload
    key = os.urandom(4)
    masked = bytes(byte ^ key[index % 4] for index, byte in enumerate(payload))
    return start + key + masked


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return frame(CLOSE, struct.pack("!H", code) + reason)


class RawPeer:
    """The stream, and the frames read from it."""

    def __init__(self, stream: SocketStream, status: int, head: str, rest: bytes) -> None:
        self.stream = stream
        self.status = status
        self.head = head
        self._buffer = bytearray(rest)

    async def send(self, data: bytes) -> None:
        """Send bytes; a server that hung up meanwhile is found out by reading."""
        try:
            await self.stream.send(data)
        except END:
            return

    async def say(self, message: Any) -> None:
        await self.send(frame(TEXT, json.dumps(message).encode()))

    async def frame(self) -> tuple[int, bytes] | None:
        """The next frame: opcode and payload; None at the end of the stream."""
        with anyio.fail_after(WAIT):
            head = await self._take(2)
            if head is None:
                return None
            size = head[1] & 0x7F
            if size >= 126:
                more = await self._take(2 if size == 126 else 8)
                size = int.from_bytes(more or b"", "big")
            payload = await self._take(size)
            return None if payload is None else (head[0] & 0x0F, payload)

    async def message(self) -> Any:
        """The next text message, decoded; pings and pongs are passed over."""
        while (got := await self.frame()) is not None:
            if got[0] == TEXT:
                return json.loads(got[1])
            assert got[0] != CLOSE, got
        raise AssertionError("the connection ended")

    async def close_code(self) -> int | None:
        """The code the server closes with; None if it hung up without one."""
        while (got := await self.frame()) is not None:
            if got[0] == CLOSE:
                return int.from_bytes(got[1][:2], "big") or 1005
        return None

    async def _take(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            try:
                self._buffer += await self.stream.receive()
            except END:
                return None
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


def handshake(port: int, path: str = "/ws", **headers: str) -> bytes:
    fields = {
        "Host": f"127.0.0.1:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"GET {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items() if v), "", ""]
    return "\r\n".join(lines).encode("latin-1")


@asynccontextmanager
async def raw_peer(
    port: int, path: str = "/ws", *, request: bytes | None = None, **headers: str
) -> AsyncGenerator[RawPeer]:
    """Connect and shake hands; `status` is the HTTP status of the answer, 0 if there was none."""
    stream = await anyio.connect_tcp("127.0.0.1", port)
    try:
        try:
            await stream.send(request or handshake(port, path, **headers))
        except END:
            pass
        buffer = b""
        with anyio.fail_after(WAIT):
            while b"\r\n\r\n" not in buffer:
                try:
                    buffer += await stream.receive()
                except END:
                    break
        head, _, rest = buffer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1]) if head.startswith(b"HTTP/") else 0
        yield RawPeer(stream, status, head.decode("latin-1"), rest)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(stream)


def initialize(version: str = "2025-11-25", request_id: Any = 0) -> dict[str, Any]:
    params = {
        "protocolVersion": version,
        "capabilities": {},
        "clientInfo": {"name": "raw", "version": "1"},
    }
    return {"jsonrpc": "2.0", "id": request_id, "method": "initialize", "params": params}


def call(tool: str, request_id: Any, **arguments: Any) -> dict[str, Any]:
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}


async def greet(peer: RawPeer) -> None:
    """Open a session of the newest handshake revision."""
    await peer.say(initialize())
    answer = await peer.message()
    assert answer["result"]["protocolVersion"] == "2025-11-25"
    await peer.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
