"""What the official MCP Python SDK 1.x sees of `server-everything`, wherever that stands.

`transcript.py COMMAND…|URL` prints one JSON object: what came of each step, by its name. So a
server and a gateway in front of it can be laid side by side.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import anyio
from mcp import ClientSession, McpError, StdioServerParameters, types
from mcp.client.sse import sse_client
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from pydantic import AnyUrl, BaseModel

from .face import Inbox, sampled, transport_of

STEP_SECONDS = 30.0
DOCUMENT = AnyUrl("demo://resource/static/document/features.md")
NOTE = AnyUrl("demo://resource/dynamic/text/3")
TEAM = types.PromptReference(type="ref/prompt", name="completable-prompt")

CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "echo": ("echo", {"message": "grüß dich 😀"}),
    "sum": ("get-sum", {"a": 2, "b": 3}),
    "structured": ("get-structured-content", {"location": "Chicago"}),
    "image": ("get-tiny-image", {}),
    "links": ("get-resource-links", {"count": 3}),
    "annotated": ("get-annotated-message", {"messageType": "error", "includeImage": True}),
    "sampling": ("trigger-sampling-request", {"prompt": "What is 2 + 2?", "maxTokens": 50}),
    "elicitation": ("trigger-elicitation-request", {}),
    "roots": ("get-roots-list", {}),
    "wrong arguments": ("get-sum", {"a": "many"}),
    "unknown tool": ("no.such.tool", {}),
}
"""Tools to call, by the step's name."""


def plain(model: BaseModel) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_none=True)


class Guest:
    """A session and what was heard in it."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.session: ClientSession
        self.greeting: types.InitializeResult

    async def on_sampling(self, _: Any, params: Any) -> types.CreateMessageResult:
        text = types.TextContent(type="text", text=sampled(plain(params)))
        return types.CreateMessageResult(role="assistant", content=text, model="model-of-client")

    async def on_elicitation(self, _: Any, params: Any) -> types.ElicitResult:
        self.inbox.add("elicitation", plain(params))
        return types.ElicitResult(action="accept", content={"name": "Ada"})

    async def on_roots(self, _: Any) -> types.ListRootsResult:
        return types.ListRootsResult(roots=[types.Root(uri="file:///workspace", name="workspace")])

    async def on_message(self, message: Any) -> None:
        if isinstance(message, types.ServerNotification):
            shape = plain(message.root)
            self.inbox.add(shape["method"], shape.get("params"))

    # -- the steps ---------------------------------------------------------------------------------

    async def introduction(self) -> Any:
        shape = plain(self.greeting)
        return {name: shape.get(name) for name in ("serverInfo", "instructions")}

    async def tools(self) -> Any:
        """Those it adds for what the client can do are there a moment later."""
        while True:
            listed = (await self.session.list_tools()).tools
            if "trigger-sampling-request" in [tool.name for tool in listed]:
                return {tool.name: plain(tool) for tool in listed}
            await anyio.sleep(0.05)

    async def lists(self) -> Any:
        resources = plain(await self.session.list_resources())["resources"]
        templates = plain(await self.session.list_resource_templates())["resourceTemplates"]
        return [resources, templates, plain(await self.session.list_prompts())["prompts"]]

    async def read(self) -> Any:
        return plain(await self.session.read_resource(DOCUMENT))

    async def read_unknown(self) -> Any:
        return plain(await self.session.read_resource(AnyUrl("demo://nowhere")))

    async def prompt(self) -> Any:
        return plain(await self.session.get_prompt("args-prompt", {"city": "Rome"}))

    async def completion(self) -> Any:
        first = await self.session.complete(TEAM, {"name": "department", "value": "S"})
        context = {"department": "Sales"}
        second = await self.session.complete(TEAM, {"name": "name", "value": ""}, context)
        return [plain(first), plain(second)]

    async def progress(self) -> Any:
        steps: list[Any] = []

        async def on_progress(*step: Any) -> None:
            steps.append(step)

        name, given = "trigger-long-running-operation", {"duration": 0.2, "steps": 4}
        result = await self.session.call_tool(name, given, progress_callback=on_progress)
        return [steps, plain(result)]

    async def subscription(self) -> Any:
        await self.session.subscribe_resource(NOTE)
        await self.session.call_tool("toggle-subscriber-updates", {})
        return await self.inbox.until("notifications/resources/updated")

    async def logging(self) -> Any:
        await self.session.set_logging_level("debug")
        while not (heard := self.inbox.of("notifications/message")):
            # A gateway hands on what is said during a call; it may come by another way, too late.
            await self.session.call_tool("toggle-simulated-logging", {})
        return sorted(heard[0])

    async def task(self) -> Any:
        tasks = self.session.experimental
        given = {"topic": "python", "ambiguous": True}
        created = await tasks.call_tool_as_task("simulate-research-query", given)
        result = await tasks.get_task_result(created.task.taskId, types.CallToolResult)
        ended = await tasks.get_task(created.task.taskId)
        return [plain(result), ended.status]


STEPS = (
    Guest.introduction,
    Guest.tools,
    Guest.lists,
    Guest.read,
    Guest.read_unknown,
    Guest.prompt,
    Guest.completion,
    Guest.progress,
    Guest.subscription,
    Guest.logging,
    Guest.task,
)


async def outcome(step: Callable[[], Awaitable[Any]]) -> Any:
    """What it returned, or the protocol error it ended in."""
    try:
        with anyio.fail_after(STEP_SECONDS):
            return await step()
    except McpError as error:
        return {"error": error.error.code, "message": error.error.message}


def link(place: list[str]) -> AbstractAsyncContextManager[tuple[Any, ...]]:
    match transport_of(place):
        case "stdio":
            return stdio_client(StdioServerParameters(command=place[0], args=place[1:]))
        case "sse":
            return sse_client(place[0])
        case _:
            return streamable_http_client(place[0])


async def main() -> None:
    guest = Guest()
    async with (
        link(sys.argv[1:]) as (read, write, *_),
        ClientSession(
            read,
            write,
            sampling_callback=guest.on_sampling,
            elicitation_callback=guest.on_elicitation,
            list_roots_callback=guest.on_roots,
            message_handler=guest.on_message,
        ) as session,
    ):
        guest.session = session
        guest.greeting = await session.initialize()
        found: dict[str, Any] = {}
        for step in STEPS:
            found[step.__name__] = await outcome(step.__get__(guest))
        for step_name, (tool, given) in CALLS.items():

            async def call(tool: str = tool, given: dict[str, Any] = given) -> Any:
                return plain(await session.call_tool(tool, given))

            found[step_name] = await outcome(call)
        found["asked"] = guest.inbox.of("elicitation")
    print(json.dumps(found))


anyio.run(main)
