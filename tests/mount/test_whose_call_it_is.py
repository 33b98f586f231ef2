"""What an upstream says and asks reaches the client whose call it is about, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.errors import RemoteError

from .conftest import Site, roof, text, until

pytestmark = pytest.mark.anyio

Put = Callable[[FastZCP], Site]

FORM = {"type": "object", "properties": {"name": {"type": "string"}}}


def inquisitive() -> FastZCP:
    app = make_app("Inquisitive")

    @app.tool
    async def greet(ctx: Context) -> str:
        action, content = await ctx.elicit("Who are you?", FORM)
        return f"{action} {content}"

    @app.tool
    async def think(ctx: Context) -> str:
        answer = await ctx.create_message("Think!")
        return f"{answer.model}: {answer.content.text}"  # type: ignore[union-attr]

    @app.tool
    async def places(ctx: Context) -> str:
        return ",".join(root.uri for root in (await ctx.list_roots()).roots)

    @app.tool
    async def work(name: str, ctx: Context) -> str:
        for step in range(5):
            await ctx.report_progress(step, 5, name)
            await ctx.log("info", f"{name} {step}", logger="worker")
            await anyio.lowlevel.checkpoint()
        return name

    return app


def mount(app: FastZCP, inner: FastZCP, how: str, put: Put) -> None:
    if how == "local":
        app.mount(inner)
    else:
        app.mount(put(inner).session, per="session" if how == "each" else "server")


@pytest.fixture(params=["local", "remote", "each"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_questions_reach_the_client_that_called(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, inquisitive(), how, site)
    answers: dict[str, str] = {}
    async with roof(app) as here:
        clients = {}
        for name in ("Ann", "Bob", "Cid"):

            async def answer(request: Any, name: str = name) -> Any:
                await anyio.sleep(0.01)
                return {"action": "accept", "content": {"name": name}}

            clients[name] = await here.client(elicitation_handler=answer)

        async def call(name: str) -> None:
            for _ in range(5):
                answers[name] = await text(clients[name], "greet")
                assert answers[name] == f"accept {{'name': '{name}'}}"

        async with anyio.create_task_group() as group:
            for name in clients:
                group.start_soon(call, name)
    assert len(answers) == 3


async def test_sampling_and_roots_pass_through(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, inquisitive(), how, site)
    async with roof(app) as here:
        client = await here.client(
            sampling_handler=lambda request: {
                "role": "assistant", "content": "thought", "model": "m1",
            },
            roots_provider=lambda: ["file:///work"],
        )  # fmt: skip
        assert await text(client, "think") == "m1: thought"
        assert await text(client, "places") == "file:///work"


async def test_what_the_client_cannot_be_asked_the_upstream_learns(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, inquisitive(), how, site)
    async with roof(app) as here:
        client = await here.client()
        with pytest.raises(RemoteError, match="missing:elicitation"):
            await client.call_tool("greet")


async def test_the_clients_own_refusal_reaches_the_upstream(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, inquisitive(), how, site)

    def refuse(request: Any) -> Any:
        raise RemoteError(4711, "not now", {"why": "lunch"})

    async with roof(app) as here:
        client = await here.client(elicitation_handler=refuse)
        with pytest.raises(RemoteError, match="not now") as caught:
            await client.call_tool("greet")
        assert (caught.value.code, caught.value.data) == (4711, {"why": "lunch"})


async def test_progress_and_logs_reach_the_caller_alone(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, inquisitive(), how, site)
    progress: dict[str, list[Any]] = {"Ann": [], "Bob": []}
    logs: dict[str, list[Any]] = {"Ann": [], "Bob": []}
    async with roof(app) as here:

        async def call(name: str) -> None:
            client = await here.client(log_handler=logs[name].append)
            for _ in range(3):
                await client.call_tool("work", {"name": name}, progress=progress[name].append)

        async with anyio.create_task_group() as group:
            for name in logs:
                group.start_soon(call, name)
        for name in logs:
            await until(lambda name=name: len(logs[name]) == 15)
            assert {entry["data"].split()[0] for entry in logs[name]} == {name}
            assert {entry["logger"] for entry in logs[name]} == {"worker"}
            assert [entry["message"] for entry in progress[name]] == [name] * 15
            assert [entry["progress"] for entry in progress[name]] == [*range(5)] * 3


async def test_a_question_nobody_can_be_named_for_is_refused(site: Put) -> None:
    """A server that sends back no numbers, over one pipe, while two clients call."""
    inner = inquisitive()
    put = site(inner)
    session = put.session()
    ask = session.ask

    async def numberless(operation: str, params: Any, **manner: Any) -> Any:
        params.meta = None
        return await ask(operation, params, **manner)

    session.ask = numberless  # type: ignore[method-assign]
    asked: list[str] = []
    release = anyio.Event()

    @inner.tool
    async def wait() -> str:
        await release.wait()
        return "waited"

    app = make_app("Roof")
    app.mount(session)
    async with roof(app) as here:
        ann = await here.client(elicitation_handler=lambda request: asked.append("Ann"))
        bob = await here.client(
            elicitation_handler=lambda request: {"action": "accept", "content": {"name": "Bob"}}
        )
        async with anyio.create_task_group() as group:
            group.start_soon(ann.call_tool, "wait")
            await until(lambda: len(session.in_flight) == 1)
            with pytest.raises(RemoteError, match="per='session'"):
                await bob.call_tool("greet")
            release.set()
        assert asked == []
        assert await text(bob, "greet") == "accept {'name': 'Bob'}"


async def test_a_call_given_up_may_still_ask_but_not_somebody_else(site: Put) -> None:
    inner = make_app("Stubborn")
    cancelled = anyio.Event()

    @inner.tool
    async def stubborn(ctx: Context) -> str:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(0.01)
                cancelled.set()
                await ctx.elicit("Still there?", FORM)
        return ""

    @inner.tool
    async def wait() -> str:
        await cancelled.wait()
        await anyio.sleep(0.05)
        return "waited"

    app = make_app("Roof")
    session = site(inner).session()
    app.mount(session)
    asked: list[Any] = []
    async with roof(app) as here:
        ann = await here.client(elicitation_handler=asked.append)
        bob = await here.client(elicitation_handler=asked.append)
        async with anyio.create_task_group() as group:
            group.start_soon(bob.call_tool, "wait")
            with anyio.move_on_after(0.05):
                await ann.call_tool("stubborn")
        assert asked == []


async def test_each_client_has_its_own_session_where_that_is_asked_for(site: Put) -> None:
    inner = make_app("Stateful")

    @inner.tool
    async def count(ctx: Context) -> str:
        ctx.state["n"] = ctx.state.get("n", 0) + 1
        return str(ctx.state["n"])

    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, per="session")
    async with roof(app) as here:
        ann, bob = await here.client(), await here.client()
        assert [await text(ann, "count") for _ in range(3)] == ["1", "2", "3"]
        assert await text(bob, "count") == "1"
        assert put.connections == 3  # one for the lists
    await until(lambda: put.open == 0)


async def test_one_session_is_shared_and_used_again(site: Put) -> None:
    put = site(inquisitive())
    app = make_app("Roof")
    app.mount(put.session)
    async with roof(app) as here:
        for _ in range(5):
            client = await here.client()
            await client.call_tool("work", {"name": "x"})
        assert put.connections == 1
    await until(lambda: put.open == 0)


async def test_a_connection_does_not_take_after_the_call_that_opened_it(site: Put) -> None:
    """A question that says nothing of its call is nobody's, also when the pipe was opened again for
    one of the calls under way."""
    inner = inquisitive()
    put = site(inner)
    session = put.session()
    ask = session.ask

    async def numberless(operation: str, params: Any, **manner: Any) -> Any:
        params.meta = None
        return await ask(operation, params, **manner)

    session.ask = numberless  # type: ignore[method-assign]
    begun, release = anyio.Event(), anyio.Event()

    @inner.tool
    async def wait() -> str:
        begun.set()
        await release.wait()
        return "waited"

    app = make_app("Roof")
    app.mount(session)
    asked: list[Any] = []
    async with roof(app) as here:
        ann = await here.client(elicitation_handler=asked.append)
        bob = await here.client(elicitation_handler=asked.append)
        await put.cut()
        async with anyio.create_task_group() as group:
            group.start_soon(ann.call_tool, "wait")
            await begun.wait()
            assert put.connections == 2
            with pytest.raises(RemoteError, match="per='session'"):
                await bob.call_tool("greet")
            release.set()
        assert asked == []
