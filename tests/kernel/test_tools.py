"""Tools: how handlers are called, what they may return, how they fail."""

from __future__ import annotations

import functools
import threading
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.from_thread
import pytest
from harness import connected, make_app
from zcp_kernel.config import ServerSection, ToolExposureConfig, ToolsSection
from zcp_kernel.context import Context
from zcp_kernel.errors import NotFound, RegistrationError, RemoteError, ToolError
from zcp_kernel.model import CallResult, ImageContent, TextContent
from zcp_kernel.security import Principal

pytestmark = pytest.mark.anyio

ADD = {
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}
PNG = b"\x89PNG\r\n\x1a\n0000"
WAV = b"RIFF\0\0\0\0WAVEfmt "


@dataclass
class Point:
    x: int
    y: int


RETURNS: list[tuple[Any, Any, Any]] = [
    ({"a": 1}, {"a": 1}, []),
    ([1, 2], [1, 2], []),
    (3, 3, []),
    (2.5, 2.5, []),
    (True, True, []),
    (10**30, 10**30, []),
    (Point(1, 2), {"x": 1, "y": 2}, []),
    ([Point(1, 2)], [{"x": 1, "y": 2}], []),
    ("hello", None, [{"type": "text", "text": "hello"}]),
    (None, None, []),
    (TextContent("t"), None, [{"type": "text", "text": "t"}]),
    ([TextContent("t"), "u"], None, [{"type": "text", "text": w} for w in "tu"]),
    (
        ImageContent("eA==", "image/png"),
        None,
        [{"type": "image", "data": "eA==", "mimeType": "image/png"}],
    ),
    (PNG, None, [{"type": "image", "data": "iVBORw0KGgowMDAw", "mimeType": "image/png"}]),
    (WAV, None, [{"type": "audio", "data": "UklGRgAAAABXQVZFZm10IA==", "mimeType": "audio/wav"}]),
    ([b"ID3"], None, [{"type": "audio", "data": "SUQz", "mimeType": "audio/mpeg"}]),
    (CallResult([TextContent("t")], is_error=True), None, [{"type": "text", "text": "t"}]),
]


@pytest.mark.parametrize(("value", "structured", "content"), RETURNS, ids=lambda v: repr(v)[:30])
async def test_what_a_handler_returns(value: Any, structured: Any, content: Any) -> None:
    app = make_app()

    @app.tool(name="give", input_schema={"type": "object"})
    async def give() -> Any:
        return value

    async with connected(app) as client:
        result = await client.call_tool("give", {})
    assert result.get("structuredContent") == structured
    assert result["content"] == content
    assert result["isError"] is isinstance(value, CallResult)


async def test_bytes_of_no_known_kind_are_an_embedded_resource() -> None:
    app = make_app()

    @app.tool(name="give", input_schema={"type": "object"})
    async def give() -> bytes:
        return b"\x00\x01"

    async with connected(app) as client:
        (block,) = (await client.call_tool("give", {}))["content"]
    assert block["type"] == "resource"
    assert block["resource"]["blob"] == "AAE="


@pytest.mark.parametrize("value", [float("nan"), {"x": float("inf")}, object(), "\ud800"])
async def test_what_json_cannot_say_is_an_error_and_the_session_lives(value: Any) -> None:
    app = make_app()

    @app.tool(name="give", input_schema={"type": "object"})
    async def give() -> Any:
        return value

    async with connected(app) as client:
        try:
            failed = (await client.call_tool("give", {}))["isError"]
        except RemoteError:
            failed = True
        assert failed
        assert await client.ping() == {"ok": True}


async def test_sync_handlers_run_off_the_loop_at_the_same_time() -> None:
    app = make_app()
    both_inside = threading.Barrier(2, timeout=10)

    @app.tool(name="meet", input_schema={"type": "object"})
    def meet() -> dict[str, bool]:
        both_inside.wait()
        return {"main": threading.current_thread() is threading.main_thread()}

    async with connected(app) as client:
        results: list[Any] = []

        async def one() -> None:
            results.append(await client.call_tool("meet", {}))

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            group.start_soon(one)
    assert [each["structuredContent"] for each in results] == [{"main": False}] * 2


async def test_serial_handlers_never_meet() -> None:
    app = make_app()
    inside: list[int] = []
    most: list[int] = []

    @app.tool(name="alone", input_schema={"type": "object"}, threads="serial")
    def alone(ctx: Any = None) -> int:
        inside.append(1)
        most.append(len(inside))
        ctx.log("info", "here")
        inside.pop()
        return 1

    async with connected(app) as client, anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(client.call_tool, "alone", {})
    assert most == [1] * 8


async def test_blocking_false_runs_on_the_loop() -> None:
    app = make_app()
    main = threading.get_ident()

    @app.tool(name="where", input_schema={"type": "object"}, blocking=False)
    def where() -> bool:
        return threading.get_ident() == main

    async with connected(app) as client:
        assert (await client.call_tool("where", {}))["structuredContent"] is True


async def test_callables_of_every_kind_are_handlers() -> None:
    app = make_app()

    class Adder:
        def __init__(self, base: int) -> None:
            self.base = base

        async def __call__(self, a: int, b: int) -> int:
            return self.base + a + b

        def method(self, a: int, b: int) -> int:
            return self.base * (a + b)

    async def scaled(a: int, b: int, *, by: int = 1) -> int:
        return (a + b) * by

    app.tool(name="object", input_schema=ADD)(Adder(100))
    app.tool(name="method", input_schema=ADD)(Adder(2).method)
    app.tool(name="partial", input_schema=ADD)(functools.partial(scaled, by=3))
    async with connected(app) as client:
        for name, expected in (("object", 103), ("method", 6), ("partial", 9)):
            result = await client.call_tool(name, {"a": 1, "b": 2})
            assert result["structuredContent"] == expected, name


async def test_ctx_is_injected_by_name_and_by_annotation() -> None:
    app = make_app()

    @app.tool(name="by_name", input_schema={"type": "object"})
    async def by_name(ctx: Any) -> Any:
        return ctx.operation

    @app.tool(name="by_type", input_schema={"type": "object"})
    async def by_type(where: Context | None = None) -> Any:
        assert where is not None
        return where.operation

    @app.tool(
        name="own", input_schema={"type": "object", "properties": {"task": {"type": "string"}}}
    )
    async def own(task: str = "") -> str:
        return f"mine: {task}"

    async with connected(app) as client:
        for name in ("by_name", "by_type"):
            assert (await client.call_tool(name, {}))["content"][0]["text"] == "tools/call"
        result = await client.call_tool("own", {"task": "wash"})
        assert result["content"][0]["text"] == "mine: wash"


async def test_a_handlers_exception_is_a_tool_error_with_its_message() -> None:
    app = make_app()

    @app.tool(name="broken", input_schema={"type": "object"})
    async def broken() -> None:
        raise LookupError("no such city")

    @app.tool(name="refused", input_schema={"type": "object"})
    def refused() -> None:
        raise ToolError("too far away")

    @app.tool(name="exits", input_schema={"type": "object"})
    async def exits() -> None:
        raise SystemExit(3)

    async with connected(app) as client:
        result = await client.call_tool("broken", {})
        assert result["isError"]
        assert result["content"] == [{"type": "text", "text": "no such city"}]
        assert (await client.call_tool("refused", {}))["content"][0]["text"] == "too far away"
        assert (await client.call_tool("exits", {}))["isError"]
        assert await client.ping() == {"ok": True}


async def test_masked_errors_name_an_incident_only() -> None:
    app = make_app()

    @app.tool(name="broken", input_schema={"type": "object"})
    async def broken() -> None:
        raise LookupError("secret path")

    async with connected(app, sections={"server": ServerSection(mask_errors=True)}) as client:
        result = await client.call_tool("broken", {})
    assert result["isError"]
    assert "secret" not in str(result)


async def test_a_protocol_error_of_a_handler_stays_one() -> None:
    app = make_app()

    @app.tool(name="lost", input_schema={"type": "object"})
    async def lost() -> None:
        raise NotFound("city", "atlantis")

    async with connected(app) as client:
        with pytest.raises(RemoteError, match="not_found:atlantis"):
            await client.call_tool("lost", {})


async def test_arguments_are_checked_and_every_fault_named() -> None:
    app = make_app()
    ran: list[Any] = []

    @app.tool(name="add", input_schema=ADD)
    async def add(a: int, b: int) -> int:
        ran.append((a, b))
        return a + b

    async with connected(app) as client:
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("add", {"a": "x", "c": 1})
        faults = {(each["path"], each["code"]) for each in caught.value.data["errors"]}
        assert faults == {("a", "type"), ("b", "required"), ("c", "additionalProperties")}
        assert (await client.call_tool("add", {"a": "2", "b": 3}))["structuredContent"] == 5
    assert ran == [(2, 3)]


async def test_lenient_coercion_can_be_switched_off() -> None:
    app = make_app()

    @app.tool(name="add", input_schema=ADD)
    async def add(a: int, b: int) -> int:
        return a + b

    strict = {"tools": ToolsSection(validate_lenient=False)}
    async with connected(app, sections=strict) as client:
        with pytest.raises(RemoteError, match="invalid"):
            await client.call_tool("add", {"a": "2", "b": 3})


async def test_output_is_checked() -> None:
    app = make_app()

    @app.tool(
        name="typed",
        input_schema={"type": "object", "properties": {"good": {"type": "boolean"}}},
        output_schema={
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
        },
    )
    async def typed(good: bool = True) -> Any:
        return {"n": 1 if good else "one"}

    async with connected(app) as client:
        assert (await client.call_tool("typed", {}))["structuredContent"] == {"n": 1}
        bad = await client.call_tool("typed", {"good": False})
        assert bad["isError"]
        assert "output" in bad["content"][0]["text"]


async def test_a_tools_timeout_answers_at_once_sync_and_async() -> None:
    app = make_app()
    release = threading.Event()

    @app.tool(name="slow", input_schema={"type": "object"}, timeout=0.05)
    async def slow() -> None:
        await anyio.sleep_forever()

    @app.tool(name="stuck", input_schema={"type": "object"}, timeout=0.05)
    def stuck() -> None:
        release.wait(20)

    @app.tool(name="own", input_schema={"type": "object"}, timeout=5)
    async def own() -> None:
        raise TimeoutError("upstream said so")

    try:
        async with connected(app) as client:
            for name in ("slow", "stuck"):
                result = await client.call_tool(name, {})
                assert result["isError"]
                assert "did not finish within 0.05 s" in result["content"][0]["text"]
            result = await client.call_tool("own", {})
            assert result["content"][0]["text"] == "upstream said so"
    finally:
        release.set()


async def test_stray_threads_are_capped() -> None:
    app = make_app()
    release = threading.Event()
    both_inside, both_abandoned = anyio.Event(), anyio.Event()
    inside: list[int] = []
    abandoned: list[int] = []

    def entered() -> None:
        inside.append(1)
        if len(inside) == 2:
            both_inside.set()

    def left() -> None:
        abandoned.append(1)
        if len(abandoned) == 2:
            both_abandoned.set()

    @app.tool(name="stuck", input_schema={"type": "object"})
    def stuck(ctx: Any) -> None:
        anyio.from_thread.run_sync(entered)
        try:
            while not release.wait(0.001):
                ctx.check_cancelled()
        finally:
            anyio.from_thread.run_sync(left)
            release.wait(20)

    try:
        async with connected(app, sections={"tools": ToolsSection(max_threads=2)}) as client:
            async with anyio.create_task_group() as group:
                group.start_soon(client.call_tool, "stuck", {})
                group.start_soon(client.call_tool, "stuck", {})
                await both_inside.wait()
                group.cancel_scope.cancel()
            await both_abandoned.wait()
            assert await client.ping() == {"ok": True}
            result = await client.call_tool("stuck", {})
    finally:
        release.set()
    assert result["isError"]
    assert "overloaded" in result["content"][0]["text"]


async def test_cancelling_really_cancels_and_the_session_goes_on() -> None:
    app = make_app()
    started, stopped = anyio.Event(), anyio.Event()

    @app.tool(name="slow", input_schema={"type": "object"})
    async def slow() -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    async with connected(app) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "slow", {})
            await started.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(5):
            await stopped.wait()
        assert await client.ping() == {"ok": True}


async def test_scopes_are_enforced() -> None:
    app = make_app()

    @app.tool(name="admin", input_schema={"type": "object"}, required_scopes=("a", "b", "c"))
    async def admin() -> int:
        return 1

    reader = Principal(subject="r", scopes=frozenset({"b"}), kind="token")
    async with connected(app, principal=reader) as client:
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:a,c"):
            await client.call_tool("admin", {})
        assert len((await client.list_tools())["tools"]) == 1
    hidden = {"exposure": ToolExposureConfig(show_forbidden=False)}
    async with connected(app, principal=reader, sections=hidden) as client:
        assert (await client.list_tools())["tools"] == []


async def test_unknown_tool() -> None:
    async with connected(make_app()) as client:
        with pytest.raises(RemoteError, match="not_found:nope"):
            await client.call_tool("nope", {})


async def test_ten_thousand_tools_page_and_call() -> None:
    app = make_app()

    async def one(a: int, b: int) -> int:
        return a + b

    for index in range(10_000):
        app.tool(name=f"t{index}", description="d", input_schema=ADD)(one)
    async with connected(app) as client:
        first = await client.list_tools(cursor=None)
        names = [tool["name"] for tool in first["tools"]]
        assert names == [f"t{index}" for index in range(10_000)]
        result = await client.call_tool("t9999", {"a": 1, "b": 2})
        assert result["structuredContent"] == 3
        with pytest.raises(RemoteError, match="invalid:cursor"):
            await client.list_tools(cursor="")


def test_duplicate_names_are_refused_with_the_place() -> None:
    app = make_app()
    app.tool(name="same", input_schema=ADD)(lambda a, b: a)
    with pytest.raises(RegistrationError, match=r"tool 'same' .*test_tools\.py:\d+"):
        app.tool(name="same", input_schema=ADD)(lambda a, b: b)
    app.task("same")(lambda payload: payload)


def test_parameters_that_cannot_match_the_schema_are_refused() -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"test_tools\.py:\d+.*city"):
        app.tool(name="x", input_schema=ADD)(lambda a, b, city: a)
    with pytest.raises(RegistrationError, match="output_mode"):
        app.tool(name="y", input_schema=ADD, output_mode="sideways")(  # type: ignore[call-overload]
            lambda a, b: a
        )
