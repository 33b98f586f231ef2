"""A scripted server at the other end of an in-memory channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from inspect import isawaitable
from typing import Any

import anyio
import pytest
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.memory import MemoryChannel, channel_pair
from zcp_kernel.testing.echo import EchoDialect

Answer = Callable[[dict[str, Any]], Any]

SILENCE = object()
"""What an answer returns to leave a request unanswered."""


class RefusalError(Exception):
    """What an answer raises to be an error: code, message and data."""


class FakeServer:
    """Answers by method name; keeps every message it got in `got`."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {"initialize": self.introduce, **answers}
        self.got: list[dict[str, Any]] = []
        self.channel: MemoryChannel | None = None
        self.connections = 0
        self.left = 0
        self.replied = anyio.Event()
        self.replies: dict[Any, dict[str, Any]] = {}

    @staticmethod
    def introduce(params: dict[str, Any]) -> Any:
        return {
            "protocolVersion": params["protocolVersion"],
            "serverInfo": {"name": "Fake", "version": "1"},
            "capabilities": {},
        }

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[MemoryChannel]:
        near, self.channel = channel_pair()
        self.connections += 1
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._serve, self.channel)
                yield near
                group.cancel_scope.cancel()
        finally:
            self.left += 1

    async def _serve(self, channel: MemoryChannel) -> None:
        while True:
            try:
                message = loads(await channel.receive())
            except anyio.EndOfStream:
                return
            self.got.append(message)
            if "method" not in message:
                self.replies[message["id"]] = message
                self.replied.set()
            elif "id" in message:
                await self._answer(message)

    async def _answer(self, message: dict[str, Any]) -> None:
        answer = self.answers.get(message["method"], lambda params: {})
        try:
            result = answer(message.get("params")) if callable(answer) else answer
            if isawaitable(result):
                result = await result
        except RefusalError as refusal:
            code, text, *data = refusal.args
            error = {"code": code, "message": text, **({"data": data[0]} if data else {})}
            await self.say({"id": message["id"], "error": error})
            return
        if result is not SILENCE:
            await self.say({"id": message["id"], "result": result})

    async def say(self, message: dict[str, Any]) -> None:
        assert self.channel is not None
        await self.channel.send(dumps({"jsonrpc": "2.0", **message}))

    async def ask(self, method: str, params: Any, request_id: Any = "s1") -> dict[str, Any]:
        """Send a request to the client and wait for its response."""
        self.replied = anyio.Event()
        await self.say({"id": request_id, "method": method, "params": params})
        with anyio.fail_after(5):
            await self.replied.wait()
        return self.replies[request_id]

    async def hang_up(self) -> None:
        assert self.channel is not None
        await self.channel.aclose()

    def methods(self) -> list[str]:
        return [message["method"] for message in self.got if "method" in message]

    def params(self, method: str) -> Any:
        """Those of the last message with this method."""
        return [m.get("params") for m in self.got if m.get("method") == method][-1]


MakeSession = Callable[..., Awaitable[ZCPClientSession]]


@pytest.fixture
async def open_session(anyio_backend: str) -> AsyncIterator[MakeSession]:
    """Opens a session with a fake server; every one is closed after the test."""
    opened: list[ZCPClientSession] = []

    async def open_one(server: FakeServer, **options: Any) -> ZCPClientSession:
        options.setdefault("dialects", [EchoDialect()])
        client = session_over(server.connect, **options)
        opened.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield open_one
    for client in opened:
        await client.close()
