"""Hostile answers to what a server asks of its client: the asking call ends, once."""

import json
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import local_principal

from tests.fuzz.frames import encoded, values
from tests.fuzz.oracle import read
from tests.fuzz.test_frames import ANSWER_SECONDS, Outbox, hello
from zcp import Context, FastZCP

CASES = 300
QUESTIONS = ("ask_user", "ask_model", "ask_roots")


def asking_app() -> FastZCP:
    app = FastZCP("asking")

    @app.tool
    async def ask_user(ctx: Context) -> str:
        return str(await ctx.elicit("Who?", {"type": "object", "properties": {}}))

    @app.tool
    async def ask_model(ctx: Context) -> str:
        return str(await ctx.create_message("Hello"))

    @app.tool
    async def ask_roots(ctx: Context) -> str:
        return str(await ctx.list_roots())

    return app


def able_hello(revision: str) -> bytes:
    message = json.loads(hello(revision))
    message["params"]["capabilities"] = {"roots": {}, "sampling": {}, "elicitation": {}}
    return encoded(message)


likely = st.one_of(
    values,
    st.fixed_dictionaries(
        {},
        optional={
            "action": st.one_of(st.sampled_from(["accept", "decline", "cancel"]), values),
            "content": values,
            "role": st.one_of(st.sampled_from(["user", "assistant"]), values),
            "model": values,
            "roots": st.one_of(st.lists(st.dictionaries(st.just("uri"), values)), values),
            "code": values,
            "message": values,
        },
    ),
)


async def converse(kernel: Kernel, revision: str, tool: str, answer: dict[str, Any]) -> list[Any]:
    """Call the tool, answer its question twice over, and give back the call's answers."""
    outbox = Outbox()
    session = kernel.open_session(outbox, local_principal())
    opened = session.receive(able_hello(revision))
    assert opened is not None
    await opened.run()
    call = {"jsonrpc": "2.0", "id": "call", "method": "tools/call", "params": {"name": tool}}
    asking = session.receive(encoded(call))
    assert asking is not None
    answers: list[Any] = []

    async def run() -> None:
        frame = await asking.run()
        assert frame is not None
        answers.extend(read(frame))

    with anyio.fail_after(ANSWER_SECONDS):
        async with anyio.create_task_group() as group:
            group.start_soon(run)
            while not outbox.sent:
                await anyio.lowlevel.checkpoint()
            (question,) = read(outbox.sent[0])
            for _ in range(2):
                refused = session.receive(encoded({**answer, "id": question["id"]}))
                assert refused is None
    assert not session.inflight
    session.close()
    return answers


@pytest.mark.parametrize("tool", QUESTIONS)
@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_hostile_answers(backend: str, revision: str, tool: str) -> None:
    with (
        start_blocking_portal(backend) as portal,
        portal.wrap_async_context_manager(asking_app().compose().running()) as kernel,
    ):

        @settings(
            max_examples=CASES,
            deadline=None,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(kind=st.sampled_from(["result", "error"]), body=likely)
        def once(kind: str, body: Any) -> None:
            # An error of null is no error member by the rules of most readers.
            answer = {"jsonrpc": "2.0", kind: {} if body is None else body}
            (said,) = portal.call(converse, kernel, revision, tool, answer)
            assert said["id"] == "call"
            assert ("result" in said) != ("error" in said)

        once()
