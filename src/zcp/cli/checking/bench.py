"""What the checks of one run work with."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol

import anyio
from attrs import define, field
from zcp_kernel.errors import ExchangeRefused, MethodNotFound

from ..jsonvalues import members
from .heard import Heard
from .outcome import NotApplicable

if TYPE_CHECKING:
    from zcp_kernel.client import ZCPClientSession

    from .traffic import Traffic

Credentials = Literal["given", "none", "wrong"]

CLOSE_SECONDS = 10.0
CLOSED_DOOR = (401, 403)
"""How HTTP says that credentials are wanted, or others."""


class Way(Protocol):
    """The way to the server under test.

    `url` is None for a process or an app of our own; `has_credentials` whether the user gave any;
    `traffic` what went on below the sessions so far.
    """

    @property
    def url(self) -> str | None: ...

    @property
    def has_credentials(self) -> bool: ...

    @property
    def traffic(self) -> Traffic: ...

    def session(self, *, credentials: Credentials = "given", **options: Any) -> ZCPClientSession:
        """A new session, not yet open; `options` as for `session_over`."""
        ...


@define
class Call:
    """A tool to call, named by the user or found to do no harm."""

    tool: Mapping[str, Any]
    arguments: dict[str, Any]
    named: bool

    @property
    def name(self) -> str:
        return str(self.tool["name"])

    @property
    def runs_as_task(self) -> bool:
        return members(self.tool.get("execution")).get("taskSupport") in ("optional", "required")

    @property
    def only_as_task(self) -> bool:
        return members(self.tool.get("execution")).get("taskSupport") == "required"


@define
class Bench:
    """One session for all checks (`client`), and what they learnt about the server.

    `wanted` are the calls the user allows, by tool; `idle_seconds` is how long a connection is left
    alone; `burst` how many quick requests are sent to meet a rate limit.
    """

    way: Way
    wanted: Mapping[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]])
    idle_seconds: float = 3.0
    burst: int = 100
    heard: Heard = field(factory=Heard, init=False)
    introduction: dict[str, Any] = field(factory=dict[str, Any], init=False)
    lists: dict[str, list[dict[str, Any]]] = field(
        factory=dict[str, list[dict[str, Any]]], init=False
    )
    _client: ZCPClientSession | None = field(default=None, init=False)
    _refused: int | None = field(default=None, init=False)

    @property
    def client(self) -> ZCPClientSession:
        """The session. Raises `NotApplicable` when none could be opened."""
        if self._client is None:
            raise NotApplicable("there is no session")
        return self._client

    @property
    def is_open(self) -> bool:
        return self._client is not None

    def need_door(self) -> str:
        """The URL of a server that let us in, or said why not. Raises `NotApplicable` for any
        other."""
        if self.way.url is None:
            raise NotApplicable("a process that this command started trusts it")
        if not self.is_open and self._refused not in CLOSED_DOOR:
            raise NotApplicable("there is no session")
        return self.way.url

    @property
    def capabilities(self) -> Mapping[str, Any]:
        return members(self.introduction.get("capabilities"))

    def need(self, capability: str) -> Mapping[str, Any]:
        """What the server declares under `capability`. Raises `NotApplicable` if nothing."""
        if not self.is_open:
            raise NotApplicable("there is no session")
        if capability not in self.capabilities:
            raise NotApplicable(f"the server declares no {capability}")
        return members(self.capabilities[capability])

    async def open(self) -> dict[str, Any]:
        """Open the session, or open it anew; returns the server's introduction."""
        await self.aclose()
        client = self._session(notification_handler=self.heard.take)
        try:
            introduction = await client.initialize()
            await client.initialized()
        except BaseException as error:
            if isinstance(error, ExchangeRefused):
                self._refused = error.status
            await _closed(client)
            raise
        self._client = client
        self.introduction = introduction
        self.heard.capabilities = self.capabilities
        return introduction

    async def aclose(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await _closed(client)

    @asynccontextmanager
    async def another(
        self, *, credentials: Credentials = "given"
    ) -> AsyncGenerator[ZCPClientSession]:
        """A second session beside the first; raises what opening it raises."""
        client = self._session(credentials=credentials)
        try:
            await client.initialize()
            await client.initialized()
            yield client
        finally:
            await _closed(client)

    def _session(self, **options: Any) -> ZCPClientSession:
        # What the client remembers says nothing about the server.
        return self.way.session(cache=False, **options)

    async def poke(self, client: ZCPClientSession | None = None) -> None:
        """A small request that changes nothing; raises what it raises."""
        client = client or self.client
        try:
            await client.ping()
        except MethodNotFound:
            # 2026-07-28 has none: ask for what every server answers there.
            await client.request(*self._smallest())

    def _smallest(self) -> tuple[str, dict[str, Any] | None]:
        for kind in ("tools", "prompts", "resources"):
            if kind in self.capabilities:
                return f"{kind}/list", None
        return "server/discover", None

    def calls(self) -> Sequence[Call]:
        """The tools to call: those the user named, else the first ones that say they only read and
        whose arguments can be made up."""
        from .samples import arguments_for

        tools = {tool["name"]: tool for tool in self.lists.get("tools", ())}
        if self.wanted:
            return [
                Call(tools.get(name, {"name": name}), arguments, True)
                for name, arguments in self.wanted.items()
            ]
        found: list[Call] = []
        for tool in tools.values():
            if members(tool.get("annotations")).get("readOnlyHint") is not True:
                continue
            arguments = arguments_for(tool.get("inputSchema"))
            if arguments is not None:
                found.append(Call(tool, arguments, False))
        return found


async def _closed(client: ZCPClientSession) -> None:
    with anyio.move_on_after(CLOSE_SECONDS, shield=True):
        await client.aclose()
