"""A server and raw messages of 2026-07-28: what a transport would do, in a test's hand."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from attrs import define, field
from zcp_kernel.app import FastZCP
from zcp_kernel.config import KERNEL_SECTIONS, ServerConfig
from zcp_kernel.contracts import Channel
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import Principal, local_principal
from zcp_profiles.mcp import plugin
from zcp_profiles.mcp.history import R5
from zcp_profiles.mcp.modern import NAMED
from zcp_profiles.mcp.section import MCPSection

META = "io.modelcontextprotocol/"
TASKS = f"{META}tasks"
EVERYTHING: dict[str, Any] = {"sampling": {}, "elicitation": {}, "roots": {"listChanged": True}}
WITH_TASKS: dict[str, Any] = {**EVERYTHING, "extensions": {TASKS: {}}}

FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
ALICE = {"action": "accept", "content": {"name": "Alice"}}
_ids = itertools.count(1)


def make_app(**options: Any) -> FastZCP:
    return FastZCP("Modern", version="3.1", plugins=[plugin], discover=False, **options)


def meta(capabilities: Any = None, version: str = R5, **more: Any) -> dict[str, Any]:
    return {
        f"{META}protocolVersion": version,
        f"{META}clientCapabilities": EVERYTHING if capabilities is None else capabilities,
        f"{META}clientInfo": {"name": "raw", "version": "1"},
        **more,
    }


def request(
    method: str, params: dict[str, Any] | None = None, *, caps: Any = None, **more: Any
) -> dict[str, Any]:
    """A request as a conforming client makes it; `more` goes into `_meta`."""
    request_id = more.pop("id", None) or next(_ids)
    given = {**(params or {}), "_meta": meta(caps, **more)}
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": given}


def headers_of(message: dict[str, Any]) -> dict[str, str]:
    """The headers a conforming client sends with a message."""
    params = message["params"]
    headers = {
        "mcp-protocol-version": params["_meta"][f"{META}protocolVersion"],
        "mcp-method": message["method"],
    }
    member = NAMED.get(message["method"])
    if member is not None and member in params:
        headers["mcp-name"] = params[member]
    return headers


@define(eq=False)
class Recorder:
    """A channel that keeps what is sent on it."""

    frames: list[Any] = field(factory=list)
    changed: anyio.Event = field(factory=anyio.Event)

    async def receive(self) -> bytes:
        raise anyio.EndOfStream

    async def send(self, frame: bytes) -> None:
        self.frames.append(loads(frame))
        self.changed.set()
        self.changed = anyio.Event()

    async def aclose(self) -> None:
        return

    async def count(self, number: int) -> list[Any]:
        """Wait until so many frames were sent."""
        with anyio.fail_after(10):
            while len(self.frames) < number:
                await self.changed.wait()
        return self.frames


@define(eq=False)
class Server:
    kernel: Kernel

    async def answer(
        self,
        message: dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        related: Channel | None = None,
        principal: Principal | None = None,
    ) -> tuple[Any, int]:
        """The answer to one message and its HTTP status: each in a session of its own."""
        session = self.kernel.open_session(Recorder(), principal or local_principal(), ("mcp",))
        due = session.take(message, related, headers)
        assert due is not None
        frame = await due.run()
        assert frame is not None
        told = loads(frame)
        assert isinstance(told, dict)
        error = due.error  # type: ignore[union-attr]
        match = self.kernel.classify(message, headers)
        assert match is not None
        return told, match.revision.http_status(error)

    async def call(self, method: str, params: Any = None, **more: Any) -> Any:
        """The result of a conforming request, over HTTP as far as headers go."""
        related, principal = more.pop("related", None), more.pop("principal", None)
        message = request(method, params, **more)
        told, status = await self.answer(
            message, headers_of(message), related=related, principal=principal
        )
        assert "error" not in told, told
        assert told["id"] == message["id"]
        assert status == 200
        return told["result"]

    async def refused(self, method: str, params: Any = None, **more: Any) -> tuple[Any, int]:
        """The error of a conforming request, and the status."""
        related, principal = more.pop("related", None), more.pop("principal", None)
        message = request(method, params, **more)
        told, status = await self.answer(
            message, headers_of(message), related=related, principal=principal
        )
        assert "result" not in told, told
        assert told["id"] == message["id"]
        return told["error"], status

    async def tool(self, name: str, arguments: Any = None, **more: Any) -> Any:
        params = {"name": name, **({} if arguments is None else {"arguments": arguments})}
        for member in ("inputResponses", "requestState"):
            if member in more:
                params[member] = more.pop(member)
        return await self.call("tools/call", params, **more)


@asynccontextmanager
async def serving(app: FastZCP, **sections: object) -> AsyncIterator[Server]:
    classes = {**KERNEL_SECTIONS, "mcp": MCPSection}
    kernel = app.compose(ServerConfig(sections, classes))
    with anyio.fail_after(30):
        async with kernel.running():
            yield Server(kernel)


def frame(message: dict[str, Any]) -> bytes:
    return dumps(message)
