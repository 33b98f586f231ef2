"""Handlers that ask, written once: over the stateless revision as over a handshake."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zcp_kernel.app import FastZCP
from zcp_kernel.client import session_over
from zcp_kernel.context import Context, elicitation, roots, sampling
from zcp_kernel.memory import channel_pair
from zcp_kernel.model import ElicitationResult, ListRootsResult, SamplingResult
from zcp_kernel.security import Principal, local_principal
from zcp_kernel.serving import serve
from zcp_profiles.mcp.history import R5

from ..schema_files import validator
from .raw import ALICE, FORM, make_app, request, serving

pytestmark = pytest.mark.anyio

OK = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
YES = {"action": "accept", "content": {"ok": True}}
PARIS = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "test-model"}
ROOTS = {"roots": [{"uri": "file:///test/root"}]}
NAME = elicitation("What is your name?", FORM)


def add_declared(app: FastZCP) -> None:
    @app.tool(asks={"user_name": NAME})
    def greet(user_name: ElicitationResult) -> str:
        return f"Hello, {(user_name.content or {}).get('name')}!"

    @app.tool(asks={"capital_question": sampling("What is the capital of France?", max_tokens=100)})
    def capital(capital_question: SamplingResult) -> str:
        return str(getattr(capital_question.content, "text", ""))

    @app.tool(asks={"client_roots": roots()})
    def places(client_roots: ListRootsResult) -> str:
        return " ".join(root.uri for root in client_roots.roots)


def add_asking(app: FastZCP) -> None:
    @app.tool
    async def confirm(ctx: Context) -> str:
        answers = await ctx.ask(confirm=elicitation("Sure?", OK))
        return "state-ok" if answers["confirm"].accepted else "no"

    @app.tool
    async def several(ctx: Context) -> str:
        answers = await ctx.ask(
            user_name=NAME, greeting=sampling("Greet", max_tokens=50), client_roots=roots()
        )
        return f"{answers['user_name'].content['name']}, {len(answers['client_roots'].roots)}"

    @app.tool
    async def rounds(ctx: Context) -> str:
        first = (await ctx.ask(step1=elicitation("Name?", FORM)))["step1"]
        second = (await ctx.ask(step2=elicitation("Colour?", FORM)))["step2"]
        return f"{first.content['name']}/{second.content['name']}"

    @app.tool
    def blocking(ctx: Context) -> str:
        return str(ctx.elicit("Name?", FORM).content["name"])  # type: ignore[attr-defined]

    @app.tool
    async def page(ctx: Context) -> str:
        return (await ctx.elicit("Log in", url="https://example.org/login")).action

    @app.tool
    async def whatever(ctx: Context) -> str:
        if ctx.can_ask("elicitation/request"):
            return (await ctx.elicit("Name?", FORM)).action
        return (await ctx.create_message("Hello")).model

    @app.prompt
    async def with_context(ctx: Context) -> str:
        answer = (await ctx.ask(user_context=elicitation("Context?", FORM)))["user_context"]
        return f"In {answer.content['name']}"

    @app.resource("test://asks")
    async def asks(uri: str, ctx: Context) -> str:
        return (await ctx.elicit("Name?", FORM)).action


def app() -> FastZCP:
    made = make_app()
    add_declared(made)
    add_asking(made)
    return made


def text(result: Any) -> str:
    assert result["resultType"] == "complete", result
    return str(result["content"][0]["text"])


def asked(result: Any) -> dict[str, str]:
    """Key -> method of an answer that asks."""
    assert result["resultType"] == "input_required", result
    assert [e.message for e in validator(R5, "InputRequiredResult").iter_errors(result)] == []
    assert not {"ttlMs", "cacheScope"} & set(result)
    return {key: each["method"] for key, each in result.get("inputRequests", {}).items()}


@pytest.mark.parametrize(
    ("name", "key", "method", "answer", "said"),
    [
        ("greet", "user_name", "elicitation/create", ALICE, "Hello, Alice!"),
        ("capital", "capital_question", "sampling/createMessage", PARIS, "Paris"),
        ("places", "client_roots", "roots/list", ROOTS, "file:///test/root"),
    ],
)
async def test_declared_questions_need_no_state(
    name: str, key: str, method: str, answer: Any, said: str
) -> None:
    async with serving(app()) as server:
        first = await server.tool(name)
        assert asked(first) == {key: method}
        assert "requestState" not in first
        assert text(await server.tool(name, inputResponses={key: answer})) == said


async def test_the_embedded_request() -> None:
    async with serving(app()) as server:
        result = await server.tool("greet", {})
    assert result["inputRequests"]["user_name"] == {
        "method": "elicitation/create",
        "params": {"message": "What is your name?", "requestedSchema": FORM},
    }


@pytest.mark.parametrize(
    "responses",
    [{"wrong_key": ALICE}, {"user_name": 12345}, {"user_name": None}, {}, None, {"user_name": {}}],
)
async def test_a_missing_or_unusable_answer_is_asked_for_again(responses: Any) -> None:
    async with serving(app()) as server:
        again = await server.tool("greet", inputResponses=responses)
        assert asked(again) == {"user_name": "elicitation/create"}


async def test_answers_nobody_asked_for_are_ignored() -> None:
    async with serving(app()) as server:
        responses = {"user_name": ALICE, "extra": {"a": 1}, "more": 5}
        assert text(await server.tool("greet", inputResponses=responses)) == "Hello, Alice!"


async def test_malformed_responses_are_an_error() -> None:
    async with serving(app()) as server:
        error, _ = await server.refused(
            "tools/call", {"name": "greet", "arguments": {}, "inputResponses": 12345}
        )
    assert error["code"] == -32602


async def test_a_question_in_the_middle_comes_with_a_state() -> None:
    async with serving(app()) as server:
        first = await server.tool("confirm")
        assert asked(first) == {"confirm": "elicitation/create"}
        state = first["requestState"]
        done = await server.tool("confirm", inputResponses={"confirm": YES}, requestState=state)
        assert text(done) == "state-ok"
        # Without the state nothing says which question this answers.
        assert asked(await server.tool("confirm", inputResponses={"confirm": YES}))


async def test_several_at_once() -> None:
    async with serving(app()) as server:
        first = await server.tool("several")
        assert asked(first) == {
            "user_name": "elicitation/create",
            "greeting": "sampling/createMessage",
            "client_roots": "roots/list",
        }
        answers = {"user_name": ALICE, "greeting": PARIS, "client_roots": ROOTS}
        some = {key: answers[key] for key in ("user_name", "greeting")}
        state = first["requestState"]
        second = await server.tool("several", inputResponses=some, requestState=state)
        assert asked(second) == {"client_roots": "roots/list"}
        rest = {"client_roots": ROOTS}
        state = second["requestState"]
        done = await server.tool("several", inputResponses=rest, requestState=state)
        assert text(done) == "Alice, 1"


async def test_rounds_have_states_of_their_own() -> None:
    async with serving(app()) as server:
        first = await server.tool("rounds")
        assert list(asked(first)) == ["step1"]
        a = first["requestState"]
        second = await server.tool("rounds", inputResponses={"step1": ALICE}, requestState=a)
        assert list(asked(second)) == ["step2"]
        b = second["requestState"]
        assert a != b
        done = await server.tool("rounds", inputResponses={"step2": ALICE}, requestState=b)
        assert text(done) == "Alice/Alice"


async def test_a_sync_handler_asks_the_same_way() -> None:
    async with serving(app()) as server:
        first = await server.tool("blocking")
        [key] = asked(first)
        state = first["requestState"]
        done = await server.tool("blocking", inputResponses={key: ALICE}, requestState=state)
        assert text(done) == "Alice"


async def test_a_page_to_open() -> None:
    async with serving(app()) as server:
        error, _ = await server.refused("tools/call", {"name": "page"})
        assert error["data"] == {"requiredCapabilities": {"elicitation": {"url": {}}}}
        first = await server.tool("page", caps={"elicitation": {"url": {}}})
        [request] = first["inputRequests"].values()
        assert request["params"] == {
            "mode": "url",
            "message": "Log in",
            "url": "https://example.org/login",
        }
        error, _ = await server.refused(
            "tools/call", {"name": "confirm"}, caps={"elicitation": {"url": {}}}
        )
        assert error["data"] == {"requiredCapabilities": {"elicitation": {"form": {}}}}


async def test_only_what_the_client_declared_is_asked() -> None:
    async with serving(app()) as server:
        only_sampling: dict[str, Any] = {"sampling": {}}
        assert list(asked(await server.tool("whatever", caps=only_sampling)).values()) == [
            "sampling/createMessage"
        ]
        error, status = await server.refused(
            "tools/call", {"name": "greet"}, caps=only_sampling
        )
    assert (error["code"], status) == (-32021, 400)
    assert error["data"] == {"requiredCapabilities": {"elicitation": {}}}


@pytest.mark.parametrize(
    ("method", "params", "member"),
    [
        ("prompts/get", {"name": "with_context"}, "messages"),
        ("resources/read", {"uri": "test://asks"}, "contents"),
    ],
)
async def test_prompts_and_resources_ask_too(
    method: str, params: dict[str, Any], member: str
) -> None:
    async with serving(app()) as server:
        first = await server.call(method, params)
        [key] = asked(first)
        retry = {
            **params,
            "inputResponses": {key: ALICE},
            "requestState": first["requestState"],
        }
        assert (await server.call(method, retry))[member]


@pytest.mark.parametrize("method", ["tools/list", "prompts/list", "server/discover"])
async def test_other_methods_never_ask(method: str) -> None:
    async with serving(app()) as server:
        assert (await server.call(method))["resultType"] == "complete"


# -- the state -------------------------------------------------------------------------------------


async def refuse_state(server: Any, name: str, state: Any, **more: Any) -> None:
    params = {
        "name": name,
        "arguments": more.pop("arguments", None) or {},
        "inputResponses": {"confirm": YES},
        "requestState": state,
    }
    error, status = await server.refused("tools/call", params, **more)
    assert (error["code"], status) == (-32602, 200)


async def test_a_state_is_good_for_its_call_alone() -> None:
    async with serving(app()) as server:
        state = (await server.tool("confirm", {}))["requestState"]
        flipped = ("B" if state[40] != "B" else "C").join((state[:40], state[41:]))
        for bad in (state + "-TAMPERED", flipped, state[:-4], "", "AAAA", "é"):
            await refuse_state(server, "confirm", bad)
        await refuse_state(server, "rounds", state)
        await refuse_state(server, "confirm", state, principal=Principal("eve", None))
    async with serving(app()) as other:
        await refuse_state(other, "confirm", state)


async def test_other_arguments_are_another_call() -> None:
    made = make_app()

    @made.tool
    async def delete(path: str, ctx: Context) -> str:
        return (await ctx.ask(confirm=elicitation("Sure?", OK)))["confirm"].action + path

    async with serving(made) as server:
        state = (await server.tool("delete", {"path": "/tmp"}))["requestState"]
        await refuse_state(server, "delete", state, arguments={"path": "/"})


async def test_rounds_are_bounded() -> None:
    made = make_app()

    @made.tool
    async def nag(ctx: Context) -> str:
        for _ in range(20):
            await ctx.elicit("Again?", OK)
        return "enough"

    async with serving(made) as server:
        result = await server.tool("nag", {})
        for _ in range(7):
            [key] = asked(result)
            state = result["requestState"]
            result = await server.tool(
                "nag", {}, inputResponses={key: YES}, requestState=state
            )
        [key] = asked(result)
        params = {
            "name": "nag",
            "arguments": {},
            "inputResponses": {key: YES},
            "requestState": result["requestState"],
        }
        error, _ = await server.refused("tools/call", params)
    assert error["code"] == 429


async def test_long_answers_stay_on_the_server() -> None:
    long = {"action": "accept", "content": {"name": "x" * 40_000}}
    async with serving(app()) as server:
        first = await server.tool("rounds", {})
        state = first["requestState"]
        second = await server.tool(
            "rounds", {}, inputResponses={"step1": long}, requestState=state
        )
        assert len(second["requestState"]) < 1000
        state = second["requestState"]
        done = await server.tool("rounds", {}, inputResponses={"step2": ALICE}, requestState=state)
        assert text(done) == "x" * 40_000 + "/Alice"


async def test_once_is_done_once() -> None:
    made, runs = make_app(), []

    @made.tool
    async def pay(ctx: Context) -> str:
        async def charge() -> str:
            runs.append(1)
            return f"receipt {len(runs)}"

        receipt = await ctx.once("charge", charge)
        answer = await ctx.elicit("Name?", FORM)
        return f"{receipt} for {(answer.content or {})['name']}"

    async with serving(made) as server:
        first = await server.tool("pay", {})
        [key] = asked(first)
        state = first["requestState"]
        done = await server.tool("pay", {}, inputResponses={key: ALICE}, requestState=state)
        assert text(done) == "receipt 1 for Alice"


async def test_a_body_that_swallows_its_end_is_found_out() -> None:
    made = make_app()

    @made.tool
    async def stubborn(ctx: Context) -> str:
        try:
            await ctx.elicit("Name?", FORM)
        except Exception:
            return "went on"
        return "answered"

    async with serving(made) as server:
        assert asked(await server.tool("stubborn", {}))


# -- approvals never reach another question --------------------------------------------------------


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seeds=st.lists(st.integers(0, 3), min_size=8, max_size=8),
    named=st.booleans(),
)
async def test_an_answer_never_reaches_another_question(seeds: list[int], named: bool) -> None:
    """The body takes another way on every run; each answer names the question it was given to."""
    made, ways = make_app(), iter(seeds)
    wrong: list[tuple[str, str]] = []

    @made.tool
    async def wanders(ctx: Context) -> str:
        rng = random.Random(next(ways, 0))  # noqa: S311
        for _ in range(2):
            question = f"May I do {rng.randint(0, 3)}?"
            if named:
                answer = (await ctx.ask(ok=elicitation(question, FORM)))["ok"]
            else:
                answer = await ctx.elicit(question, FORM)
            if answer.content["name"] != question:
                wrong.append((question, answer.content["name"]))
        return "done"

    async with serving(made) as server:
        params: dict[str, Any] = {"name": "wanders", "arguments": {}}
        for _ in range(7):
            told, _ = await server.answer(request("tools/call", params))
            result = told.get("result")
            if result is None or result["resultType"] == "complete":
                break
            params["requestState"] = result["requestState"]
            params["inputResponses"] = {
                key: {"action": "accept", "content": {"name": each["params"]["message"]}}
                for key, each in result["inputRequests"].items()
            }
    assert wrong == []


# -- the same handlers over a handshake ------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("greet", "Hello, Alice!"),
        ("capital", "Paris"),
        ("places", "file:///test/root"),
        ("confirm", "state-ok"),
        ("several", "Alice, 1"),
        ("rounds", "Alice/Alice"),
        ("blocking", "Alice"),
    ],
)
async def test_the_same_handlers_over_a_handshake(name: str, said: str) -> None:
    from contextlib import asynccontextmanager

    made = app()
    async with serving(made) as server:

        @asynccontextmanager
        async def connect() -> Any:
            near, far = channel_pair()
            kernel = server.kernel
            kernel.spawn(lambda: serve(kernel, far, principal=local_principal()))
            try:
                yield near
            finally:
                await near.aclose()

        async with session_over(
            connect,
            dialects=[server.kernel.dialects["mcp"]],
            elicitation_handler=lambda request: ALICE,
            sampling_handler=lambda request: PARIS,
            roots=["file:///test/root"],
        ) as client:
            result = await client.call_tool(name, {})
            assert said in str(result)
