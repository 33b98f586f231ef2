"""Drives the everything server with the official MCP Python SDK 2.x.

`mcp2.py auto|legacy|pinned REVISION COMMAND…|URL`: `auto` asks `server/discover` first and falls
back, `legacy` shakes hands as the SDK does, `pinned` offers the revision named, or starts with it
unasked where it needs no handshake.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
import mcp_types as types
from mcp import Client, ClientSession, MCPError, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.client.subscriptions import listen
from pydantic import BaseModel

from . import checks
from .face import STATELESS, Inbox, arguments, sampled, transport_of


def plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


def introduction(session: ClientSession) -> dict[str, Any]:
    """What the server said of itself: at the handshake, or to `server/discover`."""
    if session.initialize_result is not None:
        return plain(session.initialize_result)
    assert session.discover_result is not None, "neither handshake nor discovery took place"
    assert session.server_info is not None, "the server did not name itself"
    return {
        **plain(session.discover_result),
        "protocolVersion": session.protocol_version,
        "serverInfo": plain(session.server_info),
    }


class Face:
    """`face.Face` over a `ClientSession`, the one inside a `Client` where the mode has one."""

    level_in_requests = "warning"

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.renamed: dict[int, int] = {}
        self.session: ClientSession
        self.call_tool: Callable[..., Awaitable[Any]]
        self.revision = ""

    # -- what the server may ask -------------------------------------------------------------------

    async def on_sampling(self, _: Any, params: Any) -> types.CreateMessageResult:
        text = sampled(plain(params))
        return types.CreateMessageResult(
            role="assistant",
            content=types.TextContent(type="text", text=text),
            model="model-of-client",
        )

    async def on_elicitation(self, _: Any, params: Any) -> types.ElicitResult:
        if params.message == "decline":
            return types.ElicitResult(action="decline")
        content = {"name": f"Ada, asked {params.message}"}
        return types.ElicitResult(action="accept", content=content)

    async def on_roots(self, _: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///workspace", name="workspace")])

    async def on_log(self, params: types.LoggingMessageNotificationParams) -> None:
        self.inbox.add("log", plain(params))

    async def on_message(self, message: Any) -> None:
        if isinstance(message, Exception):
            self.inbox.add("exception", repr(message))
        else:
            shape = plain(message)
            self.inbox.add(shape["method"], shape.get("params"))

    def callbacks(self) -> dict[str, Any]:
        return {
            "sampling_callback": self.on_sampling,
            "elicitation_callback": self.on_elicitation,
            "list_roots_callback": self.on_roots,
            "logging_callback": self.on_log,
            "message_handler": self.on_message,
        }

    # -- connecting --------------------------------------------------------------------------------

    async def connect(
        self, stack: AsyncExitStack, mode: str, revision: str, place: list[str]
    ) -> None:
        if mode == "pinned" and revision < STATELESS:
            streams = await stack.enter_async_context(link(place))
            session = ClientSession(*streams, **self.callbacks())
            self.session = await stack.enter_async_context(session)
            self.session.adopt(
                await self.session.send_request(_hello(revision), types.InitializeResult)
            )
            await self.session.send_notification(types.InitializedNotification())
            self.call_tool = self.session.call_tool
        else:
            told = revision if mode == "pinned" else mode
            client = Client(
                link(place), mode=told, log_level=self.level_in_requests, **self.callbacks()
            )
            self.session = (await stack.enter_async_context(client)).session
            self.call_tool = client.call_tool
        self.revision = str(self.session.protocol_version)

    # -- what the checks do ------------------------------------------------------------------------

    async def info(self) -> dict[str, Any]:
        if self.session.initialize_result is None and self.session.server_info is None:
            told = await self.session.send_discover(self.revision)
            self.session.adopt(types.DiscoverResult.model_validate(told))
        return introduction(self.session)

    async def ping(self) -> None:
        await self.session.send_ping()

    async def list_tools(self, cursor: str | None = None) -> dict[str, Any]:
        return plain(
            await self.session.list_tools(params=types.PaginatedRequestParams(cursor=cursor))
        )

    async def call(
        self,
        name: str,
        arguments: dict[str, Any],
        progress: Callable[..., Awaitable[None]] | None = None,
    ) -> dict[str, Any]:
        return plain(await self.call_tool(name, arguments, progress_callback=progress))

    async def call_until(
        self, name: str, arguments: dict[str, Any], ready: Callable[[], Awaitable[None]]
    ) -> None:
        # 2.x tells the server by itself when a call's scope is cancelled.
        async with anyio.create_task_group() as group:
            group.start_soon(self.call_tool, name, arguments)
            await ready()
            group.cancel_scope.cancel()

    async def list_resources(self) -> dict[str, Any]:
        return plain(await self.session.list_resources())

    async def list_templates(self) -> dict[str, Any]:
        return plain(await self.session.list_resource_templates())

    async def read(self, uri: str) -> dict[str, Any]:
        return plain(await self.session.read_resource(uri))

    @asynccontextmanager
    async def watching(self, *uris: str) -> AsyncIterator[None]:
        if self.revision >= STATELESS:
            async with listen(self.session, tools_list_changed=True, resource_subscriptions=uris):
                yield
            return
        for uri in uris:
            await self.session.subscribe_resource(uri)
        yield
        for uri in uris:
            await self.session.unsubscribe_resource(uri)

    async def list_prompts(self) -> dict[str, Any]:
        return plain(await self.session.list_prompts())

    async def get_prompt(self, name: str, arguments: dict[str, str]) -> dict[str, Any]:
        return plain(await self.session.get_prompt(name, arguments))

    async def complete(self, ref: dict[str, Any], name: str, value: str) -> dict[str, Any]:
        kind = types.PromptReference if "name" in ref else types.ResourceTemplateReference
        argument = {"name": name, "value": value}
        return plain(await self.session.complete(kind.model_validate(ref), argument))

    async def set_level(self, level: Any) -> None:
        await self.session.set_logging_level(level)

    def error_of(self, error: BaseException) -> tuple[int, str] | None:
        return (error.error.code, error.error.message) if isinstance(error, MCPError) else None


def _hello(revision: str) -> types.InitializeRequest:
    able = types.ClientCapabilities(
        sampling=types.SamplingCapability(),
        elicitation=types.ElicitationCapability() if revision >= "2025-06-18" else None,
        roots=types.RootsCapability(list_changed=True),
    )
    params = types.InitializeRequestParams(
        protocol_version=revision,
        capabilities=able,
        client_info=types.Implementation(name="interop", version="1"),
    )
    return types.InitializeRequest(params=params)


def link(place: list[str]) -> AbstractAsyncContextManager[Any]:
    """The SDK's own transport to a place."""
    match transport_of(place):
        case "stdio":
            return stdio_client(StdioServerParameters(command=place[0], args=place[1:]))
        case "sse":
            return sse_client(place[0])
        case "http":
            return streamable_http_client(place[0])


async def main() -> None:
    mode, revision, place = arguments()
    face = Face()
    async with AsyncExitStack() as stack:
        await face.connect(stack, mode, revision, place)
        await checks.run(face, revision)


anyio.run(main)
