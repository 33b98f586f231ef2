"""What every client does with the everything server, written once over a `Face`."""

import base64
import json
import traceback
from collections.abc import Awaitable, Callable

import anyio

from . import live
from .face import STATELESS, Face, refusal, report, text_of, value_of

STEP_SECONDS = 30.0
"""How long one check may take before it counts as failed."""


async def initialize(face: Face, pinned: str) -> None:
    info = await face.info()
    assert info["protocolVersion"] == pinned, info
    assert info["serverInfo"]["name"] == "everything", info
    assert info["serverInfo"]["version"] == "1.2.3", info
    assert info.get("instructions") == "Call anything.", info
    able = info["capabilities"]
    assert able["tools"].get("listChanged") is True, able
    assert able["resources"].get("subscribe") is True, able
    assert "prompts" in able, able
    assert "logging" in able, able
    assert ("completions" in able) == (pinned >= "2025-03-26"), able


async def ping(face: Face, _: str) -> None:
    await face.ping()


async def list_tools(face: Face, pinned: str) -> None:
    tools = {tool["name"]: tool for tool in (await face.list_tools())["tools"]}
    assert tools["echo"]["description"] == "Echo a text.", tools["echo"]
    assert tools["echo"]["inputSchema"]["required"] == ["text"], tools["echo"]
    by_hand = tools["explicit.schema"]["inputSchema"]
    assert by_hand["$comment"] == "travels verbatim", by_hand
    assert by_hand["properties"]["unit"]["enum"] == ["celsius", "fahrenheit"], by_hand
    hints = tools["add"].get("annotations")
    assert (hints is not None) == (pinned >= "2025-03-26"), tools["add"]
    schema = tools["add"].get("outputSchema")
    assert (schema is not None) == (pinned >= "2025-06-18"), tools["add"]
    assert "ctx" not in tools["count"]["inputSchema"]["properties"], tools["count"]


async def call(face: Face, _: str) -> None:
    assert (
        text_of(await face.call("echo", {"text": "grüß dich \u2028 😀"})) == "grüß dich \u2028 😀"
    )


async def call_sync(face: Face, _: str) -> None:
    assert value_of(face, await face.call("add", {"a": 2, "b": 3})) == {"total": 5}


async def call_many_at_once(face: Face, _: str) -> None:
    answers: dict[int, str] = {}

    async def one(number: int) -> None:
        answers[number] = text_of(await face.call("echo", {"text": f"call {number}"}))

    async with anyio.create_task_group() as group:
        for number in range(50):
            group.start_soon(one, number)
    assert answers == {number: f"call {number}" for number in range(50)}, answers


async def call_media(face: Face, pinned: str) -> None:
    blocks = (await face.call("media", {}))["content"]
    kinds = [block["type"] for block in blocks]
    assert kinds[0] == "text", kinds
    assert base64.b64decode(blocks[1]["data"]).startswith(b"\x89PNG"), blocks[1]
    if pinned >= "2025-06-18":
        assert kinds == ["text", "image", "audio", "resource", "resource_link"], kinds
        assert blocks[3]["resource"]["text"] == "inside", blocks[3]


async def tool_error(face: Face, _: str) -> None:
    result = await face.call("fail", {})
    assert result["isError"] is True, result
    assert "broken on purpose" in result["content"][0]["text"], result


async def wrong_arguments(face: Face, pinned: str) -> None:
    """A protocol error in the older revisions, since 2025-11-25 a result a model can mend; either
    way every fault is named."""
    request = face.call("add", {"a": "many"})
    if pinned >= "2025-11-25":
        result = await request
        assert result["isError"] is True, result
        said = result["content"][0]["text"]
    else:
        code, said = await refusal(face, request)
        assert code == -32602, said
    assert "a" in said, said
    assert "b" in said, said


async def unknown_tool(face: Face, _: str) -> None:
    code, message = await refusal(face, face.call("no.such.tool", {}))
    assert code == -32602, message
    assert "no.such.tool" in message, message


async def list_resources(face: Face, _: str) -> None:
    resources = {each["uri"]: each for each in (await face.list_resources())["resources"]}
    assert resources["note://greeting"]["mimeType"] == "text/plain", resources
    templates = (await face.list_templates())["resourceTemplates"]
    assert [each["uriTemplate"] for each in templates] == ["note://by-name/{name}"], templates


async def read(face: Face, _: str) -> None:
    (contents,) = (await face.read("note://greeting"))["contents"]
    assert contents["text"] == "hello", contents
    assert contents["uri"] == "note://greeting", contents


async def read_binary(face: Face, _: str) -> None:
    (contents,) = (await face.read("note://bytes"))["contents"]
    assert base64.b64decode(contents["blob"]) == bytes(range(256)), contents


async def read_template(face: Face, _: str) -> None:
    (contents,) = (await face.read("note://by-name/ada"))["contents"]
    assert json.loads(contents["text"]) == {"uri": "note://by-name/ada", "name": "ada"}, contents


async def read_unknown(face: Face, pinned: str) -> None:
    code, message = await refusal(face, face.read("note://nowhere"))
    sent = -32602 if pinned >= STATELESS else -32002
    assert code == face.renamed.get(sent, sent), (code, message)
    assert "note://nowhere" in message, message


async def prompts(face: Face, _: str) -> None:
    (prompt,) = (await face.list_prompts())["prompts"]
    assert prompt["name"] == "greet", prompt
    assert [each["name"] for each in prompt["arguments"]] == ["name", "tone"], prompt
    assert prompt["arguments"][0]["required"] is True, prompt


async def get_prompt(face: Face, _: str) -> None:
    result = await face.get_prompt("greet", {"name": "Ada"})
    first, second = result["messages"]
    assert first["content"]["text"] == "Greet Ada in a warm tone.", result
    assert (first["role"], second["role"]) == ("user", "assistant"), result


async def prompt_without_argument(face: Face, _: str) -> None:
    code, message = await refusal(face, face.get_prompt("greet", {}))
    assert code == -32602, message
    assert "name" in message, message


async def completion(face: Face, _: str) -> None:
    result = await face.complete({"type": "ref/prompt", "name": "greet"}, "name", "a")
    assert result["completion"]["values"] == ["Ada", "Alan"], result


async def completion_of_template(face: Face, _: str) -> None:
    ref = {"type": "ref/resource", "uri": "note://by-name/{name}"}
    result = await face.complete(ref, "name", "Gr")
    assert result["completion"]["values"] == ["Grace"], result


CHECKS: tuple[Callable[[Face, str], Awaitable[None]], ...] = (
    initialize,
    ping,
    list_tools,
    call,
    call_sync,
    call_many_at_once,
    call_media,
    tool_error,
    wrong_arguments,
    unknown_tool,
    list_resources,
    read,
    read_binary,
    read_template,
    read_unknown,
    prompts,
    get_prompt,
    prompt_without_argument,
    completion,
    completion_of_template,
    live.progress,
    live.progress_in_thread,
    live.logging,
    live.sampling,
    live.elicitation,
    live.elicitation_declined,
    live.roots,
    live.cancel,
    live.subscribe,
    live.list_changed,
)

SINCE = {"elicitation": "2025-06-18", "elicitation_declined": "2025-06-18"}
"""The revision a check's subject came with, where not the first."""

SESSION_ONLY = {"ping"}
"""What went with the session in 2026-07-28."""


def due(revision: str) -> list[str]:
    """The names of the checks a revision can be put to."""
    names = [check.__name__ for check in CHECKS]
    gone = SESSION_ONLY if revision >= STATELESS else set()
    return [
        name for name in names if SINCE.get(name, "2024-11-05") <= revision and name not in gone
    ]


async def run(face: Face, revision: str) -> None:
    """Every due check, each reported as a JSON line `{check, ok, detail}`."""
    for check in CHECKS:
        if check.__name__ not in due(revision):
            continue
        ok, detail = True, ""
        try:
            with anyio.fail_after(STEP_SECONDS):
                await check(face, revision)
        except Exception:
            ok, detail = False, traceback.format_exc()
        report(check.__name__, ok, detail)
