"""Many at once, while the ground moves: deaths, changing lists, colliding names, floods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from harness import make_app
from zcp_kernel._core.codec.relayed import relayed
from zcp_kernel.app import FastZCP
from zcp_kernel.codec import PLAIN, ModelCodec
from zcp_kernel.context import Context
from zcp_kernel.errors import ConnectionLost, NotFound, RemoteError
from zcp_kernel.model import LogMessage

from .conftest import Roof, Site, names, roof, text, until

pytestmark = pytest.mark.anyio

Put = Callable[[FastZCP], Site]

FORM = {"type": "object", "properties": {"name": {"type": "string"}}}


def echoing(name: str = "Back") -> FastZCP:
    app = make_app(name)

    @app.tool
    async def echo(text: str) -> str:
        return text

    return app


def links(app: FastZCP) -> list[Any]:
    """The connections of an app that is served, to its mounts."""
    return [each for remote in app.mounts.remotes for each in remote.links.values()]


async def test_a_server_that_dies_under_a_hundred_calls(site: Put) -> None:
    inner, begun = echoing(), list[int]()

    @inner.tool
    async def hang(n: int) -> str:
        begun.append(n)
        await anyio.sleep_forever()
        return ""

    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, prefix="w")
    results: list[Any] = []
    async with roof(app) as here:
        clients = [await here.client() for _ in range(4)]

        async def call(n: int) -> None:
            results.append(await clients[n % 4].call_tool("w.hang", {"n": n}))

        for _ in range(3):
            begun.clear()
            results.clear()
            async with anyio.create_task_group() as group:
                for n in range(100):
                    group.start_soon(call, n)
                await until(lambda: len(begun) == 100)
                await put.cut()
            assert len(results) == 100
            assert all(result["isError"] for result in results)
            assert {result["_meta"]["zcp/error"]["code"] for result in results} == {503}
            assert await text(clients[0], "w.echo", text="back") == "back"
        [upstream] = links(app)
        assert upstream.shared.callers.now == {}


async def test_a_list_that_changes_while_its_tools_are_called(site: Put) -> None:
    """Calls of what stays are answered; those of what comes and goes are answered or refused."""
    inner = echoing()
    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, prefix="w")
    answered = refused = 0
    done = False
    async with roof(app) as here:
        client = await here.client()

        async def stay() -> None:
            nonlocal answered
            while not done:
                assert await text(client, "w.echo", text="x") == "x"
                answered += 1

        async def flicker() -> None:
            nonlocal refused
            while not done:
                try:
                    await client.call_tool("w.lamp")
                except (RemoteError, NotFound):
                    refused += 1
                await anyio.lowlevel.checkpoint()

        async def lamp() -> str:
            return "on"

        async with anyio.create_task_group() as group:
            group.start_soon(stay)
            group.start_soon(flicker)
            for _ in range(20):
                inner.tool(name="lamp")(lamp)
                await until(lambda: "w.lamp" in app.tools)
                inner.tools.remove("lamp")
                await until(lambda: "w.lamp" not in app.tools)
            done = True
        assert answered
        assert refused
        assert await names(client) == ["w.echo"]


async def test_prefixes_that_overlap(site: Put) -> None:
    """`a` + `b.c` and `a.b` + `c` are one name: the second is left out, and both keep the rest."""
    first, second = make_app("First"), echoing("Second")

    async def which() -> str:
        return "first"

    async def other() -> str:
        return "second"

    first.tool(name="b.c")(which)
    first.tool(name="b")(which)
    second.tool(name="c")(other)
    app = make_app("Roof")
    app.mount(site(first).session, prefix="a")
    app.mount(site(second).session, prefix="a.b")
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["a.b.c", "a.b", "a.b.echo"]
        assert await text(client, "a.b.c") == "first"
        assert await text(client, "a.b") == "first"
        assert await text(client, "a.b.echo", text="x") == "x"


async def test_a_mount_of_a_mount_of_a_mount(site: Put) -> None:
    """Questions, progress, logs and changes come all the way."""
    inner = echoing()

    @inner.tool
    async def sign(ctx: Context) -> str:
        await ctx.report_progress(1, 2, "pen")
        await ctx.log("info", "signing")
        return f"signed {(await ctx.elicit('Who?', FORM)).content}"

    middle, outer, app = make_app("Middle"), make_app("Outer"), make_app("Roof")
    middle.mount(site(inner).session, prefix="m")
    outer.mount(middle, prefix="o")
    app.mount(site(outer).session, prefix="r")
    progress: list[Any] = []
    logs: dict[str, list[Any]] = {"Ann": [], "Bob": []}
    async with roof(app) as here:

        async def client(name: str) -> Any:
            answer = {"action": "accept", "content": {"name": name}}
            return await here.client(
                elicitation_handler=lambda _: answer, log_handler=logs[name].append
            )

        ann, bob = await client("Ann"), await client("Bob")
        await until(lambda: "r.o.m.sign" in app.tools)

        async def call() -> None:
            for _ in range(10):
                assert await text(bob, "r.o.m.sign") == "signed {'name': 'Bob'}"

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            for _ in range(10):
                result = await ann.call_tool("r.o.m.sign", progress=progress.append)
                assert result["content"][0]["text"] == "signed {'name': 'Ann'}"
        await until(lambda: len(logs["Ann"]) == len(logs["Bob"]) == 10)
        assert [entry["message"] for entry in progress] == ["pen"] * 10
        inner.tools.remove("sign")
        await until(lambda: "r.o.m.sign" not in app.tools)


@pytest.mark.parametrize("how", ["given up", "gone"])
async def test_a_caller_that_leaves_during_a_question(how: str, site: Put) -> None:
    """The upstream's question ends, its call is cancelled, and nothing is left."""
    inner, ended = echoing(), list[str]()

    @inner.tool
    async def sign(ctx: Context) -> str:
        try:
            await ctx.elicit("Who?", FORM)
        finally:
            ended.append("sign")
        return "signed"

    app = make_app("Roof")
    app.mount(site(inner).session, prefix="w")
    asked: list[Any] = []

    async def never(request: Any) -> Any:
        asked.append(request)
        await anyio.sleep_forever()

    async with roof(app) as here:
        other = await here.client()
        for n in range(1, 4):
            leaving = await here.client(elicitation_handler=never)
            async with anyio.create_task_group() as group:
                group.start_soon(_quietly, leaving.call_tool, "w.sign")
                await until(lambda n=n: len(asked) == n)
                if how == "gone":
                    await leaving.aclose()
                else:
                    group.cancel_scope.cancel()
            await until(lambda n=n: len(ended) == n)
            assert await text(other, "w.echo", text="x") == "x"
        [upstream] = links(app)
        await until(lambda: not upstream.shared.callers.now)
        await until(lambda: not upstream.shared.session.in_flight)


async def _quietly(call: Callable[..., Any], *arguments: Any) -> None:
    try:
        await call(*arguments)
    except ConnectionLost:
        return


async def test_a_flood_of_progress(site: Put) -> None:
    """All of it arrives, in order and before the result; others are served meanwhile."""
    inner = echoing()

    @inner.tool
    async def flood(ctx: Context) -> str:
        for step in range(3000):
            await ctx.report_progress(step, 3000)
        return "done"

    app = make_app("Roof")
    app.mount(site(inner).session, prefix="w")
    heard: list[Any] = []
    async with roof(app) as here:
        ann, bob = await here.client(), await here.client()

        async def call() -> None:
            await ann.call_tool("w.flood", progress=lambda entry: heard.append(entry["progress"]))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            for _ in range(20):
                assert await text(bob, "w.echo", text="x") == "x"
        await until(lambda: len(heard) == 3000)
        assert heard == list(range(3000))


async def test_a_flood_of_progress_nobody_asked_for_is_not_sent_on(site: Put) -> None:
    inner = echoing()

    @inner.tool
    async def flood(ctx: Context) -> str:
        assert "progressToken" not in (ctx.meta or {})
        return "done"

    app = make_app("Roof")
    app.mount(site(inner).session, prefix="w")
    async with roof(app) as here:
        assert await text(await here.client(), "w.flood") == "done"


async def _said(here: Roof, app: FastZCP, level: Any, data: str) -> None:
    """The server behind the mount logs though nobody is calling."""
    [upstream] = links(app)
    message = PLAIN.encode(LogMessage(level, data))
    upstream.shared._notice("notifications/message", message)


async def test_a_log_message_between_calls_is_for_all_and_one_that_may_be_somebodys_is_not(
    site: Put,
) -> None:
    """A server that never named a call may speak of any that is under way."""
    inner, release = echoing(), anyio.Event()

    @inner.tool
    async def hold() -> str:
        await release.wait()
        return "held"

    app = make_app("Roof")
    app.mount(site(inner).session, prefix="w")
    logs: dict[str, list[Any]] = {"Ann": [], "Bob": []}
    async with roof(app) as here:
        ann = await here.client(log_handler=lambda entry: logs["Ann"].append(entry["data"]))
        bob = await here.client(log_handler=lambda entry: logs["Bob"].append(entry["data"]))
        await ann.ping()
        await bob.ping()
        await _said(here, app, "info", "between")
        await until(lambda: logs == {"Ann": ["between"], "Bob": ["between"]})
        [upstream] = links(app)
        async with anyio.create_task_group() as group:
            group.start_soon(ann.call_tool, "w.hold")
            await until(lambda: len(upstream.shared.callers.now) == 1)
            await _said(here, app, "info", "Ann's")
            group.start_soon(bob.call_tool, "w.hold")
            await until(lambda: len(upstream.shared.callers.now) == 2)
            await _said(here, app, "info", "whose?")
            release.set()
        await ann.ping()
        await bob.ping()
        assert logs == {"Ann": ["between", "Ann's"], "Bob": ["between"]}


async def test_results_pass_through_as_they_are(site: Put) -> None:
    """Text that is passed on undecoded, and all that is not."""
    inner = make_app("Back")

    @inner.tool
    async def plain(text: str) -> str:
        return text

    @inner.tool
    async def structured() -> dict[str, Any]:
        return {"a": [1, None, {"b": "ü"}]}

    @inner.tool
    async def fails() -> str:
        raise ValueError("no")

    @inner.tool
    async def picture() -> list[Any]:
        return ["one", b"\x89PNG\r\n\x1a\n", ""]

    app = make_app("Roof")
    app.mount(site(inner).session)
    async with roof(app) as here, roof(inner) as direct:
        near, far = await direct.client(), await here.client()
        for tool, arguments in (
            ("plain", {"text": "x" * 1000}),
            ("plain", {"text": ""}),
            ("structured", {}),
            ("fails", {}),
            ("picture", {}),
        ):
            assert await far.call_tool(tool, arguments) == await near.call_tool(tool, arguments)


def _no_content(result: Any) -> None:
    result.content = []


def _other_text(result: Any) -> None:
    result.content[0].text = "other"


def _failed(result: Any) -> None:
    result.is_error = True


def _marked(result: Any) -> None:
    result.meta = {"a": 1}


@pytest.mark.parametrize(
    ("change", "member", "value"),
    [
        (_no_content, "content", []),
        (_other_text, "content", [{"type": "text", "text": "other"}]),
        (_failed, "isError", True),
        (_marked, "_meta", {"a": 1}),
    ],
)
async def test_what_was_changed_on_its_way_is_sent_as_it_is_then(
    change: Callable[[Any], None], member: str, value: Any
) -> None:
    result = relayed(PLAIN, {"content": [{"type": "text", "text": "said"}]})
    change(result)
    assert PLAIN.encode(result)[member] == value


@pytest.mark.parametrize(
    "raw",
    [
        {"content": [{"type": "text", "text": "x", "annotations": {}}]},
        {"content": [{"type": "image", "data": "", "mimeType": "image/png"}]},
        {"content": [{"type": "text", "text": 1}]},
        {"content": "x"},
        {"content": [], "isError": 0},
        {"content": [], "_meta": []},
        {"content": [], "structuredContent": {}},
        {"content": [], "task": {}},
        {},
        [],
    ],
)
async def test_what_is_more_than_text_is_left_to_the_codec(raw: Any) -> None:
    assert relayed(PLAIN, raw) is None


async def test_another_codec_writes_it_in_its_own_words() -> None:
    raw = {"content": [{"type": "text", "text": "said"}], "isError": False}
    result = relayed(ModelCodec(omit_defaults=True), raw)
    assert PLAIN.encode(result) == raw
    assert ModelCodec(omit_defaults=True).encode(relayed(PLAIN, raw)) == {"content": raw["content"]}
