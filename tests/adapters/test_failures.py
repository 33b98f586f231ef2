"""Endpoints that are not there, streams that break, callers that leave."""

from __future__ import annotations

import sys
from typing import Any

import anyio
import openai
import pytest
from zcp_kernel.connecting import connect
from zcp_profiles.adapters import AgentLoop, Limits, ModelFailed
from zcp_profiles.anthropic import AnthropicAdapter
from zcp_profiles.openai import OpenAIAdapter, OpenAIResponsesAdapter

from .models import LEFTOVERS, Model, openai_client
from .office import office
from .stub_api import stub_api
from .stub_shapes import CHAT, MESSAGES, RESPONSES, Say, call, calls

pytestmark = [pytest.mark.anyio, LEFTOVERS]


async def test_responses_falls_back_to_chat_and_stays_there() -> None:
    for streaming in (False, True):
        here = office()
        script = [call("weather_get", {"city": "Oslo"}), Say("24"), Say("still 24")]
        with stub_api(*script) as api:
            api.missing.add(RESPONSES)
            model = Model(RESPONSES, streaming)
            async with model.adapter(here.app, api, instructions="Brief.") as adapter:
                loop = AgentLoop(adapter)
                await model.run(loop, "Weather?")
                result, _ = await model.run(loop, "And now?")
        assert result.text == "still 24"
        assert api.paths == [RESPONSES, CHAT, CHAT, CHAT]
        assert api.refused == []
        last = api.requests[-1]["messages"]
        assert [message["role"] for message in last] == [
            "system", "user", "assistant", "tool", "assistant", "user"
        ]  # fmt: skip
        assert all("role" in item or item["type"] for item in result.history)


async def test_a_client_without_responses_uses_chat() -> None:
    with stub_api(Say("hi")) as api:
        async with openai_client(api) as client:

            class OnlyChat:
                chat = client.chat

            adapter = OpenAIResponsesAdapter(office().app, model="m", client=OnlyChat())
            async with adapter:
                assert (await adapter.run("hello")).text == "hi"
    assert api.paths == [CHAT]


async def test_a_model_that_does_not_exist_is_no_reason_to_fall_back() -> None:
    missing = 404, {"error": {"message": "no such model", "code": "model_not_found"}}
    with stub_api(missing) as api:
        model = Model(RESPONSES, False)
        async with model.adapter(office().app, api) as adapter:
            with pytest.raises(openai.NotFoundError):
                await adapter.run("hello")
    assert api.paths == [RESPONSES]


async def test_without_a_client_one_is_made_and_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind, path in ((OpenAIResponsesAdapter, RESPONSES), (AnthropicAdapter, MESSAGES)):
        with stub_api(Say("hi")) as api:
            monkeypatch.setenv("OPENAI_API_KEY", "k")
            monkeypatch.setenv("OPENAI_BASE_URL", f"{api.url}/v1")
            monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
            monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
            async with kind(office().app, model="m") as adapter:
                assert (await adapter.run("hello")).text == "hi"
        assert api.paths == [path]


def test_without_its_package_a_client_must_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    absent: Any = None
    for kind, package in ((OpenAIAdapter, "openai"), (AnthropicAdapter, "anthropic")):
        monkeypatch.setitem(sys.modules, package, absent)
        with pytest.raises(ImportError, match=rf"zero-context-protocol-sdk\[{package}\]"):
            kind(office().app, model="m")
        assert kind(office().app, model="m", client=object())


async def test_a_sync_client_works_too() -> None:
    for streaming in (False, True):
        here = office()
        with (
            stub_api(call("weather_get", {"city": "Oslo"}), Say("ok")) as api,
            openai.OpenAI(api_key="k", base_url=f"{api.url}/v1", max_retries=0) as client,
        ):
            async with OpenAIResponsesAdapter(here.app, model="m", client=client) as adapter:
                result, _ = await Model(RESPONSES, streaming).run(adapter, "go")
        assert result.text == "ok"


async def test_an_unheard_prompt_can_be_said_again(model: Model) -> None:
    with stub_api((500, {"error": {"message": "down"}}), Say("hi")) as api:
        async with model.adapter(office().app, api) as adapter:
            loop = AgentLoop(adapter)
            with pytest.raises(Exception, match="down"):
                await model.run(loop, "hello")
            assert loop.history == []
            result, _ = await model.run(loop, "hello")
    assert result.text == "hi"
    assert api.refused == []


@pytest.mark.parametrize("path", [RESPONSES, CHAT, MESSAGES])
async def test_a_stream_that_breaks_off_is_an_error(path: str) -> None:
    with stub_api(Say("a long answer", broken=True)) as api:
        model = Model(path, True)
        async with model.adapter(office().app, api) as adapter:
            with pytest.raises(ModelFailed, match="ended before"):
                await model.run(adapter, "go")


async def test_a_response_that_failed_is_an_error() -> None:
    for streaming in (False, True):
        with stub_api(Say(stop="failed")) as api:
            model = Model(RESPONSES, streaming)
            async with model.adapter(office().app, api) as adapter:
                with pytest.raises(ModelFailed, match="overloaded"):
                    await model.run(adapter, "go")


async def test_cancelling_a_run_stops_its_calls_and_leaves_a_whole_history(model: Model) -> None:
    here = office()
    asked = calls(("slow", {"of": 3, "name": "a"}), ("slow", {"of": 3, "name": "b"}))
    with stub_api(asked, Say("again")) as api:
        async with connect(here.app) as session, model.adapter(session, api) as adapter:
            loop = AgentLoop(adapter)
            async with anyio.create_task_group() as group:
                group.start_soon(model.run, loop, "go")
                with anyio.fail_after(10):
                    await here.two_running.wait()
                group.cancel_scope.cancel()
            with anyio.fail_after(10):
                await here.all_cancelled.wait()
            result, _ = await model.run(loop, "again?")
    assert sorted(here.cancelled) == ["a", "b"]
    assert result.text == "again"
    assert api.refused == []


async def test_a_call_that_takes_too_long_is_an_answer(model: Model) -> None:
    here = office()
    with stub_api(call("slow", {"of": 2, "name": "a"}), Say("ok")) as api:
        limits = Limits(call_timeout=0.05)
        async with model.adapter(here.app, api, limits=limits) as adapter:
            await model.run(adapter, "go")
    assert model.outputs(api.requests[1]) == ["error: no answer within 0.05 s"]


async def test_arguments_that_are_no_json_are_an_answer() -> None:
    for path in (RESPONSES, CHAT):
        here = office()
        with stub_api(call("weather_get", '{"city": "Os'), Say("ok")) as api:
            model = Model(path, False)
            async with model.adapter(here.app, api) as adapter:
                await model.run(adapter, "go")
        assert model.outputs(api.requests[1])[0].startswith("error: the arguments are not JSON")
        assert here.calls == []
