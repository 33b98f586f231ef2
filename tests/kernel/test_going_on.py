"""A session that goes on in another process has what it had, and is fed with what it watched."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from harness import make_app
from zcp_kernel._core.handles.aliases import KNOWN_ELSEWHERE, meant, name
from zcp_kernel.errors import NotFound
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import Capabilities, Empty, Implementation
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal
from zcp_kernel.session import NOWHERE, facts_of, restore

pytestmark = pytest.mark.anyio

URI, GONE = "note://1", "note://gone"


def compose(watched: list[str]) -> Kernel:
    app = make_app()

    @app.resource(URI, name="note")
    async def note() -> str:
        return "text"

    kernel: Kernel = app.compose()
    found = kernel.registry.resources.get(URI)
    assert found is not None

    async def watch(uri: str, ctx: Any) -> None:
        watched.append(uri)

    found.watch = watch
    return kernel


async def test_it_has_what_it_had() -> None:
    before, after = compose([]), compose(watched := [])
    first = before.open_session(NOWHERE, local_principal())
    revision = next(iter(before.dialects.values())).revision()
    first.adopt(revision)
    first.state.client_info = Implementation("client", "1")
    first.state.capabilities = Capabilities(roots={"listChanged": True})
    first.state.log_level = "warning"
    first.state.subscriptions |= {URI, GONE}
    first.state.initialized = True
    facts = loads(dumps(facts_of(first)))
    async with after.running():
        second = after.open_session(NOWHERE, local_principal())
        restore(second, revision, facts)
        assert second in after.audience
        with anyio.fail_after(10):
            while GONE in second.state.subscriptions:  # noqa: ASYNC110 - done in the background
                await anyio.sleep(0.01)
        assert watched == [URI], "whatever feeds this process knows that somebody listens"
        assert facts_of(second) == {**facts, "subscriptions": [URI]}


async def test_short_names_of_handles_mean_what_they_meant() -> None:
    before, after = compose([]), compose([])
    first = before.open_session(NOWHERE, local_principal())
    revision = next(iter(before.dialects.values())).revision()
    given = [name(f"id {number}", first) for number in range(KNOWN_ELSEWHERE + 2)]
    facts = loads(dumps(facts_of(first)))
    second = after.open_session(NOWHERE, local_principal())
    second.id = first.id
    restore(second, revision, facts)
    assert meant(given[-1] or "", second) == f"id {KNOWN_ELSEWHERE + 1}"
    assert meant(given[2] or "", second) == "id 2"
    with pytest.raises(NotFound):
        meant(given[1] or "", second)
    assert name("one more", second) == f"#S{KNOWN_ELSEWHERE + 3}", "none is given twice"


class Wire:
    """A channel that keeps what is sent on it."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    async def send(self, frame: bytes) -> None:
        self.sent.append(loads(frame))

    async def receive(self) -> bytes:
        raise anyio.EndOfStream

    async def aclose(self) -> None:
        return


async def test_a_late_answer_is_not_taken_for_that_to_another_question() -> None:
    kernel = compose([])
    revision = next(iter(kernel.dialects.values())).revision()
    ids: list[int] = []
    for generation in range(3):
        wire = Wire()
        session = kernel.open_session(wire, local_principal())
        restore(session, revision, {"capabilities": {"roots": {}}}, generation)
        async with anyio.create_task_group() as group:
            group.start_soon(session.ask, "roots/list", Empty())
            await anyio.wait_all_tasks_blocked()
            ids.append(wire.sent[0]["id"])
            for late in ids[:-1]:
                session.receive(dumps({"jsonrpc": "2.0", "id": late, "result": {"roots": []}}))
            await anyio.wait_all_tasks_blocked()
            assert session._pending, "nobody has answered this question yet"
            session.receive(dumps({"jsonrpc": "2.0", "id": ids[-1], "result": {"roots": []}}))
