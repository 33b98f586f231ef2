"""What workers share beside sessions: tasks, handles, limits; and how they are replaced."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from shared_workers import Client, children, killed, told, until, workers


def test_tasks_and_handles_are_shared(tmp_path: Path) -> None:
    with workers(tmp_path) as one:
        client = Client(one, "/zcp", "zcp/1").open()
        kept = client.ask("tools/call", {"name": "large", "arguments": {}}).message["result"]
        read = {"handle": kept["handle"]["id"], "offset": 100, "limit": 2}
        made = client.ask("tasks/create", {"kind": "patient", "input": {"seconds": 1.0}})
        task = made.message["result"]["taskId"]
        home = client.call("which_process")
        killed(home)
        piece = client.ask("handles/read", read).message
        assert piece["result"]["value"] == [100, 101], piece
        outcome = client.ask("tasks/result", {"taskId": task}).message["result"]
        assert outcome["process"] != home
        assert outcome["attempt"] == 2


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_workers_are_replaced_without_losing_a_call(tmp_path: Path, loop: str) -> None:
    with workers(tmp_path, 2, loop=loop) as one:
        statuses: Counter[Any] = Counter()
        processes: set[int] = set()
        over = threading.Event()

        def use() -> None:
            client = Client(one).open()
            while not over.is_set():
                answer = client.ask("tools/call", {"name": "which_process", "arguments": {}})
                statuses[answer.status] += 1
                if answer.status == 200:
                    processes.add(told(answer))

        users = [threading.Thread(target=use) for _ in range(4)]
        for user in users:
            user.start()
        try:
            until(lambda: len(processes) >= 1 and statuses[200] > 50, "nothing is answered")
            before = set(children(one.process.pid))
            one.process.send_signal(signal.SIGHUP)
            until(lambda: not before & set(children(one.process.pid)), "not all are replaced")
            until(lambda: bool(processes - before), "nobody is answered by a new one")
        finally:
            over.set()
            for user in users:
                user.join()
        assert set(statuses) == {200}, one.errors
        assert one.stop() == 0, one.errors


def test_a_rate_limit_holds_over_all_workers(tmp_path: Path) -> None:
    limit = {"ZCP_RATE_LIMIT__MAX_REQUESTS": "20", "ZCP_RATE_LIMIT__WINDOW_SECONDS": "3600"}
    with workers(tmp_path, **limit) as one:
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        statuses = Counter(one.post(ping, "/zcp").status for _ in range(60))
        assert statuses == {200: 20, 429: 40}
