"""Tools and a model brought together, four ways.

With OPENAI_API_KEY set (and the extra `openai` installed) a real model answers. Without, a stand-in
speaks the same API and calls the tool once.
"""

import asyncio
import os

from zcp import (
    AgentLoop,
    AnthropicAdapter,
    FastZCP,
    OpenAIResponsesAdapter,
    compile_openai_tools,
    run_responses_turn,
    stdio_client,
    stream_responses_turn,
    submit_tool_results,
)

app = FastZCP("Weather")
MODEL = os.environ.get("OPENAI_MODEL", "gpt-5-mini")


@app.tool(name="weather.get")
async def weather(city: str, days: int = 1) -> dict:
    """Weather for a city."""
    return {"city": city, "days": days, "temperature": 24}


class StandIn:
    """Says what a model would: a call of the first tool, and then its result."""

    def __init__(self) -> None:
        self.responses = self

    async def create(self, *, input, tools=(), stream=False, **_):
        last = input[-1]
        if last.get("type") == "function_call_output":
            text = {"type": "output_text", "text": f"Found: {last['output']}"}
            output = [{"type": "message", "role": "assistant", "content": [text]}]
        else:
            arguments = '{"city": "Hangzhou", "days": null}'
            call = {"call_id": "c1", "name": tools[0]["name"], "arguments": arguments}
            output = [{"type": "function_call", **call}]
        answer = {"status": "completed", "output": output}
        return self._events(answer) if stream else answer

    @staticmethod
    async def _events(answer):
        yield {"type": "response.completed", "response": answer}


def model_client():
    if "OPENAI_API_KEY" in os.environ:
        import openai

        return openai.AsyncOpenAI()
    return StandIn()


async def with_an_adapter() -> None:
    async with OpenAIResponsesAdapter(app, model=MODEL, client=model_client()) as adapter:
        result = await adapter.run("What is the weather in Hangzhou?")
        print("adapter:", result.status, result.text)


async def as_a_conversation() -> None:
    async with OpenAIResponsesAdapter(app, model=MODEL, client=model_client()) as adapter:
        loop = AgentLoop(adapter)
        await loop.run("What is the weather in Hangzhou?")
        result = await loop.run("And there tomorrow?")
        print("loop:", result.turns, "turns,", loop.usage.requests, "requests")


async def turn_by_turn() -> None:
    client = model_client()
    async with stdio_client(app) as session:
        tools = compile_openai_tools(await session.list_tools())
        turn = await run_responses_turn(client, model=MODEL, input="Weather?", tools=tools)
        results = {
            call.id: await session.call_tool(call.name, call.arguments) for call in turn.calls
        }
        last = await submit_tool_results(client, turn, results, model=MODEL, tools=tools)
        print("turns:", [call.name for call in turn.calls], last.text)
        async for event in stream_responses_turn(client, model=MODEL, input="Again?", tools=tools):
            print("stream:", type(event).__name__)


async def behind_another_api() -> None:
    if "ANTHROPIC_API_KEY" not in os.environ:
        return
    model = os.environ.get("ANTHROPIC_MODEL", "claude-sonnet-4-5")
    async with AnthropicAdapter(app, model=model) as adapter:
        print("anthropic:", (await adapter.run("What is the weather in Hangzhou?")).text)


async def main() -> None:
    await with_an_adapter()
    await as_a_conversation()
    await turn_by_turn()
    await behind_another_api()


if __name__ == "__main__":
    asyncio.run(main())
