"""Hostile frames into a session: 10,200 cases over every revision, on asyncio and trio.

Nothing a peer sends may raise, leave a readable request unanswered, or be answered twice; and good
requests in between are answered as ever.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal

from tests.fuzz.frames import frames
from tests.fuzz.oracle import Due, read
from tests.fuzz.served import make_app

REVISIONS = ("zcp/1", "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
UNOPENED = "before the handshake"
CASES = 850
ANSWER_SECONDS = 20


class Outbox:
    """The client's end: keeps what the session sends by itself."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    async def receive(self) -> bytes:
        raise NotImplementedError

    async def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    async def aclose(self) -> None:
        return


@contextmanager
def running(backend: str) -> Iterator[tuple[BlockingPortal, Kernel]]:
    with (
        start_blocking_portal(backend) as portal,
        portal.wrap_async_context_manager(make_app().compose().running()) as kernel,
    ):
        yield portal, kernel


@pytest.fixture(scope="module", params=["asyncio", "trio"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[BlockingPortal, Kernel]]:
    with running(request.param) as both:
        yield both


def hello(revision: str) -> bytes:
    params = {
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "fuzz", "version": "1"},
    }
    return json.dumps(
        {"jsonrpc": "2.0", "id": "hello", "method": "initialize", "params": params}
    ).encode()


async def feed(kernel: Kernel, revision: str, hostile: list[bytes]) -> list[Any]:
    """Hand a new session the frames, all under way at once; its answers, in any order."""
    outbox = Outbox()
    session = kernel.open_session(outbox, local_principal())
    if revision != UNOPENED:
        opened = session.receive(hello(revision))
        assert opened is not None
        assert json.loads(await opened.run() or b"")["result"]["protocolVersion"] == revision
    answers: list[Any] = []

    async def answer(due: Any) -> None:
        frame = await due.run()
        if frame is not None:
            answers.extend(read(frame))

    with anyio.fail_after(ANSWER_SECONDS):
        async with anyio.create_task_group() as group:
            for frame in hostile:
                due = session.receive(frame)
                if due is not None:
                    group.start_soon(answer, due)
    assert not session.inflight
    session.close()
    for frame in outbox.sent:
        (message,) = read(frame)
        assert "id" not in message, message
    return answers


def good(number: int) -> bytes:
    params = {"name": "echo", "arguments": {"text": f"text {number}"}}
    message = {"jsonrpc": "2.0", "id": f"good-{number}", "method": "tools/call", "params": params}
    return json.dumps(message).encode()


@pytest.mark.parametrize("revision", [*REVISIONS, UNOPENED])
@settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(hostile=st.lists(frames, min_size=1, max_size=6))
def test_hostile_frames(
    served: tuple[BlockingPortal, Kernel], revision: str, hostile: list[bytes]
) -> None:
    portal, kernel = served
    mixed = [frame for number, bad in enumerate(hostile) for frame in (bad, good(number))]
    answers = portal.call(feed, kernel, revision, mixed)
    Due(mixed, batches=revision == "2025-03-26").check(answers)
    if revision != UNOPENED:
        said = {answer["id"]: answer for answer in answers if isinstance(answer.get("id"), str)}
        for number in range(len(hostile)):
            content = said[f"good-{number}"]["result"]["content"]
            assert content == [{"type": "text", "text": f"text {number}"}]
