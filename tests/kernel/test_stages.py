"""Stages: where they stand around operations, and in which order."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations
from typing import Any

import pytest
from harness import connected, make_app
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel._core.stages import ordered
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Handler, Stage
from zcp_kernel.errors import InvalidParams, PluginError, RemoteError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.model import CallRequest, CallResult, TextContent

ANY = {"type": "object"}


async def passing(params: Any, ctx: Any, proceed: Handler) -> Any:
    return await proceed(params, ctx)


def stage(name: str, **more: Any) -> Stage:
    return Stage(name, passing, **more)


def names(stages: Iterable[Stage]) -> list[str]:
    return [each.name for each in stages]


def test_phases_come_first_observers_outermost() -> None:
    three = [stage("s", phase="shape"), stage("g", phase="guard"), stage("o", phase="observe")]
    for order in permutations(three):
        assert names(ordered(order)) == ["o", "g", "s"]


def test_within_a_phase_before_and_after_hold_whatever_the_order_of_plugins() -> None:
    three = [stage("a", after=("b",)), stage("b"), stage("c", before=("b",))]
    for order in permutations(three):
        assert names(ordered(order)) == ["c", "b", "a"]


def test_without_wishes_the_order_of_plugins_stays() -> None:
    assert names(ordered([stage("b"), stage("c"), stage("a")])) == ["b", "c", "a"]


def test_who_is_not_there_is_waited_for_by_nobody() -> None:
    assert names(ordered([stage("a", after=("ghost",)), stage("b", before=("ghost",))])) == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    "circle",
    [
        [stage("a", before=("b",)), stage("b", before=("a",))],
        [stage("a", after=("b",)), stage("b", after=("c",)), stage("c", after=("a",))],
    ],
)
def test_a_circle_is_an_error_that_names_its_members(circle: list[Stage]) -> None:
    listed = ", ".join(names(circle))
    with pytest.raises(PluginError, match=f"stages {listed} each want .*: a circle"):
        ordered([stage("free"), *circle])


@given(st.data())
def test_every_wish_that_can_be_kept_is_kept(data: st.DataObject) -> None:
    letters = "abcdef"
    stages = [
        stage(
            name,
            phase=data.draw(st.sampled_from(["observe", "guard", "shape"])),
            before=tuple(data.draw(st.sets(st.sampled_from(letters[index + 1 :]))))
            if letters[index + 1 :]
            else (),
        )
        for index, name in enumerate(letters)
    ]
    place = names(ordered(data.draw(st.permutations(stages))))
    phases = {each.name: each.phase for each in stages}
    for each in stages:
        for later in each.before:
            if phases[later] == each.phase:
                assert place.index(each.name) < place.index(later)


# -- at work ---------------------------------------------------------------------------------------


class Staging:
    """A plugin with the stages it is given."""

    name = "staging"

    def __init__(self, *stages: Stage) -> None:
        self.stages = stages

    @hookimpl
    def zcp_stages(self, config: ServerConfig) -> tuple[Stage, ...]:
        return self.stages


def noting(lines: list[str], name: str, **more: Any) -> Stage:
    async def run(params: Any, ctx: Any, proceed: Handler) -> Any:
        lines.append(f"{name} in {ctx.operation}")
        try:
            return await proceed(params, ctx)
        finally:
            lines.append(f"{name} out")

    return Stage(name, run, **more)


@pytest.mark.anyio
async def test_stages_surround_the_operations_they_name() -> None:
    lines: list[str] = []
    app = make_app(
        plugins=[
            Staging(
                noting(lines, "inner", operations=("tools/call",), phase="shape"),
                noting(lines, "outer", phase="observe"),
                noting(lines, "never", operations=("prompts/get",)),
            )
        ]
    )
    app.tool(name="x", input_schema=ANY)(lambda: lines.append("body"))
    async with connected(app) as client:
        await client.call_tool("x", {})
        assert lines == [
            "outer in tools/call",
            "inner in tools/call",
            "body",
            "inner out",
            "outer out",
        ]
        lines.clear()
        await client.ping()
        assert lines == ["outer in ping", "outer out"]


@pytest.mark.anyio
async def test_a_stage_may_refuse_change_and_replace() -> None:
    async def guard(params: CallRequest, ctx: Any, proceed: Handler) -> Any:
        if params.name == "refused":
            raise InvalidParams("invalid: not on Sundays")
        if params.name == "answered":
            return CallResult([TextContent("by the stage")])
        result = await proceed(CallRequest("x", {"n": 2}), ctx)
        result.structured_content["seen"] = True
        result.encoded = None
        return result

    app = make_app(plugins=[Staging(Stage("guard", guard, operations=("tools/call",)))])

    @app.tool(name="x", input_schema={**ANY, "properties": {"n": {"type": "integer"}}})
    async def tool(n: int = 1) -> Any:
        return {"n": n}

    async with connected(app) as client:
        with pytest.raises(RemoteError, match="not on Sundays"):
            await client.call_tool("refused", {})
        answered = await client.call_tool("answered", {})
        assert answered["content"][0]["text"] == "by the stage"
        changed = await client.call_tool("x", {"n": 1})
        assert changed["structuredContent"] == {"n": 2, "seen": True}


@pytest.mark.anyio
async def test_an_operation_no_stage_names_is_its_bare_handler() -> None:
    kernel = make_app(plugins=[Staging(stage("s", operations=("ping",)))]).compose(ServerConfig())
    routes = kernel.routes(kernel.dialects["echo"].revision())
    operations = kernel.operations
    assert routes["tools/call"].handler is operations["tools/call"].handler
    assert routes["ping"].handler is not operations["ping"].handler
