"""What our client does with a server of `peers/`, whichever SDK it is written with."""

import base64
import json
from collections.abc import Awaitable

import anyio
import pytest
from zcp_kernel.errors import RemoteError

from tests.interop.drivers.face import text_of
from tests.interop.visits.visit import Shape, Visit


async def initialize(visit: Visit) -> None:
    greeting = visit.greeting
    assert greeting["protocolVersion"] == visit.client.protocol_version == visit.run.revision
    assert greeting["serverInfo"]["name"] == "peer", greeting
    assert greeting["instructions"] == "Ask me.", greeting
    for member in ("tools", "resources", "prompts"):
        assert member in greeting["capabilities"], greeting


async def ping(visit: Visit) -> None:
    await visit.client.ping()


async def list_tools(visit: Visit) -> None:
    tools = {tool["name"]: tool for tool in (await visit.client.list_tools())["tools"]}
    assert tools["echo"]["inputSchema"]["required"] == ["text"], tools["echo"]
    assert tools["echo"]["description"] == "Echo a text.", tools["echo"]
    assert tools["add"]["annotations"]["readOnlyHint"] is True, tools["add"]


async def call(visit: Visit) -> None:
    for text in ("grüß dich \u2028 😀", "", "line\r\nline\n\ndata: x"):
        assert text_of(await visit.client.call_tool("echo", {"text": text})) == text


async def call_structured(visit: Visit) -> None:
    result = await visit.client.call_tool("add", {"a": 2, "b": 3})
    assert json.loads(text_of(result)) == {"total": 5}
    newer = visit.run.revision < "2025-06-18" and "structuredContent" not in result
    assert newer or result["structuredContent"] == {"total": 5}, result


async def call_much(visit: Visit) -> None:
    text = "0123456789abcdef" * 40_000
    assert text_of(await visit.client.call_tool("echo", {"text": text})) == text


async def call_many_at_once(visit: Visit) -> None:
    answers: dict[int, str] = {}

    async def one(number: int) -> None:
        result = await visit.client.call_tool("echo", {"text": f"call {number}"})
        answers[number] = text_of(result)

    async with anyio.create_task_group() as group:
        for number in range(30):
            group.start_soon(one, number)
    assert answers == {number: f"call {number}" for number in range(30)}, answers


async def call_media(visit: Visit) -> None:
    blocks = (await visit.client.call_tool("media"))["content"]
    assert blocks[0] == {"type": "text", "text": "some text"}, blocks
    assert base64.b64decode(blocks[1]["data"]).startswith(b"\x89PNG"), blocks[1]
    kinds = [block["type"] for block in blocks]
    assert kinds == ["text", "image", "audio", "resource", "resource_link"], kinds
    assert blocks[3]["resource"]["text"] == "inside", blocks[3]
    assert blocks[4]["uri"] == "note://greeting", blocks[4]


async def tool_error(visit: Visit) -> None:
    result = await visit.client.call_tool("fail")
    assert result["isError"] is True, result
    assert "fail" in result["content"][0]["text"], result


async def wrong_arguments(visit: Visit) -> None:
    said = await _refused(visit.client.call_tool("add", {"a": "many"}))
    assert "a" in said, said


async def unknown_tool(visit: Visit) -> None:
    assert "no.such.tool" in await _refused(visit.client.call_tool("no.such.tool"))


async def _refused(request: Awaitable[Shape]) -> str:
    """What was said: in a result, or in a protocol error, as its authors saw fit."""
    try:
        result = await request
    except RemoteError as error:
        return str(error)
    assert result["isError"] is True, result
    return str(result["content"][0]["text"])


async def list_resources(visit: Visit) -> None:
    listed = {each["uri"]: each for each in (await visit.client.list_resources())["resources"]}
    assert set(listed) == {"note://greeting", "note://bytes"}, listed
    assert listed["note://greeting"]["mimeType"] == "text/plain", listed
    templates = (await visit.client.list_resource_templates())["resourceTemplates"]
    assert [each["uriTemplate"] for each in templates] == ["note://by-name/{name}"], templates


async def read(visit: Visit) -> None:
    (contents,) = (await visit.client.read_resource("note://greeting"))["contents"]
    assert contents["text"] == "hello", contents
    (contents,) = (await visit.client.read_resource("note://bytes"))["contents"]
    assert base64.b64decode(contents["blob"]) == bytes(range(256)), contents
    (contents,) = (await visit.client.read_resource("note://by-name/ada"))["contents"]
    assert contents["text"] == "a note to ada", contents
    filled = await visit.client.read_resource("note://by-name/{name}", {"name": "ada"})
    assert filled["contents"][0]["text"] == "a note to ada", filled


async def read_unknown(visit: Visit) -> None:
    with pytest.raises(RemoteError, match="note://nowhere"):
        await visit.client.read_resource("note://nowhere")


async def prompts(visit: Visit) -> None:
    (prompt,) = (await visit.client.list_prompts())["prompts"]
    assert prompt["name"] == "greet", prompt
    (argument,) = prompt["arguments"]
    assert (argument["name"], argument["required"]) == ("name", True), prompt
    got = await visit.client.get_prompt("greet", {"name": "Ada"})
    assert got["messages"][0]["content"]["text"] == "Greet Ada.", got
    with pytest.raises(RemoteError):
        await visit.client.get_prompt("greet")


async def completion(visit: Visit) -> None:
    ref = {"type": "ref/prompt", "name": "greet"}
    found = await visit.client.complete(ref, {"name": "name", "value": "A"})
    assert found["completion"]["values"] == ["Ada", "Alan"], found
    ref = {"type": "ref/resource", "uri": "note://by-name/{name}"}
    found = await visit.client.complete(ref, {"name": "name", "value": "G"})
    assert found["completion"]["values"] == ["Grace"], found


BASICS = (
    initialize,
    ping,
    list_tools,
    call,
    call_structured,
    call_much,
    call_many_at_once,
    call_media,
    tool_error,
    wrong_arguments,
    unknown_tool,
    list_resources,
    read,
    read_unknown,
    prompts,
    completion,
)
