"""The state a client carries between the rounds of a call: sealed, bound, bounded."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zcp_kernel.context import Context, elicitation
from zcp_kernel.security import Principal

from .questions import OK, YES, app, asked, text
from .raw import ALICE, FORM, make_app, request, serving

pytestmark = pytest.mark.anyio


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
        answers = await ctx.ask(confirm=elicitation("Sure?", OK))
        return f"{answers['confirm'].action} {path}"

    async with serving(made) as server:
        state = (await server.tool("delete", {"path": "/tmp"}))["requestState"]
        await refuse_state(server, "delete", state, arguments={"path": "/"})


async def test_a_state_is_bound_to_the_arguments_as_they_came() -> None:
    made = make_app()

    @made.tool
    async def take(paths: list[str], ctx: Context) -> str:
        first = paths.pop(0)
        action, _ = await ctx.elicit(f"Take {first}?", OK)
        return f"{action} {first}, then {paths}"

    async with serving(made) as server:
        result = await server.tool("take", {"paths": ["a", "b"]})
        [key] = asked(result)
        again = {"inputResponses": {key: YES}, "requestState": result["requestState"]}
        done = await server.tool("take", {"paths": ["a", "b"]}, **again)
        assert text(done) == "accept a, then ['b']"
        state = result["requestState"]
        await refuse_state(server, "take", state, arguments={"paths": ["b"]})


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
            result = await server.tool("nag", {}, inputResponses={key: YES}, requestState=state)
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
        second = await server.tool("rounds", {}, inputResponses={"step1": long}, requestState=state)
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
        rng = random.Random(next(ways, 0))
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
            result = told["result"]
            if result["resultType"] == "complete":
                break
            params["requestState"] = result["requestState"]
            params["inputResponses"] = {
                key: {"action": "accept", "content": {"name": each["params"]["message"]}}
                for key, each in result["inputRequests"].items()
            }
    assert wrong == []
    if len(set(seeds)) == 1:
        assert result["resultType"] == "complete"
