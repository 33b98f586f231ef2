"""Our client at a foreign server: a session and all that was heard and asked in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from zcp_kernel.client import ZCPClientSession

from tests.interop.drivers.face import Inbox
from tests.interop.visits.hosts import STATELESS, Host
from zcp import (
    MCPGatewayClient,
    connect,
    sse_client,
    stdio_client,
    streamable_http_client,
    websocket_client,
)

Shape = dict[str, Any]
Place = str | list[str]


@dataclass(frozen=True)
class Run:
    """Whom our client visits, how it gets there, and the revision it is told to speak if any."""

    host: Host
    transport: str
    entrance: str
    loop: str
    pinned: str | None = None

    def __str__(self) -> str:
        told = self.pinned or "any"
        return f"{self.host.name}-{self.transport}-{told}-{self.entrance}-{self.loop}"

    @property
    def revision(self) -> str:
        """What has to be spoken in the end."""
        return self.pinned or self.host.best_over(self.transport)


@dataclass
class Visit:
    """One session. `greeting` is what `initialize` returned; `inbox` has `log` (entries),
    `elicitation` and `sampling` (what was asked), and the methods of notifications (params);
    `unique` tells this visit's doings from others'."""

    run: Run
    client: ZCPClientSession
    greeting: Shape
    inbox: Inbox
    unique: str = field(default_factory=lambda: uuid4().hex)

    @property
    def stateless(self) -> bool:
        return self.run.revision >= STATELESS


def session_with(run: Run, place: Place, **options: Any) -> ZCPClientSession:
    """By the entrance the run is about."""
    if run.pinned is not None:
        options["revision"] = run.pinned
    if run.transport == "stdio":
        options.setdefault("stderr_handler", lambda _: None)
    if run.entrance == "connect":
        return connect(place, **options)
    if run.entrance == "gateway":
        return MCPGatewayClient(place, **options)
    if run.transport == "stdio":
        return stdio_client(place, **options)
    url = str(place)
    if run.transport == "sse":
        return sse_client(url, **options)
    if run.transport == "ws":
        return websocket_client(url, **options)
    return streamable_http_client(url, **options)


@asynccontextmanager
async def visiting(run: Run, place: Place, **options: Any) -> AsyncIterator[Visit]:
    """A session that answers what it is asked and keeps what it hears."""
    inbox = Inbox()

    def on_sampling(request: Shape) -> Shape:
        inbox.add("sampling", request)
        content = {"type": "text", "text": f"you said {_first_text(request)}"}
        return {"role": "assistant", "model": "model-of-client", "content": content}

    def on_elicitation(request: Shape) -> Shape:
        inbox.add("elicitation", request)
        if request["message"] == "decline":
            return {"action": "decline"}
        return {"action": "accept", "content": {"name": "Ada", "interpretation": "technical"}}

    async with session_with(
        run,
        place,
        log_handler=lambda entry: inbox.add("log", entry),
        notification_handler=lambda method, params: inbox.add(method, params),
        roots_provider=lambda: [{"uri": "file:///workspace", "name": "workspace"}],
        sampling_handler=on_sampling,
        elicitation_handler=on_elicitation,
        **options,
    ) as client:
        yield Visit(run, client, await client.initialize(), inbox)


def _first_text(request: Shape) -> str:
    content = request["messages"][0]["content"]
    block = content[0] if isinstance(content, list) else content
    return str(block["text"])
