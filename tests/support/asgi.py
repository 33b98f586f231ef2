"""HTTP against endpoints or a whole application, in memory: statuses, headers and event streams."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import Principal
from zcp_transport_http.client.http import HTTPResponse
from zcp_transport_http.client.memory import ASGIApp, MemoryHTTP
from zcp_transport_http.config import SSEConfig, StreamableHTTPConfig
from zcp_transport_http.endpoints.legacy_sse import legacy_sse_endpoints
from zcp_transport_http.endpoints.streamable import streamable_endpoint
from zcp_transport_http.sessions import HTTPSessions
from zcp_transport_http.settings import Settings
from zcp_transport_http.sse import Event, EventParser
from zcp_transport_http.wire import Endpoint, Headers, Receive, Request, Scope, Send

BASE = "http://127.0.0.1:8000"
BOTH = "application/json, text/event-stream"
WAIT = 10.0


class Endpoints:
    """The endpoints as an ASGI application, without guards. The header `x-user` names the caller,
    `x-scopes` the scopes held."""

    def __init__(self, kernel: Kernel, settings: Settings | None = None, **table: Any) -> None:
        self.kernel = kernel
        settings = settings or Settings()
        self.sessions = HTTPSessions(kernel, settings.streamable, **table)
        get, post = legacy_sse_endpoints(kernel, settings, self.sessions)
        self._endpoints = {
            "/mcp": streamable_endpoint(kernel, settings, "mcp", self.sessions),
            "/zcp": streamable_endpoint(kernel, settings, "native", self.sessions),
            "/sse": get,
            "/messages": post,
        }

    def endpoint(self, path: str) -> Endpoint:
        return self._endpoints[path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope["headers"])
        body = (await receive())["body"]
        scopes = frozenset(headers.get("x-scopes", "").split())
        principal = Principal(headers.get("x-user"), scopes, "test")
        request = Request(scope["method"], scope["path"], headers, scope, receive, principal, body)
        await self._endpoints[scope["path"]](request, send)


class Stream:
    """An open event stream, read event by event."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self._events = self._parse(response.chunks)

    @staticmethod
    async def _parse(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event]:
        parser = EventParser()
        async for chunk in chunks:
            for event in parser.feed(chunk):
                yield event

    async def event(self) -> Event:
        """The next event. Fails the test when none comes, raises `EndOfStream` at the end."""
        with anyio.fail_after(WAIT):
            async for event in self._events:
                return event
        raise anyio.EndOfStream

    async def message(self) -> Any:
        """The next message; events without data are passed over."""
        while not (event := await self.event()).data:
            pass
        return json.loads(event.data)

    async def rest(self) -> list[Event]:
        """Everything until the stream ends."""
        with anyio.fail_after(WAIT):
            return [event async for event in self._events]

    async def aclose(self) -> None:
        await self._events.aclose()


class Answer:
    """A whole response."""

    def __init__(self, response: HTTPResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def is_stream(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def events(self) -> list[Event]:
        return EventParser().feed(self.body)

    @property
    def messages(self) -> list[Any]:
        """What came, in order; of a JSON answer the one message."""
        if not self.is_stream:
            return [json.loads(self.body)]
        return [json.loads(event.data) for event in self.events if event.data]

    @property
    def message(self) -> Any:
        """The last message: the result."""
        return self.messages[-1]


class Client:
    """Sends requests to an ASGI application; `headers` go with every one."""

    def __init__(self, http: MemoryHTTP, path: str, **headers: str) -> None:
        self.http = http
        self.path = path
        self.headers: dict[str, str] = {k.replace("_", "-"): v for k, v in headers.items()}
        self._last_id = 0

    def fields(self, more: Mapping[str, str | None] | None, **defaults: str) -> dict[str, str]:
        merged = {**defaults, **self.headers, **(more or {})}
        return {name: value for name, value in merged.items() if value is not None}

    async def request(
        self,
        method: str,
        body: bytes = b"",
        headers: Mapping[str, str | None] | None = None,
        path: str | None = None,
    ) -> Answer:
        with anyio.fail_after(WAIT):
            fields = self.fields(headers)
            async with self.http.request(
                method, BASE + (path or self.path), fields, body
            ) as response:
                return Answer(response, await response.read())

    async def post(
        self, message: Any, headers: Mapping[str, str | None] | None = None, **more: Any
    ) -> Answer:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        fields = {"accept": BOTH, "content-type": "application/json", **(headers or {})}
        return await self.request("POST", body, fields, **more)

    @asynccontextmanager
    async def open(
        self, method: str, message: Any = None, headers: Mapping[str, str | None] | None = None
    ) -> AsyncGenerator[Stream]:
        body = b"" if message is None else json.dumps(message).encode()
        defaults = {"accept": BOTH if body else "text/event-stream"}
        fields = self.fields({**defaults, "content-type": "application/json", **(headers or {})})
        async with self.http.request(method, BASE + self.path, fields, body) as response:
            stream = Stream(response)
            try:
                yield stream
            finally:
                with anyio.CancelScope(shield=True):
                    await stream.aclose()

    def call(self, method: str, params: Any = None, *, id: Any = None, **meta: Any) -> Any:
        """A request; `meta` is its `_meta`."""
        if id is None:
            self._last_id += 1
            id = self._last_id
        message: dict[str, Any] = {"jsonrpc": "2.0", "id": id, "method": method}
        if params is not None or meta:
            message["params"] = {**(params or {}), **({"_meta": meta} if meta else {})}
        return message

    def tool(self, name: str, arguments: Any = None, **more: Any) -> Any:
        return self.call("tools/call", {"name": name, "arguments": arguments or {}}, **more)

    async def initialize(
        self, version: str = "2025-11-25", capabilities: Any = None, *, announce: bool = True
    ) -> Answer:
        """Open a session and keep its id."""
        params = {
            "protocolVersion": version,
            "capabilities": capabilities or {},
            "clientInfo": {"name": "test", "version": "1"},
        }
        answer = await self.post(self.call("initialize", params))
        for name in ("mcp-session-id", "x-zcp-session"):
            if name in answer.headers:
                self.headers[name] = answer.headers[name]
        if announce:
            announced = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            assert (await self.post(announced)).status == 202
        return answer


class Service:
    """An application under test, and clients of it."""

    def __init__(self, endpoints: Endpoints, http: MemoryHTTP) -> None:
        self.endpoints = endpoints
        self.sessions = endpoints.sessions
        self.kernel = endpoints.kernel
        self.http = http

    def client(self, path: str = "/mcp", **headers: str) -> Client:
        return Client(self.http, path, **headers)

    async def session(
        self,
        version: str = "2025-11-25",
        capabilities: Any = None,
        path: str | None = None,
        **headers: str,
    ) -> Client:
        """A client with an open session."""
        native = version.startswith("zcp/")
        client = self.client(path or ("/zcp" if native else "/mcp"), **headers)
        await client.initialize(version, capabilities)
        return client


@asynccontextmanager
async def served(
    app: FastZCP,
    streamable: StreamableHTTPConfig | None = None,
    sse: SSEConfig | None = None,
    **table: Any,
) -> AsyncGenerator[Service]:
    """`app` behind its endpoints; `table` goes to `HTTPSessions`."""
    kernel = app.compose(ServerConfig({}))
    settings = Settings(streamable=streamable or StreamableHTTPConfig(), sse=sse or SSEConfig())
    async with kernel.running(), anyio.create_task_group() as tasks:
        endpoints = Endpoints(kernel, settings, **table)
        yield Service(endpoints, MemoryHTTP(endpoints, tasks))
        await endpoints.sessions.aclose()
        tasks.cancel_scope.cancel()


__all__ = ["BASE", "BOTH", "ASGIApp", "Answer", "Client", "Endpoints", "Service", "Stream"]
__all__ += ["served"]
