"""Workers that share a store: a client need not know that there are several."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest
from server_process import BOTH
from shared_workers import Client, first_of, killed, until, workers


@pytest.mark.parametrize(
    ("path", "version", "loop"),
    [("/mcp", "2025-06-18", "asyncio"), ("/mcp", "2025-11-25", "trio"), ("/zcp", "zcp/1", "trio")],
)
def test_a_session_is_good_at_every_worker(
    tmp_path: Path, path: str, version: str, loop: str
) -> None:
    with workers(tmp_path, loop=loop) as one:
        client = Client(one, path, version).open()
        assert len({client.call("which_process") for _ in range(20)}) == 1
        stranger = Client(one, path, version, {"mcp-session-id": "0badcafe.AAAA.BBBB"})
        assert stranger.ask("tools/list", {}).status == 404
        forged = client.headers["mcp-session-id"][:-2] + "--"
        made_up = Client(one, path, version, {"mcp-session-id": forged})
        assert made_up.ask("tools/list", {}).status == 404
        deleted = one.request("DELETE", path, b"", {**BOTH, **client.headers})
        assert deleted.status == 204
        assert {client.ask("tools/list", {}).status for _ in range(6)} == {404}


def test_a_change_reaches_subscribers_of_every_worker(tmp_path: Path) -> None:
    with workers(tmp_path) as one, ExitStack() as stack:
        clients: list[Client] = []
        homes: set[int] = set()
        while len(homes) < 2 and len(clients) < 100:
            clients.append(Client(one).open())
            homes.add(clients[-1].call("which_process"))
        assert len(homes) > 1, "the sessions spread over the workers"
        streams = []
        for client in clients:
            assert client.ask("resources/subscribe", {"uri": "note://1"}).status == 200
            streams.append(stack.enter_context(client.stream()))
        assert clients[0].call("change", uri="note://1") == "told"
        for stream in streams:
            _, message = next(stream)
            assert message["method"] == "notifications/resources/updated"


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_a_session_outlives_its_worker(tmp_path: Path, loop: str) -> None:
    with workers(tmp_path, loop=loop) as one:
        client = Client(one).open()
        assert client.ask("resources/subscribe", {"uri": "note://1"}).status == 200
        home = client.call("which_process")
        params = {"name": "count_up", "arguments": {"to": 500, "pause": 0.1}}
        message = client.message("tools/call", params | {"_meta": {"progressToken": "p"}})
        seen: list[int] = []
        last = ""
        with client.stream(message) as stream:
            for event_id, news in stream:
                last = event_id
                seen.append(news["params"]["progress"])
                if len(seen) == 3:
                    os.kill(home, signal.SIGKILL)
        assert len(seen) >= 3
        killed(home)
        with client.stream(None, **{"last-event-id": first_of(last)}) as stream:
            *again, lost = [news for _, news in stream]
        progress = [news["params"]["progress"] for news in again]
        assert progress[: len(seen)] == seen, "what was sent can be sent again"
        assert lost["id"] == message["id"]
        assert "interrupted" in lost["error"]["message"], "its answer is an error, not silence"
        with client.stream(None, **{"last-event-id": first_of(last)}) as stream:
            assert [news for _, news in stream][-1] == lost
        assert client.call("which_process") != home
        with client.stream() as stream:
            assert client.call("change", uri="note://1") == "told"
            _, news = next(stream)
            assert news["params"]["uri"] == "note://1", "its subscriptions go on"


def test_a_call_sent_again_after_its_worker_was_lost_is_not_run_again(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one).open()
        home = client.call("which_process")
        file = tmp_path / "ran"
        params = {"name": "append_then_wait", "arguments": {"file": str(file), "seconds": 60}}
        message = client.message("tools/call", params)
        key = {"idempotency-key": "k1"}
        answers: list[int] = []

        def send() -> None:
            try:
                answers.append(client.post(message, **key).status)
            except OSError:
                answers.append(0)

        sending = threading.Thread(target=send)
        sending.start()
        until(file.exists, "the call does not begin")
        os.kill(home, signal.SIGKILL)
        sending.join()
        killed(home)
        assert answers[0] in (0, 502)
        with client.stream(message, **key) as stream:
            ((_, lost),) = list(stream)
        assert lost["id"] == message["id"]
        assert "interrupted" in lost["error"]["message"]
        assert file.read_text("utf-8") == "ran\n"


def test_many_that_come_at_once_for_a_lost_worker_find_their_session(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one).open()
        killed(client.call("which_process"))
        statuses: Counter[int] = Counter()

        def ask(number: int) -> None:
            message = {"jsonrpc": "2.0", "id": f"at once {number}", "method": "ping"}
            answer = client.post(message)
            statuses[answer.status] += 1
            assert answer.message["id"] == message["id"]

        asking = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert statuses == {200: 16}


def test_the_legacy_transport_works_through_any_worker(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one, "/sse")
        connection = one.connect()
        connection.request("GET", "/sse", headers={"accept": "text/event-stream"})
        response = connection.getresponse()
        try:
            told = (
                line.decode().partition(": ")[2].strip()
                for line in response
                if line.startswith(b"data: ")
            )
            client.path = next(told)
            info = {"name": "t", "version": "1"}
            params = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": info}
            for method, given in [("initialize", params), *[("ping", None)] * 9]:
                message = client.message(method, given)
                assert client.post(message).status == 202
                assert json.loads(next(told))["id"] == message["id"]
        finally:
            response.close()
            connection.close()
        assert client.ask("ping", None).status == 404, "the session ended with its stream"
