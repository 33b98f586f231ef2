"""What a mount lists, under which names, in which order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client_group import ZCPSessionGroup
from zcp_kernel.errors import RegistrationError, RemoteError

from .conftest import Site, names, roof, text, until, weather

pytestmark = pytest.mark.anyio

Put = Callable[[FastZCP], Site]


def mounted(app: FastZCP, inner: FastZCP, how: str, put: Put, **options: Any) -> None:
    """`inner` in `app`, as an app of this process or as a server elsewhere."""
    app.mount(inner if how == "local" else put(inner).session(), **options)


@pytest.fixture(params=["local", "remote"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_everything_of_a_server_is_offered_under_its_prefix(how: str, site: Put) -> None:
    app = make_app("Roof")
    mounted(app, weather(), how, site, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["w.lookup"]
        assert await text(client, "w.lookup", city="Hangzhou") == "Hangzhou: 24"
        [resource] = (await client.list_resources())["resources"]
        [template] = (await client.list_resource_templates())["resourceTemplates"]
        [prompt] = (await client.list_prompts())["prompts"]
        assert resource["uri"] == "docs://faq"
        assert template["uriTemplate"] == "docs://page/{page}"
        assert prompt["name"] == "w.summary"
        assert (await client.read_resource("docs://faq"))["contents"][0]["text"] == "FAQ"
        read = await client.read_resource("docs://page/7")
        assert read["contents"][0]["text"] == "page 7"
        got = await client.get_prompt("w.summary", {"city": "B"})
        assert got["messages"][0]["content"]["text"] == "Summarize B"
        completed = await client.complete("w.summary", "city", "H")
        assert completed["completion"]["values"] == ["summary:Hangzhou"]
        created = await client.create_task("w.crunch", {"n": 3})
        assert await client.get_task_result(created["task"]["taskId"]) == {"crunched": 3}


async def test_an_object_says_where_it_comes_from(site: Put) -> None:
    app = make_app("Roof")
    app.mount(site(weather(version="2")).session())
    async with roof(app) as here:
        client = await here.client()
        meta = (await client.list_tools())["tools"][0]["_meta"]
        assert meta["zcp/backend"] == {
            "name": "weather-station",
            "transport": "memory",
            "server": {"name": "Weather Station", "version": "2"},
        }
        assert meta["zcp/qualifiedName"] == "weather-station.lookup"
        assert await text(client, "weather-station.lookup", city="X") == "X: 24"


async def test_own_names_come_first_and_colliding_ones_are_qualified(how: str, site: Put) -> None:
    app = make_app("Roof")

    @app.tool(name="lookup")
    async def own(city: str) -> str:
        return "own"

    @app.resource("docs://faq")
    def own_faq() -> str:
        return "own FAQ"

    mounted(app, weather("A"), how, site)
    mounted(app, weather("B"), how, site)
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["lookup", "a.lookup", "b.lookup"]
        assert await text(client, "lookup", city="X") == "own"
        assert await text(client, "b.lookup", city="X") == "X: 24"
        uris = [each["uri"] for each in (await client.list_resources())["resources"]]
        assert uris == ["docs://faq", "a.docs://faq", "b.docs://faq"]
        assert (await client.read_resource("docs://faq"))["contents"][0]["text"] == "own FAQ"
        read = await client.read_resource("b.docs://faq")
        assert read["contents"] == [
            {"uri": "b.docs://faq", "mimeType": "text/plain", "text": "FAQ"}
        ]
        templates = (await client.list_resource_templates())["resourceTemplates"]
        assert [each["uriTemplate"] for each in templates] == [
            "docs://page/{page}",
            "b.docs://page/{page}",
        ]
        read = await client.read_resource("b.docs://page/9")
        assert read["contents"][0]["text"] == "page 9"
        prompts = (await client.list_prompts())["prompts"]
        assert [each["name"] for each in prompts] == ["summary", "b.summary"]
        completed = await client.complete("b.summary", "city", "H")
        assert completed["completion"]["values"] == ["summary:Hangzhou"]


async def test_objects_stand_where_they_were_mounted(how: str, site: Put) -> None:
    app = make_app("Roof")
    app.tool(name="first")(weather)
    mounted(app, weather("A"), how, site, prefix="a")
    app.tool(name="second")(weather)
    mounted(app, weather("B"), how, site, prefix="b")
    app.tool(name="third")(weather)
    async with roof(app) as here:
        client = await here.client()
        expected = ["first", "a.lookup", "second", "b.lookup", "third"]
        assert await names(client) == expected


async def test_lists_follow_the_server(how: str, site: Put) -> None:
    inner = weather()
    app = make_app("Roof")
    mounted(app, inner, how, site, prefix="w")
    told: list[str] = []
    async with roof(app) as here:
        client = await here.client(notification_handler=lambda method, _: told.append(method))
        assert await names(client) == ["w.lookup"]

        @inner.tool
        async def forecast() -> str:
            return "rain"

        await until(lambda: "notifications/tools/list_changed" in told)
        await until(lambda: "w.forecast" in here.kernel.registry.tools)
        assert await names(client) == ["w.lookup", "w.forecast"]
        assert await text(client, "w.forecast") == "rain"
        inner.tools.remove("lookup")
        await until(lambda: "w.lookup" not in here.kernel.registry.tools)
        assert await names(client) == ["w.forecast"]


async def test_a_name_once_given_stays(site: Put) -> None:
    first, second = weather("A"), weather("B")
    app = make_app("Roof")
    app.mount(site(first).session())
    app.mount(site(second).session())
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["lookup", "b.lookup"]
        first.tools.remove("lookup")
        await until(lambda: "lookup" not in here.kernel.registry.tools)
        assert await names(client) == ["b.lookup"]
        second.tool(name="more")(weather)
        await until(lambda: "more" in here.kernel.registry.tools)
        assert await names(client) == ["b.lookup", "more"]


async def test_an_app_may_be_mounted_in_a_mounted_app(site: Put) -> None:
    house, floor = make_app("House"), make_app("Floor")
    floor.mount(site(weather()).session(), prefix="w")
    house.mount(floor, prefix="floor")
    async with roof(house) as here:
        client = await here.client()
        assert await names(client) == ["floor.w.lookup"]
        assert await text(client, "floor.w.lookup", city="X") == "X: 24"


async def test_a_group_is_mounted_under_the_names_of_its_backends(site: Put) -> None:
    group = ZCPSessionGroup([site(weather("A")).session(), site(weather("A")).session()])
    app = make_app("Roof")
    app.mount(group)
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == ["lookup", "a-2.lookup"]


async def test_mounting_while_serving(how: str, site: Put) -> None:
    app = make_app("Roof")
    async with roof(app) as here:
        client = await here.client()
        assert await names(client) == []
        mounted(app, weather(), how, site, prefix="w")
        await until(lambda: "w.lookup" in here.kernel.registry.tools)
        assert await text(client, "w.lookup", city="X") == "X: 24"


async def test_a_circle_of_apps_is_refused() -> None:
    outer, inner, innermost = make_app("Outer"), make_app("Inner"), make_app("Innermost")
    outer.mount(inner)
    inner.mount(innermost)
    with pytest.raises(RegistrationError, match="circle"):
        innermost.mount(outer)
    with pytest.raises(RegistrationError, match="circle"):
        outer.mount(outer)


async def test_a_circle_of_servers_does_not_grow(site: Put) -> None:
    here_app, there_app = weather("Here"), weather("There")
    there = site(there_app)
    here_app.mount(there.session(), prefix="there")
    async with roof(here_app) as here:
        back = Site(here_app)
        back._kernel = here.kernel
        there_app.mount(back.session(), prefix="here")
        await until(lambda: "there.here.lookup" in here.kernel.registry.tools)
        for _ in range(3):
            await until(lambda: "here.lookup" in there_app.tools)
            here_app.tool(name=f"more{len(here_app.tools)}")(weather)
        client = await here.client()
        await until(lambda: sum("more" in tool.definition.name for tool in here_app.tools) >= 6)
        deepest = max(name.count(".") for name in await names(client))
        assert deepest == 2
        assert await text(client, "there.here.lookup", city="X") == "X: 24"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix": "no spaces"}, "cannot stand before names"),
        ({"prefix": "w"}, "two mounts"),
        ({"per": "moon"}, "not one of"),
        ({"per": "session"}, "mount what makes one"),
        ({"headers": {}}, "the session was made already"),
    ],
)
async def test_what_cannot_be_mounted_so(options: Any, message: str, site: Put) -> None:
    app = make_app("Roof")
    app.mount(weather("B"), prefix="w")
    with pytest.raises(RegistrationError, match=message):
        app.mount(site(weather()).session(), **options)


async def test_a_broken_item_does_not_take_the_others_down(site: Put) -> None:
    inner = weather()
    app = make_app("Roof")
    session = site(inner).session()
    whole = session.list_tools

    async def half_broken(*args: Any, **kwargs: Any) -> Any:
        answer = await whole(*args, **kwargs)
        answer["tools"].append({"description": "it has no name"})
        answer["tools"].append({**answer["tools"][0], "name": "fine", "_meta": {"groups": "odd"}})
        return answer

    session.list_tools = half_broken  # type: ignore[method-assign]
    app.mount(session)
    async with roof(app) as here:
        assert await names(await here.client()) == ["lookup", "fine"]


async def test_long_lists_come_whole_and_in_order(site: Put) -> None:
    inner = make_app("Many")
    for number in range(250):
        inner.tool(name=f"t{number}")(weather)
    app = make_app("Roof")
    app.mount(site(inner).session(), prefix="m")
    async with roof(app) as here:
        assert await names(await here.client()) == [f"m.t{number}" for number in range(250)]


async def test_templates_of_other_levels_and_unlisted_resources_can_be_read(site: Put) -> None:
    inner = weather()
    app = make_app("Roof")
    session = site(inner).session()
    whole = session.list_resource_templates

    async def further(*args: Any, **kwargs: Any) -> Any:
        answer = await whole(*args, **kwargs)
        answer["resourceTemplates"] = [{"uriTemplate": "docs://pa{?q*}", "name": "odd"}]
        return answer

    session.list_resource_templates = further  # type: ignore[method-assign]
    app.mount(session)
    async with roof(app) as here:
        client = await here.client()
        [template] = (await client.list_resource_templates())["resourceTemplates"]
        assert template["uriTemplate"] == "docs://pa{?q*}"
        read = await client.read_resource("docs://page/5")
        assert read["contents"][0]["text"] == "page 5"
        with pytest.raises(RemoteError, match="not_found"):
            await client.read_resource("docs://nothing")
