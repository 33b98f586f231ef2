"""What a server of `peers/` does beside answering: progress, logs, questions, news, stopping."""

import anyio
import pytest
from zcp_kernel.errors import DeadlineExceeded, RemoteError

from tests.interop.drivers.face import text_of
from tests.interop.visits.visit import Shape, Visit

UPDATED = "notifications/resources/updated"
TOOLS_CHANGED = "notifications/tools/list_changed"


async def progress(visit: Visit) -> None:
    steps: list[Shape] = []
    counted = await visit.client.call_tool("count", {"steps": 5}, progress=steps.append)
    assert text_of(counted) == "counted to 5"
    assert [(step["progress"], step["total"]) for step in steps] == [(n, 5) for n in range(1, 6)]
    said = visit.run.revision >= "2025-03-26"
    assert not said or steps[-1]["message"] == "step 5", steps


async def logging(visit: Visit) -> None:
    """A level where there is one to set; the SDKs' own servers log without being asked."""
    if visit.stateless or "logging" in visit.greeting["capabilities"]:
        await visit.client.set_logging_level("warning")
    assert text_of(await visit.client.call_tool("talk")) == "said"
    entry = await visit.inbox.until("log", lambda entry: "a warning" in str(entry["data"]))
    assert entry["level"] == "warning", entry
    assert not [each for each in visit.inbox.of("log") if each["level"] == "debug"]


async def sampling(visit: Visit) -> None:
    said = text_of(await visit.client.call_tool("ask_model", {"prompt": "What is 2 + 2?"}))
    assert said == "model-of-client: you said What is 2 + 2?", said
    (request,) = visit.inbox.of("sampling")
    assert request["maxTokens"] == 50, request
    assert request["systemPrompt"] == "Be brief.", request


async def elicitation(visit: Visit) -> None:
    accepted = await visit.client.call_tool("ask_user", {"question": "Who?"})
    assert text_of(accepted) == "accept Ada"
    declined = await visit.client.call_tool("ask_user", {"question": "decline"})
    assert text_of(declined) == "decline"
    first, _ = visit.inbox.of("elicitation")
    assert first["message"] == "Who?", first
    assert first["requestedSchema"]["properties"]["name"]["type"] == "string", first


async def roots(visit: Visit) -> None:
    assert text_of(await visit.client.call_tool("where")) == "file:///workspace"


async def cancel(visit: Visit) -> None:
    client, name = visit.client, visit.unique
    if visit.stateless:
        await client.set_logging_level("warning")
    async with anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "wait_for_ever", {"name": name})
        await visit.inbox.until("log", lambda entry: f"waiting {name}" in str(entry["data"]))
        group.cancel_scope.cancel()
    for _ in range(500):
        if name in text_of(await client.call_tool("were_cancelled")).split():
            break
        await anyio.sleep(0.01)
    assert name in text_of(await client.call_tool("were_cancelled")).split()
    assert text_of(await client.call_tool("echo", {"text": "still here"})) == "still here"


async def cancel_by_deadline(visit: Visit) -> None:
    name = f"late-{visit.unique}"
    with pytest.raises(DeadlineExceeded):
        await visit.client.call_tool("wait_for_ever", {"name": name}, timeout=0.3)
    for _ in range(500):
        if name in text_of(await visit.client.call_tool("were_cancelled")).split():
            return
        await anyio.sleep(0.01)
    raise AssertionError("the server was not told")


async def subscribe(visit: Visit) -> None:
    uri = f"note://by-name/{visit.unique}"
    await visit.client.subscribe_resource(uri)
    await visit.client.call_tool("touch", {"uri": uri})
    await visit.inbox.until(UPDATED, lambda params: params["uri"] == uri)
    await visit.client.unsubscribe_resource(uri)
    before = len(visit.inbox.of(UPDATED))
    await visit.client.call_tool("touch", {"uri": uri})
    await visit.client.subscribe_resource("note://greeting")
    await visit.client.call_tool("touch", {"uri": "note://greeting"})
    await visit.inbox.until(UPDATED, lambda params: params["uri"] == "note://greeting")
    news = [params["uri"] for params in visit.inbox.of(UPDATED)[before:]]
    assert uri not in news, news


async def subscribe_refused(visit: Visit) -> None:
    """A server that cannot says so; the session lives on."""
    with pytest.raises(RemoteError):
        await visit.client.subscribe_resource("note://greeting")
    assert text_of(await visit.client.call_tool("echo", {"text": "still here"})) == "still here"


async def list_changed(visit: Visit) -> None:
    name = f"grown_{visit.unique}"
    await visit.client.list_tools()
    assert text_of(await visit.client.call_tool("grow", {"name": name})) == "grown"
    await visit.inbox.until(TOOLS_CHANGED)
    names = [tool["name"] for tool in (await visit.client.list_tools())["tools"]]
    assert name in names, names
    assert text_of(await visit.client.call_tool(name)) == f"I am {name}"


LIVE = (
    progress,
    logging,
    sampling,
    elicitation,
    roots,
    cancel,
    cancel_by_deadline,
    subscribe,
    subscribe_refused,
    list_changed,
)
