"""What our client does with `@modelcontextprotocol/server-everything`."""

import base64
import json
from functools import partial

import anyio
import pytest
from zcp_kernel.errors import RemoteError

from tests.interop.drivers.face import text_of
from tests.interop.visits.live import UPDATED
from tests.interop.visits.visit import Shape, Visit

NOTE = "demo://resource/dynamic/text/3"


async def initialize(visit: Visit) -> None:
    greeting = visit.greeting
    assert greeting["protocolVersion"] == visit.client.protocol_version == visit.run.revision
    assert greeting["serverInfo"]["name"] == "mcp-servers/everything", greeting
    assert "Everything" in greeting["instructions"], greeting
    assert greeting["capabilities"]["resources"]["subscribe"] is True, greeting


async def ping(visit: Visit) -> None:
    await visit.client.ping()


async def list_tools(visit: Visit) -> None:
    """Those it adds for what the client can do are there too."""
    for _ in range(200):
        tools = {tool["name"]: tool for tool in (await visit.client.list_tools())["tools"]}
        if "trigger-sampling-request" in tools:
            break
        await anyio.sleep(0.01)
    assert "trigger-sampling-request" in tools, tools
    assert tools["echo"]["annotations"]["idempotentHint"] is True, tools["echo"]
    assert tools["get-structured-content"]["outputSchema"]["required"], tools
    assert tools["simulate-research-query"]["execution"] == {"taskSupport": "required"}, tools


async def call(visit: Visit) -> None:
    said = await visit.client.call_tool("echo", {"message": "grüß dich \u2028 😀"})
    assert text_of(said) == "Echo: grüß dich \u2028 😀"
    summed = await visit.client.call_tool("get-sum", {"a": 2, "b": 3})
    assert text_of(summed) == "The sum of 2 and 3 is 5."


async def call_structured(visit: Visit) -> None:
    result = await visit.client.call_tool("get-structured-content", {"location": "Chicago"})
    assert result["structuredContent"] == json.loads(text_of(result))
    assert result["structuredContent"]["temperature"] == 36, result


async def call_many_at_once(visit: Visit) -> None:
    answers: dict[int, str] = {}

    async def one(number: int) -> None:
        answers[number] = text_of(await visit.client.call_tool("echo", {"message": f"{number}"}))

    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(one, number)
    assert answers == {number: f"Echo: {number}" for number in range(30)}, answers


async def call_media(visit: Visit) -> None:
    image = (await visit.client.call_tool("get-tiny-image"))["content"][1]
    assert base64.b64decode(image["data"]).startswith(b"\x89PNG"), image
    given = {"resourceType": "Blob", "resourceId": 2}
    embedded = (await visit.client.call_tool("get-resource-reference", given))["content"][1]
    assert b"base64 blob" in base64.b64decode(embedded["resource"]["blob"]), embedded
    links = (await visit.client.call_tool("get-resource-links", {"count": 2}))["content"][1:]
    assert [link["type"] for link in links] == ["resource_link"] * 2, links
    given = {"messageType": "error", "includeImage": True}
    noted = (await visit.client.call_tool("get-annotated-message", given))["content"]
    assert noted[0]["annotations"] == {"priority": 1, "audience": ["user", "assistant"]}, noted


async def refusals(visit: Visit) -> None:
    wrong = await visit.client.call_tool("get-sum", {"a": "many"})
    assert wrong["isError"] is True, wrong
    assert "expected number" in wrong["content"][0]["text"], wrong
    unknown = await visit.client.call_tool("no.such.tool")
    assert "no.such.tool" in unknown["content"][0]["text"], unknown
    with pytest.raises(RemoteError, match="demo://nowhere"):
        await visit.client.read_resource("demo://nowhere")
    with pytest.raises(RemoteError):
        await visit.client.get_prompt("args-prompt", {})


async def resources(visit: Visit) -> None:
    listed = (await visit.client.list_resources())["resources"]
    documents = [each for each in listed if each["mimeType"] == "text/markdown"]
    assert documents, listed
    (contents,) = (await visit.client.read_resource(documents[0]["uri"]))["contents"]
    assert contents["text"], contents
    templates = (await visit.client.list_resource_templates())["resourceTemplates"]
    assert "demo://resource/dynamic/blob/{resourceId}" in [t["uriTemplate"] for t in templates]
    (contents,) = (await visit.client.read_resource(NOTE))["contents"]
    assert contents["text"].startswith("Resource 3: "), contents


async def prompts(visit: Visit) -> None:
    listed = [prompt["name"] for prompt in (await visit.client.list_prompts())["prompts"]]
    assert {"simple-prompt", "args-prompt", "completable-prompt"} <= set(listed), listed
    got = await visit.client.get_prompt("args-prompt", {"city": "Rome"})
    assert got["messages"][0]["content"]["text"] == "What's weather in Rome?", got


async def completion(visit: Visit) -> None:
    ref = {"type": "ref/prompt", "name": "completable-prompt"}
    first = await visit.client.complete(ref, {"name": "department", "value": "S"})
    assert first["completion"]["values"] == ["Sales", "Support"], first
    if visit.run.revision < "2025-06-18":
        return
    context = {"department": "Sales"}
    second = await visit.client.complete(ref, {"name": "name", "value": "E"}, context=context)
    assert second["completion"]["values"] == ["Eve"], second


async def progress(visit: Visit) -> None:
    steps: list[Shape] = []
    given = {"duration": 0.2, "steps": 4}
    await visit.client.call_tool("trigger-long-running-operation", given, progress=steps.append)
    assert [(step["progress"], step["total"]) for step in steps] == [(n, 4) for n in range(1, 5)]


async def logging(visit: Visit) -> None:
    """At the lowest level; what it says of a subscription at level info is not heard above it."""
    await visit.client.set_logging_level("debug")
    await visit.client.subscribe_resource(NOTE)
    entry = await visit.inbox.until("log", lambda entry: "Received Subscribe" in entry["data"])
    assert entry["level"] == "info", entry
    await visit.client.set_logging_level("emergency")
    await visit.client.unsubscribe_resource(NOTE)
    await visit.client.ping()
    assert not [each for each in visit.inbox.of("log") if "Unsubscribe" in each["data"]]


async def sampling(visit: Visit) -> None:
    given = {"prompt": "What is 2 + 2?", "maxTokens": 50}
    said = text_of(await visit.client.call_tool("trigger-sampling-request", given))
    assert "What is 2 + 2?" in said, said
    assert "model-of-client" in said, said


async def elicitation(visit: Visit) -> None:
    """In a form whose fields have defaults of every kind; and of a URL."""
    result = await visit.client.call_tool("trigger-elicitation-request")
    assert "User provided" in text_of(result), result
    (request,) = visit.inbox.of("elicitation")
    assert request["requestedSchema"]["required"] == ["name"], request


async def elicitation_of_url(visit: Visit) -> None:
    given = {"url": "https://example.com/", "elicitationId": visit.unique}
    result = await visit.client.call_tool("trigger-url-elicitation", given)
    assert "User completed" in text_of(result), result
    requests = visit.inbox.of("elicitation")
    assert requests[-1]["elicitationId"] == visit.unique, requests
    assert requests[-1]["url"] == "https://example.com/", requests


async def elicitation_required(visit: Visit) -> None:
    """-32042 tells which URLs have to be visited first: the user is asked, and the call goes on
    after that, though this server never tells that he is through."""
    given = {"url": "https://example.com/", "elicitationId": visit.unique, "errorPath": True}
    before = len(visit.inbox.of("elicitation"))
    result = await visit.client.call_tool("trigger-url-elicitation", given)
    assert "User completed" in text_of(result), result
    asked = [request["url"] for request in visit.inbox.of("elicitation")[before:]]
    assert asked == ["https://modelcontextprotocol.io", "https://example.com/"], asked


async def roots(visit: Visit) -> None:
    said = text_of(await visit.client.call_tool("get-roots-list"))
    assert "file:///workspace" in said, said


async def subscribe(visit: Visit) -> None:
    await visit.client.subscribe_resource(NOTE)
    await visit.client.call_tool("toggle-subscriber-updates")
    news = await visit.inbox.until(UPDATED)
    assert news["uri"] == NOTE, news
    await visit.client.call_tool("toggle-subscriber-updates")
    await visit.client.unsubscribe_resource(NOTE)


async def list_changed(visit: Visit) -> None:
    given = {"name": f"{visit.unique}.gz", "data": "data:text/plain,hello"}
    await visit.client.list_tools()
    await visit.client.list_resources()
    link = (await visit.client.call_tool("gzip-file-as-resource", given))["content"][0]
    await visit.inbox.until("notifications/resources/list_changed")
    listed = [each["uri"] for each in (await visit.client.list_resources())["resources"]]
    assert link["uri"] in listed, listed
    (contents,) = (await visit.client.read_resource(link["uri"]))["contents"]
    assert base64.b64decode(contents["blob"]).startswith(b"\x1f\x8b"), contents


async def cancel(visit: Visit) -> None:
    """A call that is given up frees the session for the next one."""
    steps: list[Shape] = []
    with anyio.CancelScope() as scope:

        def on_progress(step: Shape) -> None:
            steps.append(step)
            scope.cancel()

        given = {"duration": 30, "steps": 600}
        name = "trigger-long-running-operation"
        await visit.client.call_tool(name, given, progress=on_progress)
    assert scope.cancelled_caught
    assert text_of(await visit.client.call_tool("echo", {"message": "on"})) == "Echo: on"


async def tasks(visit: Visit) -> None:
    """One that runs through, one that asks on its way, and one that is cancelled."""
    client, name = visit.client, "simulate-research-query"
    reports: dict[str, str] = {}

    async def research(topic: str, *, ambiguous: bool) -> None:
        given = {"topic": topic, "ambiguous": ambiguous}
        created = (await client.call_tool_as_task(name, given))["task"]
        assert created["status"] == "working", created
        listed = [task["taskId"] for task in (await client.list_tasks())["tasks"]]
        assert created["taskId"] in listed, listed
        reports[topic] = text_of(await client.get_task_result(created["taskId"]))
        ended = (await client.get_task(created["taskId"]))["task"]
        assert ended["status"] == "completed", ended

    async with anyio.create_task_group() as group:
        group.start_soon(partial(research, "snakes", ambiguous=False))
        group.start_soon(partial(research, "python", ambiguous=True))
        given_up = (await client.call_tool_as_task(name, {"topic": "nothing"}))["task"]["taskId"]
        assert (await client.cancel_task(given_up))["task"]["status"] == "cancelled"
        with pytest.raises(RemoteError):
            await client.cancel_task(given_up)
    assert "Research Report: snakes\n" in reports["snakes"], reports
    assert "Research Report: python (technical)" in reports["python"], reports


async def task_awaited(visit: Visit) -> None:
    """The object a task is: its changes one by one, its result in the end."""
    task = await visit.client.start_task("simulate-research-query", {"topic": "rain"})
    said = [state.get("statusMessage") async for state in task]
    assert "Analyzing content..." in said, said
    assert "Research Report: rain" in text_of(await task)


async def task_only(visit: Visit) -> None:
    """A tool that can only be a task, called like any other."""
    given = {"topic": "wind", "ambiguous": False}
    result = await visit.client.call_tool("simulate-research-query", given)
    assert "Research Report: wind" in text_of(result), result


CHECKS = (
    initialize,
    ping,
    list_tools,
    call,
    call_structured,
    call_many_at_once,
    call_media,
    refusals,
    resources,
    prompts,
    completion,
    progress,
    logging,
    sampling,
    elicitation,
    elicitation_of_url,
    elicitation_required,
    roots,
    subscribe,
    list_changed,
    cancel,
    tasks,
    task_awaited,
    task_only,
)
