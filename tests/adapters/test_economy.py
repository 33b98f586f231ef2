"""Large results stay out of the context; thousands of tools behind three."""

from __future__ import annotations

import json
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client_group import ZCPSessionGroup
from zcp_kernel.connecting import connect
from zcp_profiles.adapters import AgentLoop, Limits

from .models import LEFTOVERS, Model
from .office import office
from .stub_api import stub_api
from .stub_shapes import Say, call

pytestmark = [pytest.mark.anyio, LEFTOVERS]


def handle_in(model: Model, request: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(model.outputs(request)[-1])
    return told


@pytest.mark.parametrize("plane", ["native", "mcp"])
async def test_a_large_result_is_a_handle_the_model_can_open_and_pass_on(
    model: Model, plane: str
) -> None:
    here = office()
    seen: list[dict[str, Any]] = []

    def read(request: dict[str, Any]) -> Say:
        seen.append(handle_in(model, request))
        arguments = {"handle": seen[0]["$handle"], "offset": 498, "limit": 5}
        if model.path != "/v1/messages":
            arguments |= {"pointer": None, "fields": None}
        return call("read_handle", arguments, id="c2")

    def pass_on(request: dict[str, Any]) -> Say:
        seen.append(handle_in(model, request))
        return call("rows_sum", {"rows": {"$handle": seen[0]["$handle"], "pointer": None}}, id="c3")

    script = [call("rows_list", {"count": 500}, id="c1"), read, pass_on, Say("done")]
    with stub_api(*script) as api:
        async with (
            connect(here.app, prefer=[plane]) as session,
            model.adapter(session, api) as adapter,
        ):
            await model.run(adapter, "Sum the rows.")
    assert api.refused == []
    handle, page = seen
    assert handle["count"] == 500
    assert len(model.outputs(api.requests[1])[0]) < 600
    assert page["value"] == [{"id": n, "name": f"row {n}"} for n in (498, 499)]
    assert here.calls[-1] == ("rows.sum", {"count": 500})
    assert json.loads(model.outputs(api.requests[3])[-1]) == {"sum": 124750, "count": 500}


async def test_references_nobody_can_resolve_run_nothing(model: Model) -> None:
    here = office()
    gone = {"rows": {"$handle": "nobody-knows", "pointer": None}}
    with stub_api(call("rows_sum", gone), Say("sorry")) as api:
        async with (
            connect(here.app, prefer=["mcp"]) as session,
            model.adapter(session, api) as adapter,
        ):
            await model.run(adapter, "go")
    assert model.outputs(api.requests[1]) == ["error: not_found:nobody-knows"]
    assert here.calls == []


async def test_a_small_argument_takes_no_handle_and_limits_switch_them_off(model: Model) -> None:
    for limits, expected in ((Limits(), True), (Limits(inline_bytes=None), False)):
        with stub_api(Say("hi")) as api:
            async with model.adapter(office().app, api, limits=limits) as adapter:
                await model.run(adapter, "go")
        tools = model.tools(api.requests[0])
        takes_handle = "$handle" in json.dumps(tools["rows_sum"]["schema"])
        assert takes_handle is expected
        assert "$handle" not in json.dumps(tools["slow"]["schema"])


async def test_the_reader_is_there_once_there_is_something_to_read(model: Model) -> None:
    script = [
        call("rows_list", {"count": 1}, id="c1"),
        call("rows_list", {"count": 500}, id="c2"),
        Say("done"),
        Say("going on"),
        Say("anew"),
    ]
    with stub_api(*script) as api:
        async with model.adapter(office().app, api) as adapter:
            result, _ = await model.run(AgentLoop(adapter), "go")
            await model.run(AgentLoop(adapter, history=result.history), "go on")
            await model.run(AgentLoop(adapter), "begin anew")
    offered = ["read_handle" in model.tools(request) for request in api.requests]
    assert offered == [False, False, True, True, False]


async def test_servers_of_a_group_are_told_apart_and_their_handles_opened(model: Model) -> None:
    here, there = office(), office()
    script = [
        Say("hi"),
        call("docs_rows_list", {"count": 600}, id="c1"),
        lambda request: call(
            "files_rows_sum",
            {"rows": {"$handle": handle_in(model, request)["$handle"], "pointer": None}},
            id="c2",
        ),
        Say("done"),
    ]
    with stub_api(*script) as api:
        async with connect(here.app) as one, connect(there.app) as other:
            group = ZCPSessionGroup([one, other], ["files", "docs"])
            async with model.adapter(group, api) as adapter:
                loop = AgentLoop(adapter)
                await model.run(loop, "hello")
                assert {"files_rows_sum", "docs_rows_list"} <= set(model.tools(api.requests[0]))
                await model.run(loop, "go")
    assert there.calls == [("rows.list", {"count": 600})]
    assert here.calls == [("rows.sum", {"count": 600})]


async def list_of_rows(count: int = 3000) -> list[dict[str, Any]]:
    return [{"id": number, "name": "x" * 40} for number in range(count)]


async def test_a_handle_of_a_groups_server_comes_whole(model: Model) -> None:
    there = office()
    there.app.tool(name="big.list", output_mode="handle")(list_of_rows)

    def last_page(request: dict[str, Any]) -> Say:
        handle = handle_in(model, request)["$handle"]
        arguments = {"handle": handle, "pointer": "/2999/id"}
        if model.path != "/v1/messages":
            arguments |= {"offset": None, "limit": None, "fields": None}
        return call("read_handle", arguments, id="c2")

    with stub_api(call("big_list", {"count": 3000}, id="c1"), last_page, Say("done")) as api:
        async with connect(there.app) as one:
            group = ZCPSessionGroup([one], ["docs"])
            async with model.adapter(group, api) as adapter:
                await model.run(adapter, "go")
    assert handle_in(model, api.requests[1])["count"] == 3000
    assert handle_in(model, api.requests[2]) == {"value": 2999}


async def test_a_value_wrapped_by_an_mcp_server_is_unwrapped(model: Model) -> None:
    app = FastZCP("Wrapping")
    wrapping = {"type": "object", "properties": {"result": {"type": "array"}}}

    @app.tool(name="wrapped", output_schema=wrapping, output_mode="scalar")
    async def wrapped() -> dict[str, Any]:
        return {"result": [1, 2]}

    for plane, expected in (("mcp", "[1,2]"), ("native", '{"result":[1,2]}')):
        with stub_api(call("wrapped"), Say("ok")) as api:
            async with (
                connect(app, prefer=[plane]) as session,
                model.adapter(session, api) as adapter,
            ):
                await model.run(adapter, "go")
        assert model.outputs(api.requests[1]) == [expected]


async def test_tools_are_compiled_once_until_they_change(model: Model) -> None:
    here = office()
    with stub_api(Say("one"), Say("two"), Say("three")) as api:
        async with model.adapter(here.app, api) as adapter:
            await adapter.run("go")
            first, _ = await adapter.toolbox()
            await adapter.run("go")
            assert (await adapter.toolbox())[0] is first
            here.app.tool(name="late")(list_of_rows)
            await adapter.run("go")
    assert "late" not in model.tools(api.requests[1])
    assert "late" in model.tools(api.requests[2])


async def test_the_adapters_own_tools_check_their_arguments(model: Model) -> None:
    script = [call("read_handle", {"offset": -1}, id="c1"), Say("sorry")]
    with stub_api(*script) as api:
        async with model.adapter(office().app, api) as adapter:
            await model.run(adapter, "go")
    (told,) = model.outputs(api.requests[1])
    assert told.startswith("error: the arguments do not fit")
    assert "handle" in told
    assert "offset" in told


def many_tools(count: int) -> FastZCP:
    app = FastZCP("Many")

    def add(number: int) -> None:
        @app.tool(name=f"store{number}.find", description=f"Find parts in store {number}.")
        async def find(part: str, most: int = 3) -> dict[str, Any]:
            return {"store": number, "part": part, "most": most}

    for number in range(count):
        add(number)

    @app.tool(
        name="invoice.cancel",
        description="Cancel an invoice by its number.",
        annotations={"destructiveHint": True},
    )
    async def cancel(number: int) -> str:
        return f"cancelled {number}"

    return app


async def test_discovery_shows_three_tools_for_any_number(model: Model) -> None:
    app = many_tools(300)
    script = [
        call("search_tools", {"query": "cancel an invoice", "limit": 2}, id="c1"),
        call("describe_tools", {"names": ["invoice.cancel"]}, id="c2"),
        call("call_tool", {"name": "invoice.cancel", "arguments": '{"number": 7}'}, id="c3"),
        Say("done"),
    ]
    with stub_api(*script) as api:
        async with model.adapter(app, api, needs_approval=()) as adapter:
            result, _ = await model.run(AgentLoop(adapter, discovery=True), "Cancel invoice 7")
    assert api.refused == []
    assert set(model.tools(api.requests[0])) == {
        "search_tools", "describe_tools", "call_tool"
    }  # fmt: skip
    found, described, done = model.outputs(api.requests[3])
    assert found.startswith("invoice.cancel(number:int)")
    assert '"number"' in described
    assert done == "cancelled 7"
    assert result.text == "done"
    assert len(json.dumps(api.requests[3])) < 8000


async def test_discovery_gates_the_tool_that_is_meant(model: Model) -> None:
    app = many_tools(1)
    wanted = call("call_tool", {"name": "invoice.cancel", "arguments": '{"number": 7}'})
    with stub_api(wanted, Say("ok")) as api:
        async with model.adapter(app, api) as adapter:
            waiting = await adapter.run_with_discovery("Cancel invoice 7")
            assert (waiting.status, waiting.pending) == ("approval", ("call_1",))
            assert waiting.calls[0].name == "invoice.cancel"
            result = await adapter.resume(waiting, {"call_1": True})
    assert result.text == "ok"
    assert model.outputs(api.requests[1]) == ["cancelled 7"]


async def test_a_tool_outside_the_view_is_not_found_and_nothing_runs(model: Model) -> None:
    here = office()
    script = [
        call("call_tool", {"name": "files.delet", "arguments": "{}"}, id="c1"),
        call("call_tool", {"name": "weather.get", "arguments": "{]"}, id="c2"),
        call("files_delete", {"path": "/x"}, id="c3"),
        Say("ok"),
    ]
    with stub_api(*script) as api:
        async with model.adapter(here.app, api) as adapter:
            await adapter.run_with_discovery("go")
    first, second, third = model.outputs(api.requests[3])
    assert first.startswith("error: not_found:files.delet; there is files.delete")
    assert second.startswith("error: arguments is not JSON")
    assert third.startswith("error: not_found:files_delete")
    assert here.calls == []


async def test_a_tool_the_server_hides_is_not_there_by_any_way(model: Model) -> None:
    here = office()
    here.app.default_tool_profile = "semantic-workflow"
    script = [
        call("rows_list", {"count": 1}, id="c1"),
        Say("no"),
        call("call_tool", {"name": "rows.list", "arguments": '{"count": 1}'}, id="c2"),
        Say("no"),
    ]
    with stub_api(*script) as api:
        async with model.adapter(here.app, api) as adapter:
            await model.run(adapter, "go")
            await adapter.run_with_discovery("go")
    for request in (api.requests[1], api.requests[3]):
        assert model.outputs(request)[0].startswith("error: not_found:rows")
    assert here.calls == []


@pytest.mark.parametrize("plane", ["native", "mcp"])
async def test_the_semantic_workflow_view(model: Model, plane: str) -> None:
    with stub_api(Say("hi")) as api:
        async with (
            connect(office().app, prefer=[plane]) as session,
            model.adapter(session, api, limits=Limits(inline_bytes=None)) as adapter,
        ):
            await adapter.run_with_semantic_workflow("go")
    assert list(model.tools(api.requests[0])) == ["weather_get"]


async def test_an_image_reaches_the_model_where_the_api_takes_it(model: Model) -> None:
    with stub_api(call("picture"), Say("a dot")) as api:
        async with model.adapter(office().app, api) as adapter:
            await model.run(adapter, "go")
    shown = json.dumps(api.requests[1])
    assert ("iVBORw0KGgo=" in shown) is (model.path != "/v1/chat/completions")
    assert "[image image/png]" in shown
