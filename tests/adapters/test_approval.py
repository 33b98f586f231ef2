"""Calls that wait for somebody's word."""

from __future__ import annotations

import pytest
from zcp_profiles.adapters import AgentLoop, ToolCall

from .models import LEFTOVERS, Model
from .office import office
from .stub_api import stub_api
from .stub_shapes import Say, calls

pytestmark = [pytest.mark.anyio, LEFTOVERS]

BOTH = calls(("files_delete", {"path": "/tmp/x"}), ("weather_get", {"city": "Oslo"}))


async def test_a_destructive_call_stops_the_run_until_it_is_decided(model: Model) -> None:
    here = office()
    with stub_api(BOTH, Say("gone")) as api:
        async with model.adapter(here.app, api) as adapter:
            waiting, _ = await model.run(adapter, "clean up")
            assert (waiting.status, waiting.pending) == ("approval", ("call_1",))
            assert here.calls == []
            result = await adapter.resume(waiting, {"call_1": True})
    assert (result.status, result.text) == ("completed", "gone")
    assert ("files.delete", {"path": "/tmp/x"}) in here.calls
    assert model.outputs(api.requests[1]) == ["deleted /tmp/x", "other Oslo"]
    assert api.refused == []


async def test_what_nobody_decided_on_is_refused(model: Model) -> None:
    here = office()
    with stub_api(BOTH, Say("kept")) as api:
        async with model.adapter(here.app, api) as adapter:
            waiting, _ = await model.run(adapter, "clean up")
            await adapter.resume(waiting, {})
    assert model.outputs(api.requests[1]) == [
        "error: the user refused this call",
        "other Oslo",
    ]
    assert ("files.delete", {"path": "/tmp/x"}) not in here.calls


async def test_somebody_may_be_asked_at_once_and_give_a_reason(model: Model) -> None:
    here, asked = office(), list[ToolCall]()

    async def approve(call: ToolCall) -> str:
        asked.append(call)
        return "not that one"

    with stub_api(BOTH, Say("kept")) as api:
        async with model.adapter(here.app, api, approve=approve) as adapter:
            await model.run(adapter, "clean up")
    assert [(call.name, call.arguments) for call in asked] == [("files.delete", {"path": "/tmp/x"})]
    assert model.outputs(api.requests[1])[0] == "error: the user refused this call: not that one"
    assert here.calls == [("weather_get", {"city": "Oslo"})]


async def test_the_gate_can_be_names_or_a_rule(model: Model) -> None:
    for gate in (["weather_get"], lambda tool: tool["name"] == "weather_get"):
        with stub_api(BOTH) as api:
            async with model.adapter(office().app, api, needs_approval=gate) as adapter:
                waiting, _ = await model.run(adapter, "go")
        assert waiting.pending == ("call_2",)


async def test_a_conversation_has_one_run_at_a_time(model: Model) -> None:
    async def meddle(call: ToolCall) -> bool:
        with pytest.raises(RuntimeError, match="in the middle of a run"):
            await loop.run("me too")
        return True

    with stub_api(BOTH, Say("gone")) as api:
        async with model.adapter(office().app, api, approve=meddle) as adapter:
            loop = AgentLoop(adapter)
            result, _ = await model.run(loop, "clean up")
    assert result.text == "gone"


async def test_a_loop_takes_no_prompt_while_calls_wait(model: Model) -> None:
    with stub_api(BOTH, Say("gone")) as api:
        async with model.adapter(office().app, api) as adapter:
            loop = AgentLoop(adapter)
            await model.run(loop, "clean up")
            with pytest.raises(RuntimeError, match="wait for approval"):
                await loop.run("well?")
            await loop.resume({"call_1": True})
            with pytest.raises(RuntimeError, match="no call waits"):
                await loop.resume({"call_1": True})
