"""A model calls tools, whatever API it is behind."""

from __future__ import annotations

import pytest
from zcp_kernel.connecting import connect
from zcp_profiles.adapters import (
    AgentLoop,
    Limits,
    TextDelta,
    ToolFinished,
    ToolStarted,
    TurnResult,
    Usage,
)

from .models import LEFTOVERS, Model
from .office import office
from .stub_api import stub_api
from .stub_shapes import Say, call, calls

pytestmark = [pytest.mark.anyio, LEFTOVERS]


async def test_a_call_is_run_and_answered(model: Model) -> None:
    here = office()
    with stub_api(call("weather_get", {"city": "Oslo"}), Say("It is 24.")) as api:
        async with model.adapter(here.app, api, instructions="Be brief.") as adapter:
            result, events = await model.run(adapter, "Weather?")
    assert isinstance(result, TurnResult)
    assert (result.text, result.status, result.turns) == ("It is 24.", "completed", 2)
    assert here.calls == [("weather_get", {"city": "Oslo"})]
    assert model.outputs(api.requests[1]) == ["other Oslo"]
    assert result.usage == Usage(20, 10, 8, result.usage.reasoning_tokens, 2)
    assert api.refused == []
    if model.streaming:
        kinds = [type(event) for event in events]
        assert kinds.index(ToolStarted) < kinds.index(ToolFinished) < kinds.index(TextDelta)
        assert "".join(e.text for e in events if isinstance(e, TextDelta)) == "It is 24."


async def test_two_tools_that_map_to_one_name_are_told_apart(model: Model) -> None:
    here = office()
    with stub_api(Say("hello")) as api:
        async with model.adapter(here.app, api) as adapter:
            await model.run(adapter, "hi")
    names = [name for name in model.tools(api.requests[0]) if name.startswith("weather_get")]
    assert len(names) == 2
    (dotted,) = set(names) - {"weather_get"}
    here.calls.clear()
    both = calls((dotted, {"city": "Rome"}), ("weather_get", {"city": "Bonn"}))
    with stub_api(both, Say("done")) as api:
        async with model.adapter(here.app, api) as adapter:
            await model.run(adapter, "hi")
    assert sorted(here.calls) == [
        ("weather.get", {"city": "Rome"}),
        ("weather_get", {"city": "Bonn"}),
    ]


async def test_calls_of_one_turn_run_at_once_and_are_answered_in_order(model: Model) -> None:
    here = office()
    asked = calls(*(("slow", {"of": 4, "name": str(n)}) for n in range(4)))
    with stub_api(asked, Say("done")) as api:
        async with model.adapter(here.app, api) as adapter:
            await model.run(adapter, "go")
    assert here.most_running == 4
    assert model.outputs(api.requests[1]) == ["0", "1", "2", "3"]


async def test_a_failing_tool_and_wrong_arguments_tell_the_model_what_to_mend(
    model: Model,
) -> None:
    here = office()
    asked = calls(
        ("fail", {"why": "no ink"}),
        ("rows_sum", {"rows": [{"name": "x"}, {"id": "many"}]}),
        ("rows_summ", {}),
    )
    with stub_api(asked, Say("sorry")) as api:
        async with model.adapter(here.app, api) as adapter:
            result, _ = await model.run(adapter, "go")
    failed, wrong, unknown = model.outputs(api.requests[1])
    assert failed == "error: cannot: no ink"
    assert wrong.startswith("error: the arguments do not fit")
    assert "rows[0]" in wrong
    assert "rows[1].id" in wrong
    assert unknown.startswith("error: not_found:rows_summ")
    assert "rows_sum" in unknown
    assert [output.is_error for output in result.outputs] == [True, True, True]
    assert here.calls == []


async def test_a_run_is_bounded(model: Model) -> None:
    here = office()
    endless = [call("weather_get", {"city": "Oslo"}, id=f"c{n}") for n in range(9)]
    with stub_api(*endless) as api:
        async with model.adapter(here.app, api, limits=Limits(max_turns=3)) as adapter:
            result, _ = await model.run(adapter, "go")
    assert (result.status, result.turns, len(here.calls)) == ("max_turns", 3, 3)


async def test_a_loop_is_a_conversation(model: Model) -> None:
    here = office()
    script = [call("weather_get", {"city": "Oslo"}), Say("24"), Say("As I said: 24")]
    with stub_api(*script) as api:
        async with model.adapter(here.app, api) as adapter:
            loop = AgentLoop(adapter)
            await model.run(loop, "Weather?")
            result, _ = await model.run(loop, "Again?")
    assert result.text == "As I said: 24"
    assert model.outputs(api.requests[2]) == ["other Oslo"]
    assert loop.usage.requests == 3
    assert api.refused == []


async def test_a_client_session_of_an_mcp_server_serves_as_well(model: Model) -> None:
    here = office()
    with stub_api(call("weather_get", {"city": "Oslo"}), Say("ok")) as api:
        async with connect(here.app, prefer=["mcp"]) as session:
            assert session.protocol_version is not None
            assert not session.protocol_version.startswith("zcp/")
            async with model.adapter(session, api) as adapter:
                result, _ = await model.run(adapter, "go")
            assert await session.ping() is not None
    assert result.text == "ok"
    assert here.calls == [("weather_get", {"city": "Oslo"})]


async def test_a_refusal_and_an_answer_cut_off_are_told(model: Model) -> None:
    stop = {"/v1/messages": "refusal"}.get(model.path)
    refused = Say("no" if stop else "", stop=stop, refusal=None if stop else "no")
    cut = Say("half", stop="max_tokens" if stop else "length")
    with stub_api(refused, cut) as api:
        async with model.adapter(office().app, api) as adapter:
            first, _ = await model.run(adapter, "go")
            second, _ = await model.run(adapter, "go")
    assert (first.status, first.text) == ("refused", "no")
    assert (second.status, second.text) == ("incomplete", "half")


async def test_thinking_goes_back_as_it_came(model: Model) -> None:
    asked = Say(calls=(("c1", "weather_get", {"city": "Oslo"}),), thinking=True)
    with stub_api(asked, Say("ok")) as api:
        async with model.adapter(office().app, api) as adapter:
            await model.run(adapter, "go")
    if model.path == "/v1/responses":
        assert {"type": "reasoning", "id": "rs_1", "summary": []} in api.requests[1]["input"]
    if model.path == "/v1/messages":
        blocks = api.requests[1]["messages"][1]["content"]
        assert blocks[0] == {"type": "thinking", "thinking": "hm", "signature": "sig"}
