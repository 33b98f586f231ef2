"""The same application in real processes, under every server."""

from __future__ import annotations

import json
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from server_process import BOTH, ROOT, Server, free_port, server, serving

TARGET = "tests/http/core/servers/served.py"
MODULE = "tests.http.core.servers.served:application"

HYPERCORN = ["asyncio", "uvloop", "trio"]


def command(kind: str, port: int) -> list[str]:
    python = [sys.executable, "-m"]
    if kind == "uvicorn":
        return [*python, "uvicorn", MODULE, "--port", str(port)]
    if kind == "granian":
        return [
            *python, "granian", MODULE, "--interface", "asgi", "--port", str(port),
            "--workers", "1",
        ]  # fmt: skip
    return serving(TARGET, port=port, loop=kind)


@contextmanager
def running(kind: str, folder: Path) -> Generator[Server]:
    if kind in ("uvicorn", "granian") and find_spec(kind) is None:
        pytest.skip(f"{kind} is not installed")
    port = free_port()
    with server(command(kind, port), port, folder) as one:
        yield one


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@pytest.mark.parametrize("kind", [*HYPERCORN, "uvicorn", "granian"])
def test_it_serves_under_every_server(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as one:
        assert one.request("GET", "/healthz").message == {"status": "ok"}
        opened = one.initialize()
        assert opened.message["result"]["serverInfo"]["name"] == "Served"
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        done = one.post(one.call_message("slow", seconds=0), "/mcp", **session)
        assert done.message["result"]["content"][0]["text"] == "done"
        assert one.request("DELETE", "/mcp", headers=session).status in (200, 204)
        evil = one.request("GET", "/metadata", headers={"host": "evil.example"})
        assert evil.status == 421
        assert declares_too_much(one) == 413
        assert one.call("slow", seconds=0).status == 200


def declares_too_much(one: Server) -> int:
    """The answer to a body of a gigabyte of which nothing was sent."""
    connection = one.connect()
    with closing(connection):
        connection.putrequest("POST", "/zcp")
        connection.putheader("content-type", "application/json")
        connection.putheader("content-length", "1000000000")
        connection.endheaders()
        return connection.getresponse().status


@pytest.mark.parametrize("kind", [*HYPERCORN, "uvicorn", "granian"])
def test_a_client_that_leaves_is_noticed(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as one:
        body = json.dumps(one.call_message("wait_for_ever")).encode()
        connection = one.connect()
        connection.request("POST", "/zcp", body, BOTH)
        until(lambda: one.call("how_many_wait").value == 1, "the call did not begin")
        connection.close()
        until(lambda: one.call("how_many_wait").value == 0, "nobody noticed")


@pytest.mark.parametrize("kind", HYPERCORN)
def test_no_accepted_call_is_lost_when_it_is_told_to_stop(kind: str, tmp_path: Path) -> None:
    with running(kind, tmp_path) as one:
        opened = one.initialize()
        session = {"mcp-session-id": opened.headers["mcp-session-id"]}
        listening = one.connect()
        listening.request("GET", "/mcp", headers={"accept": "text/event-stream", **session})
        stream = listening.getresponse()
        assert stream.status == 200
        answers: list[int] = []
        connections = []
        for number in range(30):
            connection = one.connect()
            path, headers = ("/zcp", BOTH) if number % 2 else ("/mcp", {**BOTH, **session})
            body = json.dumps(one.call_message("slow", seconds=2)).encode()
            connection.request("POST", path, body, headers)
            connections.append(connection)

        def collect(connection: Any) -> None:
            response = connection.getresponse()
            if b"done" in response.read():
                answers.append(response.status)

        until(lambda: one.call("how_many_wait").value == 30, "not all calls have begun")
        threads = [threading.Thread(target=collect, args=(each,)) for each in connections]
        for thread in threads:
            thread.start()
        one.process.send_signal(signal.SIGTERM)
        last = stream.read()
        for thread in threads:
            thread.join(15)
        for each in (listening, *connections):
            each.close()
        assert answers == [200] * 30, one.errors
        assert b"id: " in last, "the stream ended with an event to come back with"
        assert one.process.wait(15) == 0, one.errors
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", one.port), timeout=1)


def test_calls_that_outlast_the_drain_are_ended(tmp_path: Path) -> None:
    port = free_port()
    started = serving(TARGET, port=port)
    with server(started, port, tmp_path, ZCP_HTTP__DRAIN_SECONDS="0.3") as one:
        connection = one.connect()
        body = json.dumps(one.call_message("wait_for_ever")).encode()
        connection.request("POST", "/zcp", body, BOTH)
        until(lambda: one.call("how_many_wait").value == 1, "the call did not begin")
        assert one.stop() == 0
        connection.close()


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    port = free_port()
    with server(serving(TARGET, port=port), port, tmp_path) as one:
        connection = one.connect()
        body = json.dumps(one.call_message("slow", seconds=9)).encode()
        connection.request("POST", "/zcp", body, BOTH)
        until(lambda: one.call("how_many_wait").value == 1, "the call did not begin")
        one.process.send_signal(signal.SIGTERM)
        time.sleep(0.8)
        assert one.stop() == -signal.SIGTERM
        connection.close()


def test_what_hypercorn_says_is_in_our_log(tmp_path: Path) -> None:
    port = free_port()
    with server(serving(TARGET, port=port), port, tmp_path, ZCP_LOG__FORMAT="json") as one:
        records = [json.loads(line) for line in one.errors.splitlines()]
    assert records[0]["logger"] == "zcp.hypercorn"
    assert str(port) in records[0]["message"]


def test_environment_and_toml_reach_the_server(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "zcp.toml").write_text('[http]\nhealth_path = "/up"\nmcp_path = "/m"\n', "utf-8")
    started = serving(f"{TARGET}:app", toml=str(tmp_path / "zcp.toml"))
    environ = {"ZCP_HTTP__PORT": str(port), "ZCP_HTTP__MCP_PATH": "/mine"}
    with server(started, port, tmp_path, **environ) as one:
        assert one.request("GET", "/up").status == 200
        surfaces = one.request("GET", "/metadata").message["surfaces"]
        assert surfaces["mcp"]["path"] == "/mine"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "at least one"),
        ({"certfile": "cert.pem"}, "both certfile and keyfile"),
        ({"loop": "uvloop2"}, "uvloop2 is not installed"),
        ({"toml": "zcp.toml"}, "brings its configuration"),
    ],
)
def test_what_cannot_be_served(options: Any, message: str) -> None:
    from zcp_kernel.errors import SetupError
    from zcp_transport_http.serve import serve

    with pytest.raises(SetupError, match=message):
        serve(str(ROOT / TARGET), **options)
