"""Drives the everything server with FastMCP's client.

`fastmcp4.py auto|legacy REVISION COMMAND…|URL`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import (
    ClientTransport,
    SSETransport,
    StdioTransport,
    StreamableHttpTransport,
)
from mcp import MCPError
from mcp.client.subscriptions import listen
from pydantic import BaseModel

from . import checks
from .face import STATELESS, Inbox, arguments, sampled, transport_of


def plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


class Face:
    """`face.Face` over a FastMCP `Client`."""

    level_in_requests = "debug"

    def __init__(self, mode: Any, place: list[str]) -> None:
        self.inbox = Inbox()
        self.renamed: dict[int, int] = {}
        self.client = Client(
            link(place),
            mode=mode,
            roots=["file:///workspace"],
            sampling_handler=self.on_sampling,
            elicitation_handler=self.on_elicitation,
            log_handler=self.on_log,
            message_handler=self.on_message,
        )
        self.revision = ""

    # -- what the server may ask -------------------------------------------------------------------

    async def on_sampling(self, _: Any, params: Any, __: Any) -> types.CreateMessageResult:
        text = sampled(plain(params))
        return types.CreateMessageResult(
            role="assistant",
            content=types.TextContent(type="text", text=text),
            model="model-of-client",
        )

    async def on_elicitation(self, message: str, *_: Any) -> ElicitResult[dict[str, str]]:
        if message == "decline":
            return ElicitResult(action="decline")
        return ElicitResult(action="accept", content={"name": f"Ada, asked {message}"})

    async def on_log(self, params: Any) -> None:
        self.inbox.add("log", plain(params))

    async def on_message(self, message: Any) -> None:
        if isinstance(message, Exception):
            self.inbox.add("exception", repr(message))
        else:
            shape = plain(message)
            self.inbox.add(shape["method"], shape.get("params"))

    # -- what the checks do ------------------------------------------------------------------------

    async def info(self) -> dict[str, Any]:
        session = self.client.session
        if session.initialize_result is not None:
            return plain(session.initialize_result)
        assert session.discover_result is not None, "neither handshake nor discovery took place"
        assert session.server_info is not None, "the server did not name itself"
        return {
            **plain(session.discover_result),
            "protocolVersion": session.protocol_version,
            "serverInfo": plain(session.server_info),
        }

    async def ping(self) -> None:
        assert await self.client.ping()

    async def list_tools(self, cursor: str | None = None) -> dict[str, Any]:
        return plain(await self.client.list_tools_mcp(cursor=cursor))

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        progress: Callable[..., Awaitable[None]] | None = None,
    ) -> dict[str, Any]:
        result = await self.client.call_tool_mcp(name, arguments, progress_handler=progress)
        return plain(result)

    async def call_until(
        self, name: str, arguments: dict[str, Any], ready: Callable[[], Awaitable[None]]
    ) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self.client.call_tool_mcp, name, arguments)
            await ready()
            group.cancel_scope.cancel()

    async def list_resources(self) -> dict[str, Any]:
        return plain(await self.client.list_resources_mcp())

    async def list_templates(self) -> dict[str, Any]:
        return plain(await self.client.list_resource_templates_mcp())

    async def read(self, uri: str) -> dict[str, Any]:
        return plain(await self.client.read_resource_mcp(uri))

    @asynccontextmanager
    async def watching(self, *uris: str) -> AsyncIterator[None]:
        session = self.client.session
        if self.revision >= STATELESS:
            async with listen(session, tools_list_changed=True, resource_subscriptions=uris):
                yield
            return
        for uri in uris:
            await session.subscribe_resource(uri)
        yield
        for uri in uris:
            await session.unsubscribe_resource(uri)

    async def list_prompts(self) -> dict[str, Any]:
        return plain(await self.client.list_prompts_mcp())

    async def get_prompt(self, name: str, arguments: dict[str, str]) -> dict[str, Any]:
        return plain(await self.client.get_prompt_mcp(name, arguments))

    async def complete(self, ref: dict[str, Any], name: str, value: str) -> dict[str, Any]:
        kind = types.PromptReference if "name" in ref else types.ResourceTemplateReference
        argument = {"name": name, "value": value}
        return plain(await self.client.complete_mcp(kind.model_validate(ref), argument))

    async def set_level(self, level: Any) -> None:
        await self.client.set_logging_level(level)

    def error_of(self, error: BaseException) -> tuple[int, str] | None:
        return (error.error.code, error.error.message) if isinstance(error, MCPError) else None


def link(place: list[str]) -> ClientTransport:
    match transport_of(place):
        case "stdio":
            return StdioTransport(place[0], place[1:], keep_alive=False)
        case "sse":
            return SSETransport(place[0])
        case "http":
            return StreamableHttpTransport(place[0])


async def main() -> None:
    mode, revision, place = arguments()
    face = Face(mode, place)
    async with face.client as client:
        face.revision = str(client.session.protocol_version)
        await checks.run(face, revision)


anyio.run(main)
