"""Several calls in a row: what runs, what is refused, what is told of a failure."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.codec import PLAIN
from zcp_kernel.config import ServerConfig
from zcp_kernel.context import Context
from zcp_kernel.contracts import Stage
from zcp_kernel.errors import RemoteError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.model import PipelineParams
from zcp_kernel.security import Principal
from zcp_profiles.native.section import NativeSection

from .talking import client_of, make_app, talking

pytestmark = pytest.mark.anyio

Ran = list[str]


def shop(ran: Ran, **options: Any) -> FastZCP:
    app = make_app(**options)

    @app.tool(meta={"groups": ["workflow"]})
    def rows(n: int = 3) -> list[dict[str, Any]]:
        ran.append("rows")
        return [{"id": i, "price": i * 10} for i in range(n)]

    @app.tool(meta={"groups": ["workflow"]})
    def total(items: list[Any], member: str = "price") -> int:
        ran.append("total")
        return sum(item[member] for item in items)

    @app.tool(meta={"groups": ["workflow"]})
    def say(text: str, value: Any = None) -> str:
        ran.append("say")
        return f"{text} {value}"

    @app.tool
    def secret() -> str:
        ran.append("secret")
        return "secret"

    @app.tool(required_scopes=("admin",), meta={"groups": ["workflow"]})
    def admin() -> list[int]:
        ran.append("admin")
        return list(range(5000))

    @app.tool(meta={"groups": ["workflow"]})
    async def asks(ctx: Context) -> str:
        ran.append("asks")
        answer = await ctx.elicit("Sure?", {"type": "object", "properties": {}})
        return str(answer.action)

    @app.tool(execution={"taskSupport": "required"}, meta={"groups": ["workflow"]})
    async def job() -> str:
        return "done"

    @app.tool(meta={"groups": ["workflow"]})
    async def sleepy() -> str:
        ran.append("sleepy")
        await anyio.sleep(60)
        return "awake"

    return app


def step(name: str, tool: str, /, **arguments: Any) -> dict[str, Any]:
    return {"id": name, "tool": tool, "arguments": arguments}


SUM = [step("a", "rows", n=4), step("b", "total", items={"$step": "a"})]


async def test_results_go_from_step_to_step() -> None:
    ran: Ran = []
    async with talking(shop(ran)) as client:
        answer = await client.run_pipeline(SUM)
        assert answer == {"content": [], "isError": False, "structuredContent": 60}
        said = [*SUM, step("c", "say", text="sum:", value={"$step": "b"})]
        assert (await client.run_pipeline(said))["content"] == [{"type": "text", "text": "sum: 60"}]
    assert ran == ["rows", "total", "rows", "total", "say"]


@pytest.mark.parametrize(
    ("returns", "value"),
    [
        ("a", [{"id": 0, "price": 0}, {"id": 1, "price": 10}]),
        ("b", 10),
        (["b"], {"b": 10}),
        (["b", "c"], {"b": 10, "c": "x 1"}),
        ([], {}),
        ({"$step": "a", "pointer": "/1/price"}, 10),
    ],
)
async def test_what_comes_back_is_chosen(returns: Any, value: Any) -> None:
    steps = [
        step("a", "rows", n=2),
        step("b", "total", items={"$step": "a"}),
        step("c", "say", text="x", value={"$step": "a", "pointer": "/1/id"}),
    ]
    async with talking(shop([])) as client:
        answer = await client.run_pipeline(steps, returns)
        assert answer["structuredContent"] == value


async def test_a_large_result_is_a_handle_and_handles_are_arguments() -> None:
    async with talking(shop([])) as client:
        answer = await client.run_pipeline([step("a", "rows", n=2000)])
        assert answer["handle"]["count"] == 2000
        again = await client.run_pipeline([step("a", "total", items={"$handle": "#S1"})])
        assert again["structuredContent"] == sum(10 * n for n in range(2000))
        # What only went from step to step was never kept.
        assert len((await client.list_handles())["handles"]) == 1


BAD: list[tuple[list[Any], Any, str]] = [
    ([], None, "must be 1 to 32 steps, not 0"),
    ([step(str(n), "rows") for n in range(33)], None, "must be 1 to 32 steps, not 33"),
    ([step("a", "rows"), step("a", "rows")], None, "is the id of an earlier step"),
    ([step("a", "total", items={"$step": "a"})], None, "a loop"),
    ([step("a", "total", items={"$step": "b"}), step("b", "rows")], None, "a loop"),
    ([step("a", "total", items=[[{"$step": "zz"}]])], None, "'zz' is no step"),
    ([step("a", "rows")], "b", "return: 'b' is no step"),
    ([step("a", "rows")], ["a", "b"], "return: 'b' is no step"),
    ([step("a", "rows")], {"$step": "b"}, "return: 'b' is no step"),
    ([step("a", "rows")], {"x": 1}, "return: a step's id"),
    ([step("", "rows")], None, "must have 1 to 64 characters"),
    ([step("a", "rows"), step("b", "nobody")], None, "not_found:nobody"),
    ([step("a", "rows"), step("b", "run_pipeline", steps=[])], None, "a pipeline within"),
    ([step("a", "rows"), step("b", "job")], None, "only runs as a task"),
    ([step("a", "rows"), step("b", "total", items={"$step": 3})], None, "must be a string"),
]


@pytest.mark.parametrize(("steps", "returns", "error"), BAD)
async def test_what_cannot_run_is_refused_before_anything_runs(
    steps: list[Any], returns: Any, error: str
) -> None:
    ran: Ran = []
    async with talking(shop(ran)) as client:
        with pytest.raises(RemoteError, match=error):
            await client.run_pipeline(steps, returns)
    assert ran == []


async def test_hidden_and_forbidden_tools_stay_so() -> None:
    ran: Ran = []
    app = shop(ran, default_tool_profile="semantic-workflow")
    somebody = Principal("s", frozenset({"other"}), "token")
    async with talking(app, principal=somebody) as client:
        with pytest.raises(RemoteError, match="not_found:secret"):
            await client.run_pipeline([step("a", "rows"), step("b", "secret")])
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:admin"):
            await client.run_pipeline([step("a", "rows"), step("b", "admin")])
    assert ran == []


async def test_a_failure_is_told_step_by_step_and_nothing_done_is_lost() -> None:
    ran: Ran = []
    steps = [*SUM, step("c", "total", items={"$step": "a"}, member="nope"), step("d", "rows")]
    async with talking(shop(ran)) as client:
        answer = await client.run_pipeline(steps)
        assert answer["isError"] is True
        assert answer["content"][0]["text"] == "step c (total) failed: 'nope'"
        told = {each["id"]: each for each in answer["steps"]}
        assert [told[name]["status"] for name in "abcd"] == ["done", "done", "failed", "skipped"]
        assert told["c"]["error"]["message"] == "'nope'"
        page = await client.read_handle(told["a"]["handle"]["id"])
        assert len(page["value"]) == 4
    assert ran == ["rows", "total", "total"]


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (step("b", "total", items={"$step": "a", "pointer": "/9"}), "not_found:/9"),
        (step("b", "total", items={"$step": "a", "pointer": "x"}), "invalid: pointer"),
        (step("b", "total", items="text"), "items: expected array"),
        (step("b", "total", items={"$handle": "gone"}), "not_found:gone"),
    ],
)
async def test_a_step_that_cannot_be_called_fails_alone(bad: Any, message: str) -> None:
    ran: Ran = []
    async with talking(shop(ran)) as client:
        answer = await client.run_pipeline([step("a", "rows"), bad])
        assert message in answer["steps"][1]["error"]["message"]
    assert ran == ["rows"]


async def test_what_is_to_be_returned_may_not_be_there() -> None:
    async with talking(shop([])) as client:
        answer = await client.run_pipeline(SUM, {"$step": "a", "pointer": "/99"})
        assert answer["isError"] is True
        assert "every step was done" in answer["content"][0]["text"]
        assert {each["status"] for each in answer["steps"]} == {"done"}


async def test_time_is_bounded_for_all_steps_together() -> None:
    sections: dict[str, object] = {"native": NativeSection(pipeline_timeout=0.1)}
    async with talking(shop([]), sections=sections) as client:
        answer = await client.run_pipeline([step("a", "rows"), step("b", "sleepy")])
        assert "deadline" in answer["steps"][1]["error"]["message"]


async def test_bytes_are_bounded_for_all_steps_together() -> None:
    sections: dict[str, object] = {"native": NativeSection(pipeline_bytes=1000)}
    many = [step(str(n), "rows", n=20) for n in range(5)]
    async with talking(shop([]), sections=sections) as client:
        answer = await client.run_pipeline(many)
        assert "too large together" in answer["content"][0]["text"]
        again = [step("a", "rows", n=10), step("b", "say", text="x", value=[{"$step": "a"}] * 20)]
        assert "too large together" in (await client.run_pipeline(again))["content"][0]["text"]


async def test_cancelling_stops_the_step() -> None:
    ran: Ran = []
    async with talking(shop(ran)) as client:
        with anyio.move_on_after(0.3) as scope:
            await client.run_pipeline([step("a", "sleepy"), step("b", "rows")])
        assert scope.cancelled_caught
        await client.ping()
    assert ran == ["sleepy"]


async def test_steps_may_ask_where_asking_is_a_request() -> None:
    def accept(request: Any) -> dict[str, str]:
        return {"action": "accept"}

    async with talking(shop([]), elicitation_handler=accept) as client:
        answer = await client.run_pipeline([step("a", "asks")])
        assert answer["content"][0]["text"] == "accept"


class Watch:
    name = "watch"

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def zcp_stages(self) -> list[Stage]:
        async def note(params: Any, ctx: Any, proceed: Any) -> Any:
            self.seen.append(params.name)
            return await proceed(params, ctx)

        return [Stage("note", note, ("tools/call",))]


async def test_stages_stand_around_every_step() -> None:
    watch = Watch()
    async with talking(shop([], plugins=[watch])) as client:
        await client.run_pipeline(SUM)
    assert watch.seen == ["rows", "total"]


async def test_progress_is_that_of_the_pipeline() -> None:
    async with talking(shop([])) as client:
        seen: list[Any] = []
        await client.ask(
            "tools/pipeline",
            _params(SUM),
            progress=lambda notice: seen.append((notice["progress"], notice["total"])),
        )
        assert seen == [(1, 2), (2, 2)]


def _params(steps: list[Any]) -> Any:
    return PLAIN.decode(PipelineParams, {"steps": steps})


async def test_the_scopes_of_every_step_are_needed_to_read_the_result() -> None:
    app = shop([])
    kernel = app.compose(ServerConfig({}))
    admin = Principal("a", frozenset({"admin"}), "token")
    async with kernel.running(), client_of(kernel, principal=admin) as client:
        steps = [step("a", "admin"), step("b", "rows", n=2000)]
        handle = (await client.run_pipeline(steps))["handle"]["id"]
        session = next(iter(kernel.audience))
        session.principal = Principal("a", frozenset(), "token")  # type: ignore[attr-defined]
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:admin"):
            await client.read_handle(handle)


# -- as a tool -------------------------------------------------------------------------------------

TOOL: dict[str, object] = {"native": NativeSection(pipeline_tool=True)}


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_every_peer_may_have_it_as_a_tool(revision: str) -> None:
    async with talking(shop([]), revision, TOOL) as client:
        assert (await client.list_tools())["tools"][-1]["name"] == "run_pipeline"
        answer = await client.call_tool("run_pipeline", {"steps": SUM})
        said = answer.get("structuredContent") or answer["content"][0]["text"]
        assert str(said) == "60"
        failed = await client.call_tool(
            "run_pipeline", {"steps": [*SUM, step("c", "total", items=3)]}
        )
        assert failed["isError"] is True
        assert "step c (total) failed" in failed["content"][0]["text"]
        assert "b: done" in failed["content"][0]["text"]


async def test_it_is_not_there_unless_configured() -> None:
    async with talking(shop([])) as client:
        with pytest.raises(RemoteError, match="not_found:run_pipeline"):
            await client.call_tool("run_pipeline", {"steps": SUM})


async def test_no_way_round_leads_into_a_pipeline_within_a_pipeline() -> None:
    ran: Ran = []
    inner = {"name": "run_pipeline", "arguments": {"steps": [step("x", "rows", n=1)]}}
    async with talking(shop(ran), sections=TOOL) as client:
        answer = await client.run_pipeline([step("a", "call_tool", **inner)])
        assert "a pipeline within a pipeline" in answer["steps"][0]["error"]["message"]
        assert ran == []
        found = await client.call_tool("call_tool", inner)
        assert found["structuredContent"] == [{"id": 0, "price": 0}]
