"""A small MCP server (2025-11-25) that does everything right, to be broken in one place."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Channel
from zcp_kernel.memory import channel_pair
from zcp_kernel.plugins import PluginHost

from zcp.cli.checking.traffic import Traffic

REVISION = "2025-11-25"
NOW = "2026-01-01T00:00:00Z"
NUMBERS = {
    "type": "object",
    "properties": {"a": {"type": "integer", "minimum": 2}, "b": {"type": "integer"}},
    "required": ["a", "b"],
}
SUM = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
READS = {"readOnlyHint": True}

Tell = Callable[[str, dict[str, Any]], Awaitable[None]]
Answer = Callable[["Fake", dict[str, Any], Tell], Awaitable[Any]]


class Refusal(Exception):
    """An error as the answer."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Fake:
    """Answers with what `on` has for a method; `idle` closes connections nobody uses."""

    def __init__(self) -> None:
        self.info: dict[str, Any] = {"name": "fake", "version": "1"}
        self.capabilities: dict[str, Any] = {
            "tools": {"listChanged": True},
            "resources": {"subscribe": True},
            "prompts": {},
            "logging": {},
            "tasks": {"list": {}, "cancel": {}, "requests": {"tools": {"call": {}}}},
        }
        self.tools: list[dict[str, Any]] = [
            {"name": "add", "inputSchema": NUMBERS, "outputSchema": SUM, "annotations": READS},
            {
                "name": "job",
                "inputSchema": {"type": "object"},
                "annotations": READS,
                "execution": {"taskSupport": "optional"},
            },
            {"name": "delete_all", "inputSchema": {"type": "object"}},
        ]
        self.resources: dict[str, dict[str, Any]] = {
            "fake://text": {"text": "hello"},
            "fake://blob": {"blob": base64.b64encode(b"\x00\xff").decode()},
        }
        self.tasks: dict[str, str] = {}
        self.called: list[str] = []
        self.traffic = Traffic()
        self.idle: float | None = None
        self.on: dict[str, Answer] = dict(ANSWERS)

    async def answer(self, message: dict[str, Any], tell: Tell) -> dict[str, Any] | None:
        """The response; None for what is owed none."""
        if "id" not in message or "method" not in message:
            return None
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": message["id"]}
        try:
            handler = self.on.get(message["method"], no_method)
            reply["result"] = await handler(self, message.get("params") or {}, tell)
        except Refusal as refusal:
            reply["error"] = {"code": refusal.code, "message": str(refusal)}
        return reply

    async def serve(self, channel: Channel) -> None:
        async def tell(method: str, params: dict[str, Any]) -> None:
            notice = {"jsonrpc": "2.0", "method": method, "params": params}
            await channel.send(json.dumps(notice).encode())

        try:
            while True:
                with anyio.fail_after(self.idle):
                    message = json.loads(await channel.receive())
                reply = await self.answer(message, tell)
                if reply is not None:
                    await channel.send(json.dumps(reply).encode())
        except (anyio.EndOfStream, anyio.BrokenResourceError, TimeoutError):
            await channel.aclose()


async def no_method(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
    raise Refusal(-32601, "Method not found")


async def initialize(fake: Fake, _: dict[str, Any], __: Tell) -> Any:
    return {
        "protocolVersion": REVISION,
        "capabilities": fake.capabilities,
        "serverInfo": fake.info,
    }


async def empty(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
    return {}


async def list_tools(fake: Fake, _: dict[str, Any], __: Tell) -> Any:
    return {"tools": fake.tools}


async def call_tool(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
    name = params["name"]
    fake.called.append(name)
    if name == "job" and "task" in params:
        fake.tasks[f"task-{len(fake.tasks)}"] = "working"
        return {"task": described(fake, list(fake.tasks)[-1])}
    if name == "job":
        return {"content": [{"type": "text", "text": "done"}]}
    if name != "add":
        raise Refusal(-32602, f"Unknown tool: {name}")
    token = params.get("_meta", {}).get("progressToken")
    if token is not None:
        for progress in (1, 2):
            await tell("notifications/progress", {"progressToken": token, "progress": progress})
    total = params["arguments"]["a"] + params["arguments"]["b"]
    text = json.dumps({"sum": total})
    return {"content": [{"type": "text", "text": text}], "structuredContent": {"sum": total}}


async def list_resources(fake: Fake, _: dict[str, Any], __: Tell) -> Any:
    return {"resources": [{"uri": uri, "name": uri} for uri in fake.resources]}


async def read_resource(fake: Fake, params: dict[str, Any], _: Tell) -> Any:
    if params["uri"] not in fake.resources:
        raise Refusal(-32002, "Resource not found")
    return {"contents": [{"uri": params["uri"], **fake.resources[params["uri"]]}]}


async def list_prompts(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
    return {"prompts": [{"name": "greet"}]}


def described(fake: Fake, task_id: str) -> dict[str, Any]:
    return {
        "taskId": task_id, "status": fake.tasks[task_id], "createdAt": NOW, "lastUpdatedAt": NOW,
        "ttl": None, "pollInterval": 1,
    }  # fmt: skip


def known(fake: Fake, params: dict[str, Any]) -> str:
    if params["taskId"] not in fake.tasks:
        raise Refusal(-32602, "Task not found")
    return str(params["taskId"])


async def get_task(fake: Fake, params: dict[str, Any], _: Tell) -> Any:
    task_id = known(fake, params)
    before = described(fake, task_id)
    if fake.tasks[task_id] == "working":
        fake.tasks[task_id] = "completed"
    return before


async def task_result(fake: Fake, params: dict[str, Any], _: Tell) -> Any:
    known(fake, params)
    return {"content": [{"type": "text", "text": "done"}]}


async def cancel_task(fake: Fake, params: dict[str, Any], _: Tell) -> Any:
    task_id = known(fake, params)
    if fake.tasks[task_id] != "working":
        raise Refusal(-32602, "Task has ended")
    fake.tasks[task_id] = "cancelled"
    return described(fake, task_id)


ANSWERS: dict[str, Answer] = {
    "initialize": initialize,
    "ping": empty,
    "tools/list": list_tools,
    "tools/call": call_tool,
    "resources/list": list_resources,
    "resources/read": read_resource,
    "resources/subscribe": empty,
    "resources/unsubscribe": empty,
    "prompts/list": list_prompts,
    "logging/setLevel": empty,
    "tasks/get": get_task,
    "tasks/result": task_result,
    "tasks/cancel": cancel_task,
}


class MemoryWay:
    """Implements `bench.Way`: sessions with a fake of this process."""

    url = None
    has_credentials = False

    def __init__(self, fake: Fake) -> None:
        self.fake = fake
        host = PluginHost()
        self._dialects = host.dialects(ServerConfig.load(host))

    @property
    def traffic(self) -> Traffic:
        return self.fake.traffic

    def session(self, **hooks: Any) -> ZCPClientSession:
        hooks.pop("credentials", None)
        return session_over(self._connect, dialects=self._dialects, revision=REVISION, **hooks)

    @asynccontextmanager
    async def _connect(self) -> AsyncGenerator[Channel]:
        self.fake.traffic.opened += 1
        near, far = channel_pair()
        async with anyio.create_task_group() as group:
            group.start_soon(self.fake.serve, far)
            try:
                yield near
            finally:
                await near.aclose()
                group.cancel_scope.cancel()
