"""A channel to a server whose bytes the test chooses, and what a call over it comes to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import anyio
from attrs import define, field
from wires import Conversation, RawRequest

INITIALIZE = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}}
WELCOME = {"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": "2025-11-25"}}
CALL = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "add"}}
ANSWER = {"jsonrpc": "2.0", "id": 2, "result": {"content": []}}
NOTICE = {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}
AGREED = {"mcp-protocol-version": "2025-11-25"}
SESSION = {"mcp-session-id": "s-1"}


def text(message: Any) -> bytes:
    return json.dumps(message).encode()


def event(message: Any, id: str | None = None) -> bytes:
    data = text(message) if message is not None else b""
    head = b"" if id is None else f"id: {id}\n".encode()
    return head + b"data: " + data + b"\n\n"


@define(eq=False)
class Call:
    """One exchange: what was delivered, or what it raised."""

    delivered: list[Any] = field(factory=list)
    error: Exception | None = None

    def take(self, frame: bytes) -> None:
        self.delivered.append(json.loads(frame))


async def call(channel: Any, message: Any = CALL, headers: Mapping[str, str] | None = None) -> Call:
    made = Call()
    with anyio.fail_after(10):
        try:
            await channel.exchange(text(message), headers or {}, made.take)
        except Exception as error:
            made.error = error
    return made


async def opened(channel: Any) -> None:
    """Open a session, as the kernel's client does."""
    made = await call(channel, INITIALIZE)
    assert made.error is None, made.error
    channel.agree(AGREED, session=True)


class Script:
    """A server that shakes hands, gives no GET stream of its own, and answers calls as told.

    `calls` holds one reply for each POST of a call, `resumes` one for each GET that resumes.
    """

    def __init__(self, *calls: Any, resumes: Any = (), headers: Any = SESSION) -> None:
        self.calls = list(calls)
        self.resumes = list(resumes)
        self.headers = headers

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        if request.method == "GET":
            if "last-event-id" in request.headers and self.resumes:
                return await self.resumes.pop(0)(conversation, request)
            return await conversation.respond(405)
        if request.method == "DELETE":
            return await conversation.respond(204)
        message = json.loads(request.body)
        if message.get("method") == "initialize":
            return await conversation.respond(200, text(WELCOME), self.headers)
        if "id" not in message or "method" not in message:
            return await conversation.respond(202)
        return await self.calls.pop(0)(conversation, request)


def status(number: int, body: bytes = b"", **headers: str) -> Any:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}

    async def reply(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(number, body, fields)

    return reply


def answer(message: Any = ANSWER) -> Any:
    return status(200, text(message))


def streamed(*events: bytes, whole: bool = True) -> Any:
    """An event stream; one that is not whole ends with its connection."""

    async def reply(conversation: Conversation, request: RawRequest) -> bool:
        await conversation.stream_head()
        for each in events:
            await conversation.chunk(each)
        if whole:
            await conversation.chunk(b"")
        return not whole

    return reply


async def hang_up(conversation: Conversation, request: RawRequest) -> bool:
    return True
