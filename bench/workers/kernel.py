"""A tools/call through the kernel alone: a frame in, a frame out, no transport and no client.

`kernel.py rounds` prints the microseconds of each round as JSON; `kernel.py profile` prints where
the time goes.
"""

import asyncio
import cProfile
import gc
import json
import pstats
import sys
import time

from zcp_kernel.security import local_principal
from zcp_kernel.session import ZCPServerSession

from zcp import FastZCP

ROUNDS = 15
CALLS = 4_000

app = FastZCP("bench")


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


class Sink:
    """A channel nobody reads."""

    async def receive(self) -> bytes:
        raise NotImplementedError

    async def send(self, frame: bytes) -> None:
        return

    async def aclose(self) -> None:
        return


def hello(revision: str) -> bytes:
    params = {
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    }
    return json.dumps(
        {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}
    ).encode()


def call(number: int) -> bytes:
    return (
        b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":'
        b'{"name":"echo","arguments":{"text":"hello %d"}}}' % (number, number)
    )


async def round_of(session: ZCPServerSession) -> float:
    """Microseconds per call; every answer is looked at, outside the timing."""
    frames = [call(number) for number in range(1, CALLS + 1)]
    answers = []
    receive = session.receive
    gc.collect()
    begin = time.perf_counter()
    for frame in frames:
        answers.append(await receive(frame).run())  # type: ignore[union-attr]
    spent = time.perf_counter() - begin
    for number, answer in enumerate(answers, 1):
        if json.loads(answer or b"{}")["result"]["content"][0]["text"] != f"hello {number}":
            raise RuntimeError(f"a wrong answer: {answer!r}")
    return spent / CALLS * 1e6


async def main(what: str) -> None:
    kernel = app.compose()
    async with kernel.running():
        sessions = {}
        for revision in ("2025-11-25", "zcp/1"):
            session = sessions[revision] = kernel.open_session(Sink(), local_principal())
            await session.receive(hello(revision)).run()  # type: ignore[union-attr]
            await round_of(session)
        if what == "profile":
            with cProfile.Profile() as profile:
                await round_of(sessions["2025-11-25"])
            pstats.Stats(profile).sort_stats("tottime").print_stats(30)
            return
        rounds: dict[str, list[float]] = {revision: [] for revision in sessions}
        for _ in range(ROUNDS):
            for revision, session in sessions.items():
                rounds[revision].append(await round_of(session))
        print(json.dumps(rounds))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
