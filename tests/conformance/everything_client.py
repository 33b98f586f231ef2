"""The client fixture of the official conformance suite, made of public names alone.

The suite starts it with the URL of its server, and says by `MCP_CONFORMANCE_SCENARIO` what is to be
done there, by `MCP_CONFORMANCE_PROTOCOL_VERSION` which revision is to be spoken, and by
`MCP_CONFORMANCE_CONTEXT` (JSON) what more there is to know.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from tests.conformance import auth_client
from zcp import ZCPClientSession, streamable_http_client

Scenario = Callable[[ZCPClientSession, dict[str, Any]], Awaitable[object]]


def accept(request: dict[str, Any]) -> dict[str, Any]:
    """Answers a form by its defaults; one that asks to confirm is confirmed."""
    properties = (request.get("requestedSchema") or {}).get("properties") or {}
    content = {name: field["default"] for name, field in properties.items() if "default" in field}
    if "confirmed" in properties:
        content["confirmed"] = True
    return {"action": "accept", "content": content}


def say(_: dict[str, Any]) -> dict[str, Any]:
    """Answers a sampling request."""
    return {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "fixture"}


def roots() -> list[dict[str, str]]:
    return [{"uri": "file:///workspace", "name": "workspace"}]


async def list_tools(client: ZCPClientSession, _: dict[str, Any]) -> None:
    await client.list_tools()


async def add(client: ZCPClientSession, _: dict[str, Any]) -> None:
    await client.list_tools()
    await client.call_tool("add_numbers", {"a": 5, "b": 3})


async def fill_in_defaults(client: ZCPClientSession, _: dict[str, Any]) -> None:
    await client.list_tools()
    await client.call_tool("test_client_elicitation_defaults", {})


async def survive_a_closed_stream(client: ZCPClientSession, _: dict[str, Any]) -> None:
    await client.list_tools()
    await client.call_tool("test_reconnection", {})


async def carry_request_state(client: ZCPClientSession, _: dict[str, Any]) -> None:
    await client.list_tools()
    async with anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "test_mrtr_echo_state", {})
        group.start_soon(client.call_tool, "test_mrtr_unrelated", {})
    await client.call_tool("test_mrtr_no_state", {})
    await client.call_tool("test_mrtr_no_result_type", {})


async def use_everything(client: ZCPClientSession, _: dict[str, Any]) -> None:
    for tool in (await client.list_tools())["tools"]:
        await client.call_tool(tool["name"], {})
    for resource in (await client.list_resources())["resources"]:
        await client.read_resource(resource["uri"])
    for prompt in (await client.list_prompts())["prompts"]:
        await client.get_prompt(prompt["name"])


async def call_as_told(client: ZCPClientSession, context: dict[str, Any]) -> None:
    await client.list_tools()
    for call in context["toolCalls"]:
        await client.call_tool(call["name"], call.get("arguments"))


async def call_every_tool_left(client: ZCPClientSession, _: dict[str, Any]) -> None:
    for tool in (await client.list_tools())["tools"]:
        await client.call_tool(tool["name"], {"region": "us-west1"})


async def echo_the_schema(client: ZCPClientSession, _: dict[str, Any]) -> None:
    tools = {tool["name"]: tool for tool in (await client.list_tools())["tools"]}
    schema = tools["json_schema_2020_12_tool"]["inputSchema"]
    await client.call_tool("json_schema_echo", {"schema": schema})


SCENARIOS: dict[str, Scenario] = {
    "initialize": list_tools,
    "tools_call": add,
    "elicitation-sep1034-client-defaults": fill_in_defaults,
    "sse-retry": survive_a_closed_stream,
    "request-metadata": list_tools,
    "sep-2322-client-request-state": carry_request_state,
    "http-standard-headers": use_everything,
    "http-custom-headers": call_as_told,
    "http-invalid-tool-headers": call_every_tool_left,
    "json-schema-ref-no-deref": list_tools,
    "json-schema-2020-12-preservation": echo_the_schema,
}
"""By the suite's own names."""


async def run(url: str, scenario: str, revision: str | None, context: dict[str, Any]) -> None:
    """Raises `KeyError` for a scenario this fixture does not have."""
    if scenario.startswith(auth_client.PREFIX):
        await auth_client.run(url, scenario, revision, context)
        return
    act = SCENARIOS[scenario]
    async with streamable_http_client(
        url,
        revision=revision,
        roots_provider=roots,
        sampling_handler=say,
        elicitation_handler=accept,
        timeout=20.0,
    ) as client:
        await act(client, context)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    parser.add_argument("url")
    told = parser.parse_args()
    anyio.run(
        run,
        told.url,
        os.environ["MCP_CONFORMANCE_SCENARIO"],
        os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION"),
        json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}")),
        backend=told.backend,
    )


if __name__ == "__main__":
    main()
