"""What a handler says to its client while it runs, and asks it: async, in a thread, inline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.context import elicitation, roots, sampling
from zcp_kernel.errors import MissingCapability, RemoteError

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}
KINDS = ["async", "thread", "inline"]
Handler = Callable[..., Any]


def add(app: FastZCP, kind: str, quiet: Handler, loud: Handler) -> None:
    """One tool, "speak": `loud` is its async body, `quiet` the same for sync code."""
    if kind == "async":
        app.tool(name="speak", input_schema=ANY)(loud)
    else:
        app.tool(name="speak", input_schema=ANY, blocking=kind == "thread")(quiet)


# -- progress --------------------------------------------------------------------------------------


def counting(app: FastZCP, kind: str) -> None:
    async def loud(ctx: Any) -> str:
        for step in range(5):
            await ctx.report_progress(step, 5, f"step {step}")
        return "done"

    def quiet(ctx: Any) -> str:
        for step in range(5):
            ctx.report_progress(step, 5, f"step {step}")
        return "done"

    add(app, kind, quiet, loud)


@pytest.mark.parametrize("kind", KINDS)
async def test_progress_comes_in_order_and_before_the_result(kind: str) -> None:
    app = make_app()
    counting(app, kind)
    events: list[Any] = []
    async with connected(app) as client:
        result = await client.call_tool("speak", {}, progress=events.append)
        events.append(result["content"][0]["text"])
    *steps, last = events
    assert last == "done"
    assert [(each["progress"], each["total"], each["message"]) for each in steps] == [
        (step, 5, f"step {step}") for step in range(5)
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_who_asked_for_no_progress_gets_none(kind: str) -> None:
    app = make_app()
    counting(app, kind)
    heard: list[str] = []
    async with connected(
        app, notification_handler=lambda method, params: heard.append(method)
    ) as client:
        await client.call_tool("speak", {})
    assert heard == []


async def test_progress_of_calls_at_the_same_time_is_told_apart() -> None:
    app = make_app()

    @app.tool(
        name="count",
        input_schema={
            "type": "object",
            "properties": {"n": {"type": "integer"}},
            "required": ["n"],
        },
    )
    async def count(n: int, ctx: Any) -> None:
        for _ in range(3):
            await ctx.report_progress(n)
            await anyio.sleep(0)  # noqa: ASYNC115 - lets the other calls in between

    seen: dict[int, list[float]] = {1: [], 2: [], 3: []}
    async with connected(app) as client:

        async def call(number: int) -> None:
            def hear(notice: dict[str, Any]) -> None:
                seen[number].append(notice["progress"])

            await client.call_tool("count", {"n": number}, progress=hear)

        async with anyio.create_task_group() as group:
            for number in seen:
                group.start_soon(call, number)
    assert seen == {1: [1, 1, 1], 2: [2, 2, 2], 3: [3, 3, 3]}


# -- logging ---------------------------------------------------------------------------------------


def logging_app(kind: str) -> FastZCP:
    app = make_app()

    async def loud(ctx: Any) -> None:
        for level in ("debug", "info", "notice", "warning", "error", "emergency"):
            await ctx.log(level, f"a {level}")
        await ctx.log("error", "with", logger="db", rows=3)

    def quiet(ctx: Any) -> None:
        for level in ("debug", "info", "notice", "warning", "error", "emergency"):
            ctx.log(level, f"a {level}")
        ctx.log("error", "with", logger="db", rows=3)

    add(app, kind, quiet, loud)
    return app


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("level", "levels"),
    [
        (None, ["info", "notice", "warning", "error", "emergency", "error"]),
        ("debug", ["debug", "info", "notice", "warning", "error", "emergency", "error"]),
        ("error", ["error", "emergency", "error"]),
        ("emergency", ["emergency"]),
    ],
)
async def test_messages_below_the_clients_level_are_dropped(
    kind: str, level: Any, levels: list[str]
) -> None:
    heard: list[dict[str, Any]] = []
    async with connected(logging_app(kind), log_handler=heard.append) as client:
        if level is not None:
            await client.set_logging_level(level)
        await client.call_tool("speak", {})
    assert [each["level"] for each in heard] == levels
    if level == "error":
        assert heard[0]["data"] == "a error"
        assert heard[-1]["logger"] == "db"
        assert heard[-1]["data"] == {"message": "with", "rows": 3}


@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_words_twice_are_said_twice(kind: str) -> None:
    app = make_app()

    async def loud(ctx: Any) -> None:
        for _ in range(3):
            await ctx.log("info", "again")

    def quiet(ctx: Any) -> None:
        for _ in range(3):
            ctx.log("info", "again")

    add(app, kind, quiet, loud)
    heard: list[Any] = []
    async with connected(app, log_handler=heard.append) as client:
        await client.call_tool("speak", {})
    assert [each["data"] for each in heard] == ["again"] * 3


@pytest.mark.parametrize("kind", KINDS)
async def test_an_unknown_level_is_an_error(kind: str) -> None:
    app = make_app()

    async def loud(ctx: Any) -> None:
        await ctx.log("loud", "x")

    add(app, kind, lambda ctx: ctx.log("loud", "x"), loud)
    async with connected(app) as client:
        result = await client.call_tool("speak", {})
        assert result["isError"]
        assert "log level 'loud' is not one of debug, info" in result["content"][0]["text"]
        with pytest.raises(RemoteError, match="level must be one of debug, info"):
            await client.set_logging_level("loud")  # type: ignore[arg-type]


async def test_each_session_has_its_own_level() -> None:
    heard: list[str] = []
    app = logging_app("async")
    async with (
        connected(app) as quiet,
        connected(app, log_handler=lambda entry: heard.append(entry["level"])) as client,
    ):
        await quiet.set_logging_level("emergency")
        await client.call_tool("speak", {})
    assert len(heard) == 6


# -- asking ----------------------------------------------------------------------------------------

FORM = {"type": "object", "properties": {"city": {"type": "string"}}}


def asking_app(kind: str) -> FastZCP:
    app = make_app()

    async def loud(ctx: Any) -> Any:
        action, content = await ctx.elicit("Which city?", FORM)
        said = await ctx.create_message("Describe it", max_tokens=9, system_prompt="short")
        places = await ctx.list_roots()
        return [action, content, said.content.text, said.model, [r.uri for r in places.roots]]

    def quiet(ctx: Any) -> Any:
        action, content = ctx.elicit("Which city?", FORM)
        said = ctx.create_message("Describe it", max_tokens=9, system_prompt="short")
        places = ctx.list_roots()
        return [action, content, said.content.text, said.model, [r.uri for r in places.roots]]

    add(app, kind, quiet, loud)
    return app


class User:
    """Answers everything a server may ask, and keeps the questions."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def elicit(self, request: Any) -> Any:
        self.asked.append(request)
        return {"action": "accept", "content": {"city": "Oslo"}}

    async def sample(self, request: Any) -> Any:
        self.asked.append(request)
        return {"role": "assistant", "content": "A city."}

    def roots(self) -> Any:
        return [{"uri": "file:///home", "name": "home"}]

    def hooks(self) -> dict[str, Any]:
        return {
            "elicitation_handler": self.elicit,
            "sampling_handler": self.sample,
            "roots_provider": self.roots,
        }


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_handler_asks_the_user_the_model_and_the_roots(kind: str) -> None:
    user = User()
    async with connected(asking_app(kind), **user.hooks()) as client:
        result = await client.call_tool("speak", {})
    answer = ["accept", {"city": "Oslo"}, "A city.", "unknown", ["file:///home"]]
    assert result["structuredContent"] == answer
    elicited, sampled = user.asked
    assert elicited["message"] == "Which city?"
    assert elicited["requestedSchema"] == FORM
    assert (sampled["maxTokens"], sampled["systemPrompt"]) == (9, "short")


async def test_an_inline_handler_is_told_that_it_cannot_wait() -> None:
    async with connected(asking_app("inline"), **User().hooks()) as client:
        result = await client.call_tool("speak", {})
    assert result["isError"]
    assert "blocking=False cannot wait for the client" in result["content"][0]["text"]


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_client_without_the_hook_is_not_asked(kind: str) -> None:
    async with connected(asking_app(kind)) as client:
        with pytest.raises(RemoteError, match="missing:elicitation") as caught:
            await client.call_tool("speak", {})
    assert caught.value.code == MissingCapability.code
    assert caught.value.data == {"requiredCapabilities": {"elicitation": {}}}


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_several_questions_at_once(kind: str) -> None:
    app = make_app()
    both = anyio.Event()
    waiting: list[str] = []

    async def meet(who: str) -> None:
        waiting.append(who)
        if len(waiting) == 2:
            both.set()
        with anyio.fail_after(10):
            await both.wait()

    async def loud(ctx: Any) -> Any:
        answers = await ctx.ask(
            city=elicitation("City?", FORM), words=sampling("Hm?"), dirs=roots()
        )
        return [list(answers), answers["city"].content, answers["words"].content.text]

    def quiet(ctx: Any) -> Any:
        answers = ctx.ask(city=elicitation("City?", FORM), words=sampling("Hm?"), dirs=roots())
        return [list(answers), answers["city"].content, answers["words"].content.text]

    async def elicit(request: Any) -> Any:
        await meet("user")
        return {"action": "accept", "content": {"city": "Oslo"}}

    async def sample(request: Any) -> Any:
        await meet("model")
        return "A city."

    add(app, kind, quiet, loud)
    hooks = {"elicitation_handler": elicit, "sampling_handler": sample}
    async with connected(app, roots_provider=list, **hooks) as client:
        result = await client.call_tool("speak", {})
    assert result["structuredContent"] == [["city", "words", "dirs"], {"city": "Oslo"}, "A city."]


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_failing_question_ends_the_others(kind: str) -> None:
    app, stopped = make_app(), anyio.Event()

    async def loud(ctx: Any) -> Any:
        await ctx.ask(city=elicitation("City?", FORM), words=sampling("Hm?"))

    def quiet(ctx: Any) -> Any:
        ctx.ask(city=elicitation("City?", FORM), words=sampling("Hm?"))

    async def elicit(request: Any) -> Any:
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    def sample(request: Any) -> Any:
        raise LookupError("the reason stays with the client")

    add(app, kind, quiet, loud)
    with anyio.fail_after(10):
        async with connected(app, elicitation_handler=elicit, sampling_handler=sample) as client:
            with pytest.raises(RemoteError, match="internal error"):
                await client.call_tool("speak", {})
            await stopped.wait()


async def test_cancelling_a_call_withdraws_its_question() -> None:
    app, asked, stopped = make_app(), anyio.Event(), anyio.Event()

    @app.tool(name="ask", input_schema=ANY)
    async def ask(ctx: Any) -> None:
        await ctx.elicit("City?", FORM)

    async def elicit(request: Any) -> Any:
        asked.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    async with connected(app, elicitation_handler=elicit) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "ask", {})
            await asked.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(5):
            await stopped.wait()


async def test_what_a_call_leaves_in_the_state_the_next_finds() -> None:
    app = make_app()

    @app.tool(name="count", input_schema=ANY)
    def count(ctx: Any) -> int:
        ctx.state["calls"] = ctx.state.get("calls", 0) + 1
        return int(ctx.state["calls"])

    async with connected(app) as one, connected(app) as other:
        assert (await one.call_tool("count", {}))["structuredContent"] == 1
        assert (await one.call_tool("count", {}))["structuredContent"] == 2
        assert (await other.call_tool("count", {}))["structuredContent"] == 1


async def test_a_thread_learns_that_its_call_was_cancelled() -> None:
    app, started, noticed = make_app(), anyio.Event(), anyio.Event()

    @app.tool(name="work", input_schema=ANY)
    def work(ctx: Any) -> None:
        anyio.from_thread.run_sync(started.set)
        try:
            while True:
                ctx.check_cancelled()
        finally:
            anyio.from_thread.run_sync(noticed.set)

    async with connected(app) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "work", {})
            await started.wait()
            group.cancel_scope.cancel()
        with anyio.fail_after(10):
            await noticed.wait()
