"""An upstream that fails fails alone, says so, and comes back by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.errors import RemoteError
from zcp_kernel.model import ReadResourceParams
from zcp_kernel.mount import UpstreamError

from .conftest import Site, names, roof, text, until, weather

pytestmark = pytest.mark.anyio

Put = Callable[[FastZCP], Site]


def slow() -> tuple[FastZCP, list[str]]:
    app, begun = weather("Slow"), list[str]()

    @app.tool
    async def forever(name: str = "") -> str:
        begun.append(name)
        try:
            await anyio.sleep_forever()
        finally:
            begun.remove(name)
        return name

    return app, begun


async def test_a_server_that_dies_in_the_middle_fails_that_call_alone(site: Put) -> None:
    inner, begun = slow()
    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, prefix="w")
    app.mount(weather("Other"), prefix="o")
    results: list[Any] = []
    async with roof(app) as here:
        client = await here.client()

        async def call() -> None:
            results.append(await client.call_tool("w.forever"))

        async with anyio.create_task_group() as group:
            group.start_soon(call)
            await until(lambda: begun)
            await put.cut()
        [result] = results
        assert result["isError"]
        assert result["content"][0]["text"].startswith("unavailable:w: ")
        assert result["_meta"]["zcp/error"] == {
            "code": 503,
            "message": result["content"][0]["text"],
            "backend": "w",
            "retryable": False,
        }
        assert result["_meta"]["zcp/backend"]["name"] == "w"
        assert await text(client, "o.lookup", city="X") == "X: 24"
        assert await text(client, "w.lookup", city="X") == "X: 24"


async def test_a_server_that_is_off_is_listed_as_it_was(site: Put) -> None:
    put = site(weather())
    app = make_app("Roof")
    mount = app.mount(put.session, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        put.down = True
        await put.cut()
        assert await names(client) == ["w.lookup"]
        result = await client.call_tool("w.lookup", {"city": "X"})
        assert result["isError"]
        assert "connection refused" in result["content"][0]["text"]
        assert result["_meta"]["zcp/error"]["retryable"] is True
        with pytest.raises(RemoteError, match="unavailable:w") as caught:
            await client.read_resource("docs://faq")
        assert caught.value.data == {"backend": "w", "retryable": True}
        with pytest.raises(RemoteError, match="unavailable:w"):
            await client.get_prompt("w.summary", {"city": "X"})
        assert mount.names == ["w"]
        put.down = False
        assert await text(client, "w.lookup", city="X") == "X: 24"


async def test_a_handler_can_tell_a_server_that_is_off_from_other_errors(site: Put) -> None:
    put = site(weather())
    app = make_app("Roof")
    app.mount(put.session, prefix="w")

    @app.tool
    async def faq(ctx: Context) -> dict[str, Any]:
        try:
            await ctx.kernel.execute("resources/read", ReadResourceParams("docs://faq"), ctx)
        except UpstreamError as error:
            return {"backend": error.backend, "retryable": error.retryable}
        return {"backend": "answered"}

    async with roof(app) as here:
        client = await here.client()
        assert (await client.call_tool("faq"))["structuredContent"] == {"backend": "answered"}
        put.down = True
        await put.cut()
        told = {"backend": "w", "retryable": True}
        assert (await client.call_tool("faq"))["structuredContent"] == told


async def test_a_server_that_is_off_at_the_start_joins_later(
    site: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_kernel._core.mount.upstream.FIRST_RETRY_SECONDS", 0.01)
    put = site(weather())
    put.down = True
    app = make_app("Roof")
    mount = app.mount(put.session, prefix="w")
    told: list[str] = []
    async with roof(app) as here:
        client = await here.client(notification_handler=lambda method, _: told.append(method))
        assert await names(client) == []
        assert "connection refused" in str(mount.failures["w"])
        put.down = False
        await until(lambda: "notifications/tools/list_changed" in told)
        assert await text(client, "w.lookup", city="X") == "X: 24"
        await until(lambda: not mount.failures)


async def test_a_server_that_never_answers_does_not_hold_up_the_start(
    site: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcp_kernel._core.mount.running.JOIN_SECONDS", 0.05)
    put = site(weather())
    app = make_app("Roof")
    session = put.session()

    async def never() -> Any:
        await anyio.sleep_forever()

    session.initialize = never  # type: ignore[method-assign, assignment]
    app.mount(session, prefix="w")
    app.mount(weather("Other"), prefix="o")
    async with roof(app) as here:
        assert await names(await here.client()) == ["o.lookup"]


async def test_a_server_that_comes_back_changed_is_read_again(site: Put) -> None:
    inner = weather()
    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        await put.cut()
        inner.tools.remove("lookup")

        @inner.tool
        async def forecast() -> str:
            return "rain"

        # The first call finds the server again, and with it that its lists are others.
        with pytest.raises(RemoteError, match="not_found:lookup"):
            await client.call_tool("w.lookup", {"city": "X"})
        await until(lambda: "w.forecast" in here.kernel.registry.tools)
        assert await names(client) == ["w.forecast"]


async def test_a_tool_that_went_without_a_word_is_noticed(site: Put) -> None:
    app = make_app("Roof")
    session = site(make_app("Empty")).session()
    reads: list[Any] = []

    async def list_tools() -> Any:
        reads.append(None)
        gone = {"name": "gone", "inputSchema": {"type": "object"}}
        return {"tools": [gone] if len(reads) == 1 else []}

    session.list_tools = list_tools  # type: ignore[method-assign, assignment]
    app.mount(session, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["w.gone"]
        with pytest.raises(RemoteError, match="not_found:gone"):
            await client.call_tool("w.gone")
        await until(lambda: "w.gone" not in here.kernel.registry.tools)
        with pytest.raises(RemoteError, match=r"not_found:w\.gone"):
            await client.call_tool("w.gone")
        assert len(reads) == 2


async def test_the_upstreams_own_errors_pass_unchanged(site: Put) -> None:
    inner = weather()

    @inner.tool
    async def odd() -> str:
        raise RemoteError(-32042, "do this first", {"vendor": [1, 2]})

    app = make_app("Roof")
    app.mount(site(inner).session(), prefix="w")
    async with roof(app) as here:
        client = await here.client()
        with pytest.raises(RemoteError, match="do this first") as caught:
            await client.call_tool("w.odd")
        assert (caught.value.code, caught.value.data) == (-32042, {"vendor": [1, 2]})
        with pytest.raises(RemoteError) as wrong:
            await client.call_tool("w.lookup", {"town": "X"})
        assert [fault["path"] for fault in wrong.value.data["errors"]]


async def test_cancelling_reaches_the_upstream(site: Put) -> None:
    inner, begun = slow()
    app = make_app("Roof")
    app.mount(site(inner).session(), prefix="w")
    async with roof(app) as here:
        client = await here.client()
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "w.forever")
            await until(lambda: begun)
            group.cancel_scope.cancel()
        await until(lambda: not begun)


async def test_a_storm_of_cancelled_calls_leaves_nothing_behind(site: Put) -> None:
    inner, begun = slow()
    app = make_app("Roof")
    session = site(inner).session()
    app.mount(session, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        for _ in range(5):
            async with anyio.create_task_group() as group:
                for number in range(100):
                    group.start_soon(client.call_tool, "w.forever", {"name": str(number)})
                await until(lambda: len(begun) == 100)
                group.cancel_scope.cancel()
            await until(lambda: not begun)
        assert session.in_flight == {}
        [remote] = app.mounts.remotes
        assert remote.links[here.kernel].shared.callers.now == {}
        assert await text(client, "w.lookup", city="X") == "X: 24"


async def test_a_thousand_calls_at_once(site: Put) -> None:
    inner = make_app("Echo")

    @inner.tool
    async def echo(n: int) -> str:
        await anyio.sleep(0.001)
        return str(n)

    put = site(inner)
    app = make_app("Roof")
    app.mount(put.session, prefix="e")
    answers: dict[int, str] = {}
    async with roof(app) as here:
        clients = [await here.client() for _ in range(10)]

        async def call(n: int) -> None:
            answers[n] = await text(clients[n % 10], "e.echo", n=n)

        async with anyio.create_task_group() as group:
            for n in range(1000):
                group.start_soon(call, n)
        assert put.connections == 1
    assert answers == {n: str(n) for n in range(1000)}


async def test_a_call_has_the_mounts_deadline(site: Put) -> None:
    inner, begun = slow()
    app = make_app("Roof")
    app.mount(site(inner).session(), prefix="w", timeout=0.05)
    async with roof(app) as here:
        result = await (await here.client()).call_tool("w.forever")
        assert result["isError"]
        assert "no answer within 0.05 s" in result["content"][0]["text"]
        await until(lambda: not begun)


async def test_a_session_that_was_open_stays_open(site: Put) -> None:
    put = site(weather())
    app = make_app("Roof")
    async with put.session() as session:
        app.mount(session)
        async with roof(app) as here:
            assert await text(await here.client(), "lookup", city="X") == "X: 24"
        assert (await session.call_tool("lookup", {"city": "Y"}))["content"][0]["text"] == "Y: 24"
        assert put.connections == 1
