"""Single turns, for those who own the loop."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.connecting import connect
from zcp_profiles.openai import (
    TextDelta,
    TurnEnded,
    compile_openai_tools,
    run_responses_turn,
    stream_responses_turn,
    submit_tool_results,
)

from .models import openai_client
from .office import office
from .stub_api import stub_api
from .stub_shapes import Say, call, calls

pytestmark = pytest.mark.anyio

ASKED = calls(("weather_get", {"city": "Oslo"}), ("fail", {"why": "x"}))


async def test_a_turn_its_results_and_the_next() -> None:
    here = office()
    with stub_api(ASKED, Say("done")) as api:
        async with openai_client(api) as client, connect(here.app) as session:
            tools = compile_openai_tools(await session.list_tools())
            turn = await run_responses_turn(client, model="m", input="go", tools=tools)
            assert (turn.status, [each.name for each in turn.calls]) == (
                "calls",
                ["weather_get", "fail"],
            )
            results = {
                each.id: await session.call_tool(each.name, each.arguments) for each in turn.calls
            }
            last = await submit_tool_results(client, turn, results, model="m", tools=tools)
    assert (last.status, last.text) == ("completed", "done")
    outputs = [item for item in api.requests[1]["input"] if "output" in item]
    assert [item["output"] for item in outputs] == ["other Oslo", "error: cannot: x"]
    assert api.refused == []


async def test_a_streamed_turn() -> None:
    with stub_api(Say("Hello there")) as api:
        async with openai_client(api) as client:
            events = [
                event
                async for event in stream_responses_turn(
                    client, model="m", input="hi", tools=office().app, temperature=0
                )
            ]
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "Hello there"
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert ended.result.text == "Hello there"
    assert api.requests[0]["temperature"] == 0


async def test_a_call_without_a_result_is_answered_and_a_stranger_is_refused() -> None:
    with stub_api(call("weather_get", {"city": "Oslo"}), Say("ok")) as api:
        async with openai_client(api) as client:
            tools: Any = office().app
            turn = await run_responses_turn(client, model="m", input="go", tools=tools)
            with pytest.raises(ValueError, match="no call 'other'"):
                await submit_tool_results(client, turn, {"other": 1}, model="m")
            await submit_tool_results(client, turn, {}, model="m", tools=tools)
    assert api.requests[1]["input"][-1]["output"] == "error: (no output)"


async def test_nothing_is_kept_by_the_api_so_reasoning_travels() -> None:
    with stub_api(Say("ok")) as api:
        async with openai_client(api) as client:
            await run_responses_turn(client, model="m", input="go", store=False)
    assert api.requests[0]["include"] == ["reasoning.encrypted_content"]
