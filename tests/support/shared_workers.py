"""Several workers on one store, and a client that puts each request on a connection of its own."""

from __future__ import annotations

import http.client
import json
import os
import signal
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field
from server_process import BOTH, Answer, Server, free_port, server, serving

TARGET = "tests/support/shared_server.py:app"
SECONDS = 30.0


@define
class Client:
    """A session on `/mcp` or `/zcp`, each request on a connection of its own."""

    server: Server
    path: str = "/mcp"
    version: str = "2025-11-25"
    headers: dict[str, str] = field(factory=dict)
    ids: int = 0

    def open(self) -> Client:
        info = {"name": "t", "version": "1"}
        params = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": info}
        answer = self.ask("initialize", params)
        assert answer.status == 200, answer.body
        self.headers = {"mcp-session-id": answer.headers["mcp-session-id"]}
        told = "notifications/initialized" if self.path == "/mcp" else "initialized"
        assert self.post({"jsonrpc": "2.0", "method": told}).status == 202
        return self

    def post(self, message: Any, **headers: str) -> Answer:
        return self.server.post(message, self.path, **self.headers, **headers)

    def message(self, method: str, params: Any) -> dict[str, Any]:
        """The next request of this client."""
        self.ids += 1
        return {"jsonrpc": "2.0", "id": self.ids, "method": method, "params": params}

    def ask(self, method: str, params: Any) -> Answer:
        return self.post(self.message(method, params))

    def call(self, tool: str, **arguments: Any) -> Any:
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status == 200, answer.body
        assert answer.message["id"] == self.ids, "an answer of another request"
        return told(answer)

    @contextmanager
    def stream(self, message: Any = None, **headers: str) -> Generator[Generator[tuple[str, Any]]]:
        """Id and message of each event of the stream that answers a POST, or of a GET's."""
        connection = self.server.connect()
        body = None if message is None else json.dumps(message)
        fields = {**BOTH, **self.headers, **headers}
        response: http.client.HTTPResponse | None = None
        try:
            connection.request("GET" if body is None else "POST", self.path, body, fields)
            response = connection.getresponse()
            assert response.status == 200, response.read()
            yield events(response)
        finally:
            if response is not None:
                response.close()
            connection.close()


def told(answer: Answer) -> Any:
    """What a tool returned, on either plane."""
    result = answer.message["result"]
    if "content" not in result:
        return answer.value
    text = result["content"][0]["text"]
    try:
        return json.loads(text)
    except ValueError:
        return text


def events(stream: http.client.HTTPResponse) -> Generator[tuple[str, Any]]:
    """Id and message of each event with data, until the stream ends or its server does."""
    event_id = ""
    try:
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                event_id = value
            elif name == "data" and value:
                yield event_id, json.loads(value)
    except (http.client.IncompleteRead, ConnectionError):
        return


def first_of(event_id: str) -> str:
    """What a client would present that saw nothing of the stream this event is of."""
    return f"{event_id.partition('-')[0]}-0"


@contextmanager
def workers(
    folder: Path, count: int = 3, target: str = TARGET, loop: str = "asyncio", **environ: str
) -> Generator[Server]:
    """So many workers that share a store in `folder`."""
    port = free_port()
    url = f"sqlite:///{folder / 'zcp.db'}"
    given = {"ZCP_STORE__URL": url, "ZCP_TASKS__LEASE_SECONDS": "1", **environ}
    command = serving(target, port=port, workers=count, loop=loop)
    with server(command, port, folder, **given) as one:
        assert "share no sessions" not in one.errors
        yield one


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for what other processes do: nothing here could tell."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def children(parent: int) -> list[int]:
    """The processes a process has started that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, its_parent, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:
            # It has ended.
            continue
        if int(its_parent) == parent and state != "Z":
            found.append(int(stat.parent.name))
    return found


def killed(process: int) -> None:
    """Kill a worker, and wait until it is no more."""

    def gone() -> bool:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            return True
        return False

    until(gone, "a killed worker is still there")
