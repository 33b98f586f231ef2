"""Workers that share a store: a client need not know that there are several."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
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

    def open(self) -> Client:
        info = {"name": "t", "version": "1"}
        params = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": info}
        answer = self.ask("initialize", params)
        assert answer.status == 200, answer.body
        self.headers = {"mcp-session-id": answer.headers["mcp-session-id"]}
        told = "notifications/initialized" if self.path == "/mcp" else "initialized"
        assert self.post({"jsonrpc": "2.0", "method": told}).status == 202
        return self

    def post(self, message: Any) -> Answer:
        return self.server.post(message, self.path, **self.headers)

    def ask(self, method: str, params: Any) -> Answer:
        self.server.ids += 1
        message = {"jsonrpc": "2.0", "id": self.server.ids, "method": method, "params": params}
        return self.post(message)

    def call(self, tool: str, **arguments: Any) -> Any:
        answer = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert answer.status == 200, answer.body
        return json.loads(answer.message["result"]["content"][0]["text"])

    def listen(self, last: str = "") -> http.client.HTTPResponse:
        """The stream of a GET."""
        more = {"last-event-id": last} if last else {}
        connection = self.server.connect()
        connection.request("GET", self.path, None, {**BOTH, **self.headers, **more})
        response = connection.getresponse()
        assert response.status == 200, response.read()
        return response


@contextmanager
def workers(folder: Path, count: int = 3, **environ: str) -> Generator[Server]:
    port = free_port()
    url = f"sqlite:///{folder / 'zcp.db'}"
    given = {"ZCP_STORE__URL": url, "ZCP_TASKS__LEASE_SECONDS": "1", **environ}
    with server(serving(TARGET, port=port, workers=count), port, folder, **given) as one:
        assert "share no sessions" not in one.errors
        yield one


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def events(stream: http.client.HTTPResponse) -> Generator[tuple[str, Any]]:
    """Id and message of each event with data."""
    event_id = ""
    for line in stream:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name == "id":
            event_id = value
        elif name == "data" and value:
            yield event_id, json.loads(value)


@pytest.mark.parametrize(("path", "version"), [("/mcp", "2025-06-18"), ("/zcp", "zcp/1")])
def test_a_session_is_good_at_every_worker(tmp_path: Path, path: str, version: str) -> None:
    with workers(tmp_path) as one:
        homes = Counter(Client(one, path, version).open().call("which_process") for _ in range(12))
        assert len(homes) > 1, "the sessions spread over the workers"
        client = Client(one, path, version).open()
        assert len({client.call("which_process") for _ in range(20)}) == 1
        stranger = Client(one, path, version, {"mcp-session-id": "0badcafe.AAAA.BBBB"})
        assert stranger.ask("tools/list", {}).status == 404
        forged = client.headers["mcp-session-id"][:-1] + "A"
        made_up = Client(one, path, version, {"mcp-session-id": forged})
        assert made_up.ask("tools/list", {}).status == 404
        deleted = one.request("DELETE", path, b"", {**BOTH, **client.headers})
        assert deleted.status == 204
        assert client.ask("tools/list", {}).status == 404


def test_a_change_reaches_subscribers_of_every_worker(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        clients = [Client(one).open() for _ in range(8)]
        assert len({client.call("which_process") for client in clients}) > 1
        streams = []
        for client in clients:
            assert client.ask("resources/subscribe", {"uri": "note://1"}).status == 200
            streams.append(client.listen())
        assert clients[0].ask("tools/call", {"name": "change", "arguments": {"uri": "note://1"}})
        for stream in streams:
            _, message = next(events(stream))
            assert message["method"] == "notifications/resources/updated"
            stream.close()


def test_a_session_outlives_its_worker(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one).open()
        assert client.ask("resources/subscribe", {"uri": "note://1"}).status == 200
        home = client.call("which_process")
        time.sleep(3)  # sooner than that, an end is a failed start
        seen, last = [], ""
        one.ids += 1
        params = {"name": "count_up", "arguments": {"to": 50, "pause": 0.1}}
        meta = {"_meta": {"progressToken": "p"}}
        body = {"jsonrpc": "2.0", "id": one.ids, "method": "tools/call", "params": params | meta}
        connection = one.connect()
        fields = {**BOTH, **client.headers}
        connection.request("POST", "/mcp", json.dumps(body), fields)
        try:
            for last, message in events(connection.getresponse()):
                seen.append(message["params"]["progress"])
                if len(seen) == 3:
                    os.kill(home, signal.SIGKILL)
        except (http.client.IncompleteRead, ConnectionError):
            assert len(seen) >= 3
        resumed = client.listen(_first(last))
        again = [message["params"]["progress"] for _, message in events(resumed)]
        assert again[: len(seen)] == seen, "what was sent can be sent again"
        assert client.call("which_process") != home
        stream = client.listen()
        assert client.ask("tools/call", {"name": "change", "arguments": {"uri": "note://1"}})
        _, message = next(events(stream))
        assert message["params"]["uri"] == "note://1", "its subscriptions go on"


def _first(event_id: str) -> str:
    """The id before the first event with data of the same stream."""
    stream = event_id.rpartition("-")[0]
    return f"{stream}-1" if stream else event_id


def test_tasks_and_handles_are_shared(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one, "/zcp", "zcp/1").open()
        kept = client.ask("tools/call", {"name": "large", "arguments": {}}).message["result"]
        read = {"handle": kept["handle"]["id"], "offset": 100, "limit": 2}
        made = client.ask("tasks/create", {"kind": "patient", "input": {"seconds": 3.0}})
        task = made.message["result"]["taskId"]
        home = client.call("which_process")
        time.sleep(3)
        os.kill(home, signal.SIGKILL)
        assert client.ask("handles/read", read).message["result"]["value"] == [100, 101]
        outcome = client.ask("tasks/result", {"taskId": task}).message["result"]
        assert outcome["process"] != home or outcome["attempt"] == 1


def test_workers_are_replaced_without_losing_a_call(tmp_path: Path) -> None:
    with workers(tmp_path, 2) as one:
        statuses: Counter[Any] = Counter()
        processes: set[int] = set()
        over = threading.Event()

        def use() -> None:
            client = Client(one).open()
            while not over.is_set():
                answer = client.ask("tools/call", {"name": "which_process", "arguments": {}})
                statuses[answer.status] += 1
                processes.add(json.loads(answer.message["result"]["content"][0]["text"]))

        users = [threading.Thread(target=use) for _ in range(4)]
        for user in users:
            user.start()
        until(lambda: len(processes) >= 1 and statuses[200] > 50, "nothing is answered")
        before = set(processes)
        one.process.send_signal(signal.SIGHUP)
        until(lambda: len(processes - before) >= 1, "nothing is renewed")
        time.sleep(2)
        over.set()
        for user in users:
            user.join()
        assert set(statuses) == {200}
        assert one.stop() == 0, one.errors


def test_a_rate_limit_holds_over_all_workers(tmp_path: Path) -> None:
    limit = {"ZCP_RATE_LIMIT__MAX_REQUESTS": "20", "ZCP_RATE_LIMIT__WINDOW_SECONDS": "3600"}
    with workers(tmp_path, **limit) as one:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        statuses = Counter(one.post(ping, "/zcp").status for _ in range(60))
        assert statuses[200] <= 20
        assert statuses[429] >= 40
