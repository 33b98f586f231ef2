"""Drives the everything server with the official MCP Python SDK 1.x.

`mcp1.py sdk|pinned REVISION COMMAND…|URL`: `sdk` shakes hands as the SDK does, `pinned` offers the
revision named.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl, BaseModel

from . import checks
from .face import Inbox, arguments, sampled, transport_of


def plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


class Face:
    """`face.Face` over a `ClientSession`."""

    level_in_requests = "warning"

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.renamed: dict[int, int] = {}
        self.session: ClientSession
        self.greeting: types.InitializeResult
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
        elif isinstance(message, types.ServerNotification):
            shape = plain(message.root)
            self.inbox.add(shape["method"], shape.get("params"))

    # -- what the checks do ------------------------------------------------------------------------

    async def greet(self, mode: str, revision: str) -> None:
        if mode == "sdk":
            self.greeting = await self.session.initialize()
        else:
            self.greeting = await self.session.send_request(
                _hello(revision), types.InitializeResult
            )
            await self.session.send_notification(
                types.ClientNotification(types.InitializedNotification())
            )
        self.revision = str(self.greeting.protocolVersion)

    async def info(self) -> dict[str, Any]:
        return plain(self.greeting)

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
        result = await self.session.call_tool(name, arguments, progress_callback=progress)
        return plain(result)

    async def call_until(
        self, name: str, arguments: dict[str, Any], ready: Callable[[], Awaitable[None]]
    ) -> None:
        # 1.x sends no cancellation by itself: its users name the request they sent.
        request_id = self.session._request_id
        async with anyio.create_task_group() as group:
            group.start_soon(self.session.call_tool, name, arguments)
            await ready()
            params = types.CancelledNotificationParams(requestId=request_id, reason="enough")
            notification = types.CancelledNotification(params=params)
            await self.session.send_notification(types.ClientNotification(notification))
            group.cancel_scope.cancel()

    async def list_resources(self) -> dict[str, Any]:
        return plain(await self.session.list_resources())

    async def list_templates(self) -> dict[str, Any]:
        return plain(await self.session.list_resource_templates())

    async def read(self, uri: str) -> dict[str, Any]:
        return plain(await self.session.read_resource(AnyUrl(uri)))

    @asynccontextmanager
    async def watching(self, *uris: str) -> AsyncIterator[None]:
        for uri in uris:
            await self.session.subscribe_resource(AnyUrl(uri))
        yield
        for uri in uris:
            await self.session.unsubscribe_resource(AnyUrl(uri))

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
        return (error.error.code, error.error.message) if isinstance(error, McpError) else None


def _hello(revision: str) -> types.ClientRequest:
    able = types.ClientCapabilities(
        sampling=types.SamplingCapability(),
        elicitation=types.ElicitationCapability() if revision >= "2025-06-18" else None,
        roots=types.RootsCapability(listChanged=True),
    )
    params = types.InitializeRequestParams(
        protocolVersion=revision,
        capabilities=able,
        clientInfo=types.Implementation(name="interop", version="1"),
    )
    return types.ClientRequest(types.InitializeRequest(params=params))


def link(place: list[str]) -> AbstractAsyncContextManager[tuple[Any, ...]]:
    """The SDK's own transport to a place."""
    match transport_of(place):
        case "stdio":
            return stdio_client(StdioServerParameters(command=place[0], args=place[1:]))
        case "sse":
            return sse_client(place[0])
        case "http":
            return streamable_http_client(place[0])
        case "ws":
            # Needs `mcp[ws]`, which not every environment of this driver has.
            from mcp.client.websocket import websocket_client

            return websocket_client(place[0])


async def main() -> None:
    mode, revision, place = arguments()
    face = Face()
    async with (
        link(place) as (read, write, *_),
        ClientSession(
            read,
            write,
            sampling_callback=face.on_sampling,
            elicitation_callback=face.on_elicitation,
            list_roots_callback=face.on_roots,
            logging_callback=face.on_log,
            message_handler=face.on_message,
        ) as session,
    ):
        face.session = session
        await face.greet(mode, revision)
        await checks.run(face, revision)


anyio.run(main)
