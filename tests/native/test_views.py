"""What changed since: the server's answer, and the list the client makes of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerConfig, ServerSection
from zcp_kernel.errors import InvalidParams
from zcp_kernel.jsontext import loads
from zcp_kernel.views import apply_change, changes, view_hash
from zcp_profiles.native.section import NativeSection

from .talking import ANY, client_of, make_app, talking

View = list[tuple[str, bytes]]

names = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=10)
views = names.flatmap(
    lambda given: st.tuples(*(st.tuples(st.just(n), st.sampled_from([b"1", b"2"])) for n in given))
).map(list)


@given(old=views, new=views)
def test_a_change_applied_to_the_old_view_is_the_new_view(old: View, new: View) -> None:
    found = changes(old, new)
    assert found is not None
    places, removed = found
    changed = [(place, *new[place]) for place in places]
    assert apply_change(old, changed, removed) == new


@given(view=views, data=st.data())
def test_one_tool_elsewhere_is_one_change(view: View, data: st.DataObject) -> None:
    if not view:
        return
    new = list(view)
    moved = new.pop(data.draw(st.integers(0, len(view) - 1)))
    new.insert(data.draw(st.integers(0, len(new))), moved)
    found = changes(view, new)
    assert found is not None
    assert len(found[0]) <= 1
    assert found[1] == []


def test_views_with_a_name_twice_have_no_change() -> None:
    assert changes([("a", b"1"), ("a", b"2")], [("a", b"1")]) is None
    assert changes([("a", b"1")], [("a", b"1"), ("a", b"1")]) is None


@pytest.mark.parametrize("changed", [[(2, "b", b"1")], [(9, "b", b"1")]])
def test_a_change_that_does_not_fit_is_refused(changed: Any) -> None:
    with pytest.raises(InvalidParams, match="no place"):
        apply_change([("a", b"1")], changed, [])


def test_a_hash_is_of_the_order_too() -> None:
    assert view_hash([b"1", b"2"]) != view_hash([b"2", b"1"])
    assert view_hash([b"12"]) != view_hash([b"1", b"2"])


# -- over the wire ---------------------------------------------------------------------------------


def add(app: FastZCP, name: str, description: str = "Does a thing.") -> None:
    app.tool(name=name, description=description, input_schema=ANY)(lambda: None)


def shop(size: int = 20) -> FastZCP:
    app = make_app()
    for number in range(size):
        add(app, f"t{number}")
    return app


async def listed(client: ZCPClientSession, **asked: Any) -> list[str]:
    return [tool["name"] for tool in (await client.list_tools(**asked))["tools"]]


@pytest.mark.anyio
async def test_the_client_hides_it_all() -> None:
    app = shop()
    frames: list[tuple[str, bytes]] = []
    async with talking(app, frames=frames) as client:
        first = await client.list_tools()
        assert "known" not in frames[-2][1].decode()
        assert set(first) == {"tools"}
        first["tools"][0]["name"] = "spoilt by the caller"
        again = await client.list_tools()
        assert len(frames[-1][1]) <= 100
        assert [tool["name"] for tool in again["tools"]] == [f"t{n}" for n in range(20)]
        app.tools.remove("t3")
        add(app, "new")
        assert await listed(client) == [f"t{n}" for n in range(20) if n != 3] + ["new"]
        answer = loads(frames[-1][1])["result"]
        assert [each["at"] for each in answer["changed"]] == [19]
        assert answer["removed"] == ["t3"]


@pytest.mark.anyio
async def test_a_changed_tool_costs_itself_and_a_little() -> None:
    app = shop(3000)
    frames: list[tuple[str, bytes]] = []
    async with talking(app, frames=frames) as client:
        await client.list_tools()
        await client.list_tools()
        assert len(frames[-1][1]) <= 100
        app.tools.remove("t1500")
        add(app, "t1500", "x" * 500)
        assert (await listed(client))[-1] == "t1500"
        assert len(frames[-1][1]) <= len('{"name":"t1500","description":""}') + 500 + 200


@pytest.mark.anyio
async def test_pages_that_change_underway_are_no_harm() -> None:
    app = shop(30)
    sections: dict[str, object] = {"server": ServerSection(page_size=10)}
    async with talking(app, sections=sections) as client:
        whole = await listed(client)
        assert len(whole) == 30
        add(app, "late")
        assert await listed(client) == [*whole, "late"]
        first = await client.list_tools(cursor="10")
        assert len(first["tools"]) == 10
        assert first["nextCursor"] == "20"


@pytest.mark.anyio
@pytest.mark.parametrize("known", ["nonsense", "", "0" * 24, "\x00"])
async def test_a_view_nobody_knows_is_answered_with_the_whole(known: str) -> None:
    async with talking(shop()) as client:
        answer = await client.request("tools/list", {"known": known})
        assert len(answer["tools"]) == 20
        assert len(answer["hash"]) == 24


@pytest.mark.anyio
async def test_null_asks_for_a_hash_and_absent_does_not() -> None:
    async with talking(shop()) as client:
        assert "hash" not in await client.request("tools/list", {})
        answer = await client.request("tools/list", {"known": None})
        unchanged = await client.request("tools/list", {"known": answer["hash"]})
        assert unchanged == {"unchanged": True}


@pytest.mark.anyio
async def test_another_sessions_view_is_as_good() -> None:
    app = shop()
    kernel = app.compose(ServerConfig({}))
    async with kernel.running():
        async with client_of(kernel) as client:
            known = (await client.request("tools/list", {"known": None}))["hash"]
        async with client_of(kernel) as client:
            assert await client.request("tools/list", {"known": known}) == {"unchanged": True}


@pytest.mark.anyio
async def test_what_is_remembered_is_bounded() -> None:
    app = shop(5)
    sections: dict[str, object] = {"native": NativeSection(remembered_views=2)}
    async with talking(app, sections=sections) as client:
        hashes: list[str] = []
        for number in range(4):
            add(app, f"more{number}")
            hashes.append((await client.request("tools/list", {"known": None}))["hash"])
        assert "tools" in await client.request("tools/list", {"known": hashes[0]})
        assert "base" in await client.request("tools/list", {"known": hashes[2]})


@pytest.mark.anyio
async def test_remembering_can_be_switched_off() -> None:
    app = shop(5)
    sections: dict[str, object] = {"native": NativeSection(remembered_views=0)}
    async with talking(app, sections=sections) as client:
        before = await listed(client)
        add(app, "new")
        assert await listed(client) == [*before, "new"]


@pytest.mark.anyio
async def test_a_lying_server_is_not_believed() -> None:
    app = shop()
    async with talking(app) as client:
        await client.list_tools()
        (view,) = client._views.values()  # type: ignore[union-attr]
        view.tools[0] = ("t0", b'{"name":"t0","description":"not what the server has"}')
        add(app, "new")
        # The change leads to another hash than the server names: the whole list is asked for.
        again = await client.list_tools()
        assert again["tools"][0]["description"] == "Does a thing."
        assert len(again["tools"]) == 21


@pytest.mark.anyio
@pytest.mark.parametrize("detail", ["names", "brief", "full"])
async def test_each_level_of_detail_is_a_view_of_its_own(detail: Any) -> None:
    app = make_app()

    @app.tool
    def weather(city: str, unit: str = "celsius") -> dict[str, Any]:
        """Weather for a city. And much more that few need to know."""
        return {}

    expected: dict[str, Any] = {"name": "weather"}
    if detail == "brief":
        expected |= {"description": "Weather for a city.", "signature": "(city:str, unit?:str)"}
    async with talking(app) as client:
        for _ in range(2):
            (tool,) = (await client.list_tools(detail=detail))["tools"]
            if detail == "full":
                assert tool["inputSchema"]["required"] == ["city"]
            else:
                assert tool == expected


@pytest.mark.anyio
async def test_mcp_never_hears_of_views() -> None:
    frames: list[tuple[str, bytes]] = []
    async with talking(shop(), "2025-11-25", frames=frames) as client:
        for _ in range(3):
            assert len(await listed(client)) == 20
    assert not any(b"known" in frame or b"hash" in frame for _, frame in frames)
