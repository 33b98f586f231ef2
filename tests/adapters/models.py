"""The adapters under test, each over the stub, through the real client packages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest
from attrs import frozen
from zcp_profiles.adapters import Event, ModelAdapter, TurnEnded, TurnResult
from zcp_profiles.anthropic import AnthropicAdapter
from zcp_profiles.openai import OpenAIAdapter, OpenAIResponsesAdapter

from .stub_api import StubAPI
from .stub_shapes import CHAT, MESSAGES, RESPONSES

LEFTOVERS = pytest.mark.filterwarnings(
    # The openai package leaves the generators of a chat stream behind when it has read [DONE].
    "ignore:Async generator '(openai|httpx2|httpcore2).* was garbage collected:ResourceWarning"
)

ADAPTERS = {
    RESPONSES: OpenAIResponsesAdapter,
    CHAT: OpenAIAdapter,
    MESSAGES: AnthropicAdapter,
}


@frozen
class Model:
    """One adapter, asked whole or streamed."""

    path: str
    streaming: bool

    @asynccontextmanager
    async def adapter(
        self, tools: Any, api: StubAPI, **options: Any
    ) -> AsyncGenerator[ModelAdapter]:
        kind: Any = ADAPTERS[self.path]
        client = anthropic_client(api) if self.path == MESSAGES else openai_client(api)
        async with client, kind(tools, model="m", client=client, **options) as adapter:
            yield adapter

    async def run(self, runner: Any, prompt: str) -> tuple[TurnResult, list[Event]]:
        """`runner` is an adapter or a loop."""
        if not self.streaming:
            return await runner.run(prompt), []
        events = [event async for event in runner.stream(prompt)]
        assert isinstance(events[-1], TurnEnded)
        return events[-1].result, events

    def outputs(self, request: dict[str, Any]) -> list[str]:
        """The tool outputs in a request, in order, as text."""
        if self.path == RESPONSES:
            found = [i for i in request["input"] if i.get("type") == "function_call_output"]
            return [_text(item["output"]) for item in found]
        if self.path == CHAT:
            return [m["content"] for m in request["messages"] if m["role"] == "tool"]
        blocks = [
            block
            for message in request["messages"]
            if not isinstance(message["content"], str)
            for block in message["content"]
        ]
        return [_text(block["content"]) for block in blocks if block["type"] == "tool_result"]

    def tools(self, request: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """The functions in a request by name, each with its schema under `schema`."""
        found: dict[str, dict[str, Any]] = {}
        for tool in request.get("tools", ()):
            function = tool["function"] if self.path == CHAT else tool
            schema = function.get("parameters", function.get("input_schema"))
            found[function["name"]] = {**function, "schema": schema}
        return found


def openai_client(api: StubAPI) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="k", base_url=f"{api.url}/v1", max_retries=0)


def anthropic_client(api: StubAPI) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(api_key="k", base_url=api.url, max_retries=0)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else str(content[0]["text"])


MODELS = [
    Model(path, streaming) for path in (RESPONSES, CHAT, MESSAGES) for streaming in (False, True)
]
