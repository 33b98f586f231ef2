"""One SDK's client as the checks see it, and what drivers share.

Runs inside a peer's environment: only the standard library and anyio are sure to be there. A face
wraps one SDK's real client and hands back what that SDK parsed, as plain JSON shapes in the
protocol's own spelling.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import anyio

Shape = dict[str, Any]

STATELESS = "2026-07-28"
"""The revision that has no session: what a session remembers travels with every request there."""


class Inbox:
    """What the server sent by itself, in order of arrival."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self._more = anyio.Event()

    def add(self, kind: str, item: Any) -> None:
        self.seen.append((kind, item))
        self._more.set()
        self._more = anyio.Event()

    def of(self, kind: str) -> list[Any]:
        return [item for each, item in self.seen if each == kind]

    async def until(self, kind: str, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first item of this kind that is wanted, waiting for it if need be."""
        while True:
            for item in self.of(kind):
                if wanted(item):
                    return item
            await self._more.wait()


class Face(Protocol):
    """One SDK's client. `inbox` has `log` (params) and the notifications' methods (params).

    `level_in_requests` is the log level its requests carry in the stateless revision; `renamed`
    the error codes it hands on as others.
    """

    inbox: Inbox
    revision: str
    level_in_requests: str
    renamed: dict[int, int]

    async def info(self) -> Shape: ...
    async def ping(self) -> None: ...
    async def list_tools(self, cursor: str | None = None) -> Shape: ...
    async def call(
        self, name: str, arguments: Shape, progress: Callable[..., Awaitable[None]] | None = None
    ) -> Shape: ...
    async def call_until(
        self, name: str, arguments: Shape, ready: Callable[[], Awaitable[None]]
    ) -> None:
        """Call, and cancel the call once `ready` returns."""
        ...

    async def list_resources(self) -> Shape: ...
    async def list_templates(self) -> Shape: ...
    async def read(self, uri: str) -> Shape: ...
    def watching(self, *uris: str) -> AbstractAsyncContextManager[None]:
        """Meanwhile, changes of these resources and of the list of tools come to the inbox."""
        ...

    async def list_prompts(self) -> Shape: ...
    async def get_prompt(self, name: str, arguments: dict[str, str]) -> Shape: ...
    async def complete(self, ref: Shape, name: str, value: str) -> Shape: ...
    async def set_level(self, level: str) -> None: ...
    def error_of(self, error: BaseException) -> tuple[int, str] | None:
        """Code and message if this is the SDK's own protocol error."""
        ...


def text_of(result: Shape) -> str:
    assert not result.get("isError"), result
    return str(result["content"][0]["text"])


def value_of(face: Face, result: Shape) -> Any:
    """A structured result: mirrored as text everywhere, a member of its own where the revision has
    one for it (objects, and any value since 2026-07-28)."""
    mirrored = json.loads(text_of(result))
    least = "2025-06-18" if isinstance(mirrored, dict) else STATELESS
    carried = face.revision >= least
    assert result.get("structuredContent") == (mirrored if carried else None), result
    return mirrored


async def refusal(face: Face, request: Awaitable[Shape]) -> tuple[int, str]:
    """Code and message of the protocol error a request must end in."""
    try:
        result = await request
    except Exception as error:
        found = face.error_of(error)
        if found is None:
            raise
        return found
    raise AssertionError(f"not refused: {result}")


def report(check: str, ok: bool, detail: str) -> None:
    print(json.dumps({"check": check, "ok": ok, "detail": detail}), flush=True)


def arguments() -> tuple[str, str, list[str]]:
    """`MODE REVISION PLACE…` of the driver's command line; a place is a command, or a URL."""
    mode, revision, *place = sys.argv[1:]
    return mode, revision, place


def transport_of(place: list[str]) -> Literal["stdio", "http", "sse", "ws"]:
    """How the server at a place is spoken to."""
    if "://" not in place[0]:
        return "stdio"
    if place[0].startswith("ws:"):
        return "ws"
    return "sse" if place[0].endswith("/sse") else "http"


def sampled(shape: Shape) -> str:
    """What the stand-in for a model answers: proof that the whole request arrived."""
    message = shape["messages"][0]["content"]
    block = message[0] if isinstance(message, list) else message
    return f"you said {block['text']} and {shape['systemPrompt']} up to {shape['maxTokens']}"
