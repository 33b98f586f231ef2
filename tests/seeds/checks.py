"""What must come of the guides' samples, and what some of them take for granted."""

from __future__ import annotations

import ast
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
from zcp_kernel.client import ZCPClientSession

import zcp
from tests.seeds.running import Namespace

Ask = Callable[..., Awaitable[tuple[int, Any]]]
"""Send a request (method, path, JSON body, token); gives its status and its JSON."""

Client = ZCPClientSession


# -- what is asserted ------------------------------------------------------------------------------


def structured(result: dict[str, Any]) -> Any:
    assert result["isError"] is False, result
    return result["structuredContent"]


def an_app_can_be_made(names: Namespace, printed: str) -> None:
    app = names["app"]
    assert isinstance(app, zcp.FastZCP)
    assert (app.name, app.version) == ("Weather Backend", "1.0.0")
    assert app.instructions == "Weather tools, prompts, resources, and tasks."


def the_sum_is_five(names: Namespace, printed: str) -> None:
    tools, result = map(ast.literal_eval, printed.splitlines())
    assert [tool["name"] for tool in tools["tools"]] == ["math.add"]
    assert tools["tools"][0]["inputSchema"]["required"] == ["a", "b"]
    assert structured(result) == {"sum": 5}


def the_cache_is_refreshed(names: Namespace, printed: str) -> None:
    assert structured(ast.literal_eval(printed)) == {"city": "Hangzhou", "status": "refreshed"}


def the_city_is_refreshed(names: Namespace, printed: str) -> None:
    assert structured(ast.literal_eval(printed)) == {"city": "Hangzhou", "status": "done"}


def both_backends_are_listed(names: Namespace, printed: str) -> None:
    tools, resources = map(ast.literal_eval, printed.splitlines())
    (tool,), (faq,) = tools["tools"], resources["resources"]
    assert (tool["name"], tool["_meta"]["zcp/backend"]["name"]) == ("weather.lookup", "weather")
    assert (faq["uri"], faq["_meta"]["zcp/backend"]["name"]) == ("docs://faq", "docs")
    assert "errors" not in tools
    assert "errors" not in resources


def a_review_is_created(names: Namespace, printed: str) -> None:
    task = ast.literal_eval(printed)["task"]
    assert task["kind"] == "review.summary"
    assert task["status"] in ("queued", "working", "input_required")
    # The program ends without waiting; its own app and hooks, asked again, bring the review home.
    outcome = anyio.run(_reviewed, names)
    assert outcome["draft"]["content"]["text"] == "Short summary draft."
    assert outcome["approval"]["action"] == "accept"


async def _reviewed(names: Namespace) -> Any:
    async with zcp.stdio_client(
        zcp.stdio_server(names["app"]),
        sampling_handler=names["sampling_handler"],
        elicitation_handler=names["elicitation_handler"],
    ) as client:
        created = await client.create_task("review.summary", {"topic": "ZCP transport parity"})
        return await client.get_task_result(created["task"]["taskId"], timeout=30)


def the_package_is_there(names: Namespace, printed: str) -> None:
    assert names["zcp"] is zcp


async def the_weather_has_a_unit(client: Client) -> None:
    (tool,) = (await client.list_tools())["tools"]
    assert tool["inputSchema"]["properties"]["unit"]["enum"] == ["celsius", "fahrenheit"]
    called = await client.call_tool("weather.get_current", {"city": "Hangzhou"})
    assert structured(called) == {
        "city": "Hangzhou", "unit": "celsius", "temperature": 24, "condition": "Cloudy",
    }  # fmt: skip


async def cities_can_be_read(client: Client) -> None:
    (content,) = (await client.read_resource("weather://cities"))["contents"]
    assert content["mimeType"] == "application/json"
    assert json.loads(content["text"]) == ["Hangzhou", "Beijing", "Shanghai", "Shenzhen"]
    (content,) = (await client.read_resource("weather://city/Beijing"))["contents"]
    assert json.loads(content["text"]) == {"uri": "weather://city/Beijing", "temperature": 24}


async def the_prompt_completes(client: Client) -> None:
    await the_prompt_summarizes(client)
    answer = await client.complete("weather.summary", "city", "sh")
    assert answer["completion"]["values"] == ["Shanghai"]


async def the_prompt_summarizes(client: Client) -> None:
    (message,) = (await client.get_prompt("weather.summary", {"city": "Hangzhou"}))["messages"]
    assert message["role"] == "user"
    assert message["content"]["text"] == "Summarize weather for Hangzhou"


async def the_task_refreshes(client: Client) -> None:
    created = await client.create_task("weather.refresh", {"city": "Hangzhou"})
    task_id = created["task"]["taskId"]
    assert await client.get_task_result(task_id) == {"status": "refreshed", "city": "Hangzhou"}
    assert (await client.get_task(task_id))["task"]["status"] == "completed"


async def the_tool_refreshes_both_ways(client: Client) -> None:
    done = {"city": "Hangzhou", "status": "refreshed"}
    assert structured(await client.call_tool("weather.refresh", {"city": "Hangzhou"})) == done
    created = await client.call_tool_as_task("weather.refresh", {"city": "Hangzhou"})
    task_id = created["task"]["taskId"]
    seen = [each async for each in messages_of(client, task_id)]
    assert "Fetching upstream data for Hangzhou" in seen
    assert "Writing cache for Hangzhou" in seen
    assert structured(await client.get_task_result(task_id)) == done
    assert (await client.get_task(task_id))["task"]["status"] == "completed"


async def the_import_tells_its_steps(client: Client) -> None:
    created = await client.create_task("weather.import", {"source": "s3://weather"})
    task_id = created["task"]["taskId"]
    seen = [each async for each in messages_of(client, task_id)]
    assert "Downloading source files" in seen
    assert "Normalizing records" in seen
    outcome = await client.get_task_result(task_id)
    assert outcome == {"source": "s3://weather", "status": "completed"}


async def messages_of(client: Client, task_id: str) -> AsyncIterator[str | None]:
    """The status messages a poller sees until the task ends; bounded, or it fails."""
    with anyio.fail_after(30):
        while True:
            task = (await client.get_task(task_id))["task"]
            yield task.get("statusMessage")
            if task["status"] in {"completed", "failed", "cancelled"}:
                return
            await anyio.sleep(0.01)


async def it_introduces_itself(client: Client) -> None:
    agreed = await client.initialize()
    assert agreed["serverInfo"]["name"] == "Desktop Integration"
    assert await client.ping() == {"ok": True}


async def the_weather_is_served(client: Client) -> None:
    agreed = await client.initialize()
    assert agreed["serverInfo"]["name"] == "ZCP MCP Compatibility Server"
    called = await client.call_tool("weather.get_current", {"city": "Hangzhou"})
    assert structured(called) == {"city": "Hangzhou", "temperature": 24, "condition": "Cloudy"}


async def the_whole_service_is_served(client: Client) -> None:
    await the_weather_is_served(client)
    (content,) = (await client.read_resource("weather://cities"))["contents"]
    assert json.loads(content["text"]) == ["Hangzhou", "Beijing", "Shanghai"]
    await the_prompt_summarizes(client)


async def the_greeting_is_served(client: Client) -> None:
    (block,) = (await client.call_tool("greet", {"name": "Ada"}))["content"]
    assert block["text"] == "Hello Ada"


# -- what a sample takes for granted ---------------------------------------------------------------


def an_app_with_a_workflow(name: str = "Planner") -> zcp.FastZCP:
    app = zcp.FastZCP(name)
    app.tool(name="plan.trip", metadata={"groups": ["workflow", "travel"]})(_nothing)
    app.tool(name="city.lookup")(_nothing)
    app.resource("docs://faq", name="FAQ")(_nothing)
    app.prompt(name="summary")(_nothing)
    return app


def _nothing() -> str:
    return "nothing"


async def the_app() -> Namespace:
    return {"app": an_app_with_a_workflow()}


async def a_client() -> Namespace:
    return {"client": await _opened("Planner")}


async def a_server() -> Namespace:
    app = an_app_with_a_workflow()

    @app.tool
    async def ask_the_client(ctx: Any) -> dict[str, Any]:
        roots = await ctx.list_roots()
        reply = await ctx.create_message([{"role": "user", "content": "Say something."}])
        answer = await ctx.elicit("Which city?", {"city": "string"})
        return {
            "root": roots.roots[0].uri,
            "reply": reply.content.text,
            "city": answer.content["city"],
        }

    server = zcp.streamable_http_server(app, endpoint="http://127.0.0.1:8000/zcp")
    return {"server": server, "streamable_http_client": zcp.streamable_http_client}


async def the_client_has_its_hooks(names: Namespace) -> None:
    client: Client = names["client"]
    await client.initialize()
    answer = await client.call_tool("ask_the_client", {})
    assert structured(answer) == {
        "root": "file:///workspace",
        "reply": "Sampled reply",
        "city": "Hangzhou",
    }


async def three_sessions() -> Namespace:
    from zcp import ZCPSessionGroup

    names = ("weather", "docs", "approval")
    sessions = {f"{name}_session": await _opened(name) for name in names}
    return {"ZCPSessionGroup": ZCPSessionGroup, **sessions}


async def _opened(name: str) -> Client:
    client = zcp.stdio_client(an_app_with_a_workflow(name))
    await client.initialize()
    await client.initialized()
    return client


async def the_workflow_is_selected(names: Namespace) -> None:
    assert _tools(names["semantic_tools"]) == ["plan.trip"]
    assert _tools(names["all_tools"]) == ["plan.trip", "city.lookup"]


async def only_the_workflow_is_listed(names: Namespace) -> None:
    assert names["tools"]["profile"] == "semantic-workflow"
    assert _tools(names["tools"]) == ["plan.trip"]


async def three_backends_are_merged(names: Namespace) -> None:
    for member, expected in (("tools", 6), ("resources", 3), ("prompts", 3)):
        listed = names[member][member]
        assert len(listed) == expected
        backends = list(dict.fromkeys(_backends(listed)))
        assert backends == ["weather", "docs", "approval"]


def _tools(answer: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in answer["tools"]]


def _backends(items: list[dict[str, Any]]) -> Iterator[str]:
    for item in items:
        yield item["_meta"]["zcp/backend"]["name"]


async def the_hosted_weather_is_guarded(ask: Ask) -> None:
    """Both planes, the token, its scopes, and operations, as "What that gives you immediately"."""
    for path in ("/healthz", "/readyz", "/metadata"):
        status, _ = await ask("GET", path)
        assert status == 200
    request: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    status, _ = await ask("POST", "/zcp", request)
    assert status == 401
    status, listed = await ask("POST", "/zcp", request, token="replace-me")
    assert status == 200
    (tool,) = listed["result"]["tools"]
    call = {"name": tool["name"], "arguments": {"city": "Hangzhou"}}
    request = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call}
    status, answer = await ask("POST", "/zcp", request, token="replace-me")
    assert status == 200
    assert "Cloudy" in str(answer["result"])


async def tokens_are_issued_and_needed(ask: Ask) -> None:
    """Nobody gets in without a token, and where there is one is told."""
    for path in ("/healthz", "/readyz", "/metadata"):
        status, _ = await ask("GET", path)
        assert status == 200
    for plane in ("/mcp", "/zcp"):
        status, _ = await ask("POST", plane, {"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
        assert status == 401
        _, resource = await ask("GET", f"/.well-known/oauth-protected-resource{plane}")
        assert resource["resource"] == f"https://zcp.example.com{plane}"
        assert resource["authorization_servers"] == ["https://zcp.example.com"]
    _, server = await ask("GET", "/.well-known/oauth-authorization-server")
    assert server["authorization_endpoint"] == "https://zcp.example.com/authorize"
    assert server["code_challenge_methods_supported"] == ["S256"]
    client = {"redirect_uris": ["https://c.example/cb"], "token_endpoint_auth_method": "none"}
    status, registered = await ask("POST", "/register", client)
    assert status == 201
    assert registered["client_id"]
