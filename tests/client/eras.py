"""Scripted servers of either era, over a pipe or with an exchange for every request."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any

import anyio
from zcp_kernel.contracts import Dialect
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, SessionLost
from zcp_kernel.jsontext import dumps, loads
from zcp_profiles.mcp.dialect import MCPDialect
from zcp_profiles.native.dialect import NativeDialect

from .conftest import FakeServer, RefusalError

MODERN = "2026-07-28"
META = "io.modelcontextprotocol/"


def mcp() -> list[Dialect]:
    return [MCPDialect()]


def both() -> list[Dialect]:
    return [NativeDialect(), MCPDialect()]


def described(**capabilities: Any) -> dict[str, Any]:
    return {
        "resultType": "complete",
        "supportedVersions": [MODERN],
        "capabilities": capabilities,
        "instructions": "Be kind.",
        "ttlMs": 0,
        "cacheScope": "private",
        "_meta": {META + "serverInfo": {"name": "Modern", "version": "2"}},
    }


def handshake(version: str = "2025-11-25") -> Callable[[dict[str, Any]], Any]:
    """An `initialize` that knows no revision but this."""
    return lambda params: {
        "protocolVersion": version,
        "serverInfo": {"name": "Legacy", "version": "1"},
        "capabilities": {"tools": {}},
        "instructions": "Be kind.",
    }


def unknown(params: Any) -> Any:
    raise RefusalError(-32601, "method not found")


class Server(FakeServer):
    """Knows only what it was given answers for."""

    async def _answer(self, message: dict[str, Any]) -> None:
        self.answers.setdefault(message["method"], unknown)
        await super()._answer(message)

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [m["params"] for m in self.got if m.get("method") == method]


def modern(**answers: Any) -> Server:
    """A server that knows no handshake."""
    return Server(**{"initialize": unknown, "server/discover": described(), **answers})


def legacy(version: str = "2025-11-25", **answers: Any) -> Server:
    return Server(**{"initialize": handshake(version), **answers})


class Exchanges:
    """A server each of whose requests has an exchange of its own. `status` of a refusal goes by its
    code; an answer may raise what the exchange is to raise."""

    exit_reason: str | None = None

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.got: list[dict[str, Any]] = []
        self.fields: list[Mapping[str, str]] = []
        self.sent: list[dict[str, Any]] = []
        self.agreed: list[tuple[dict[str, str], bool]] = []
        self.connections = 0
        self.closed = 0
        self.cancelled: list[str] = []
        self.session_id: str | None = None
        self.ended = anyio.Event()

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Any]:
        self.connections += 1
        self.ended = anyio.Event()
        try:
            yield self
        finally:
            self.closed += 1

    async def receive(self) -> bytes:
        await self.ended.wait()
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        self.sent.append(loads(frame))

    async def aclose(self) -> None:
        self.ended.set()

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        self.agreed.append((dict(headers), session))

    async def exchange(
        self, frame: bytes, headers: Mapping[str, str], deliver: Callable[[bytes], None]
    ) -> None:
        message = loads(frame)
        self.got.append(message)
        self.fields.append(headers)
        answer = self.answers.get(message["method"], unknown)
        try:
            result = answer(message.get("params")) if callable(answer) else answer
            if isawaitable(result):
                result = await result
        except RefusalError as refusal:
            code, text, *data = refusal.args
            error = {"code": code, "message": text, **({"data": data[0]} if data else {})}
            deliver(dumps({"jsonrpc": "2.0", "id": message["id"], "error": error}))
            return
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(message["method"])
            raise
        for notice in getattr(result, "notices", ()):
            deliver(dumps({"jsonrpc": "2.0", **notice}))
        deliver(dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}))

    def methods(self) -> list[str]:
        return [message["method"] for message in self.got]

    def asked(self, method: str) -> list[dict[str, Any]]:
        return [m["params"] for m in self.got if m["method"] == method]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something to become true that nobody tells of."""
    with anyio.fail_after(5):
        while True:
            if condition():
                return
            await anyio.sleep(0.01)


def refused(status: int, error: dict[str, Any] | None = None) -> Callable[[Any], Any]:
    def answer(params: Any) -> Any:
        raise ExchangeRefused(f"HTTP {status}", status=status, error=error)

    return answer


def lost(*, retryable: bool) -> Callable[[Any], Any]:
    def answer(params: Any) -> Any:
        raise ConnectionLost("cut", retryable=retryable)

    return answer


def gone(params: Any) -> Any:
    raise SessionLost("404")
