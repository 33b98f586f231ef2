"""10,000 calls under way at once on one connection: all answered once, the memory given back."""

import gc
import json
import subprocess
import sys
import threading
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from bench.environments import ROOT
from tests.fuzz.served import make_app
from tests.fuzz.test_frames import hello
from zcp import stdio_client, stdio_server

CALLS = 10_000
KEPT_BYTES = 1_000_000
"""What a flood may leave behind: a hundred bytes kept per call would break it. A flood of the same
size has gone before, because Python's emptied tables keep the room they needed; one of them may
still double (half a megabyte)."""

FLOOD_SECONDS = 120


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.mark.anyio
@pytest.mark.usefixtures("traced")
async def test_in_one_process() -> None:
    answers: Counter[str] = Counter()
    with anyio.fail_after(FLOOD_SECONDS):
        async with stdio_server(make_app()) as server, stdio_client(server) as client:

            async def meet(number: int, of: int) -> None:
                result = await client.call_tool("meet", {"number": number, "of": of})
                answers[result["content"][0]["text"]] += 1

            async def flood(calls: int) -> int:
                async with anyio.create_task_group() as group:
                    for number in range(calls):
                        group.start_soon(meet, number, calls)
                gc.collect()
                return tracemalloc.get_traced_memory()[0]

            before = await flood(CALLS)
            assert answers == Counter(str(number) for number in range(CALLS))
            held = await flood(CALLS) - before
            assert answers == Counter({str(number): 2 for number in range(CALLS)})
            assert held < KEPT_BYTES


class Pipe:
    """A server process and raw lines to and from it."""

    def __init__(self, loop: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-X", "tracemalloc", "-m", "tests.fuzz.served", loop],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> "Pipe":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.stdout.close()  # type: ignore[union-attr]
        try:
            self._process.wait(20)
        finally:
            self._process.kill()

    def exchange(self, frames: list[bytes]) -> list[dict[str, Any]]:
        """Send every frame, and read as many lines."""
        assert self._process.stdout is not None
        sender = threading.Thread(target=self._send, args=(b"\n".join(frames) + b"\n",))
        sender.start()
        answers = [json.loads(self._process.stdout.readline()) for _ in frames]
        sender.join()
        return answers

    def _send(self, lines: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(lines)
        self._process.stdin.flush()

    def memory(self) -> int:
        """Bytes the server's Python holds."""
        (answer,) = self.exchange([_call("memory", "memory", {})])
        return int(answer["result"]["content"][0]["text"])


def _call(request_id: str | int, name: str, arguments: dict[str, Any]) -> bytes:
    params = {"name": name, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}
    return json.dumps(message).encode()


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
@pytest.mark.timeout(FLOOD_SECONDS)
def test_over_a_pipe(loop: str) -> None:
    with Pipe(loop) as pipe:

        def flood(calls: int) -> None:
            frames = [_call(at, "meet", {"number": at, "of": calls}) for at in range(calls)]
            answers = {answer["id"]: answer for answer in pipe.exchange(frames)}
            assert sorted(answers) == list(range(calls))
            for number, answer in answers.items():
                assert answer["result"]["content"] == [{"type": "text", "text": f"{number}"}]

        pipe.exchange([hello("2025-11-25")])
        flood(CALLS)
        before = pipe.memory()
        flood(CALLS)
        assert pipe.memory() - before < KEPT_BYTES
