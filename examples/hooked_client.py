"""A client whose hooks answer what the server asks: roots, a model's message, a user's approval.

python examples/hooked_client.py
"""

from typing import Any

import anyio

from zcp import Context, FastZCP, stdio_client, stdio_server

app = FastZCP("Hook Demo")


@app.task("review.summary")
async def review_summary(payload: dict[str, Any]) -> dict[str, Any]:
    task = payload["task"]
    draft = await task.create_message(
        {
            "messages": [
                {"role": "user", "content": f"Summarize {payload['topic']} in one sentence."}
            ],
            "maxTokens": 120,
        }
    )
    approval = await task.elicit({"kind": "approval", "prompt": "Approve sending the summary?"})
    return {"draft": draft, "approval": approval}


@app.tool(name="workspace.roots", input_schema={"type": "object", "properties": {}})
async def list_workspaces(ctx: Context) -> list[str]:
    await ctx.log("info", "looking at the client's workspaces")
    return [root.uri for root in (await ctx.list_roots()).roots]


def log_handler(entry: dict[str, Any]) -> None:
    print("log:", entry["data"])


async def sampling_handler(request: dict[str, Any]) -> dict[str, Any]:
    print("sampling:", request["messages"][0]["content"]["text"])
    return {"role": "assistant", "content": "Short summary draft."}


async def elicitation_handler(request: dict[str, Any]) -> dict[str, Any]:
    print("elicitation:", request["kind"], "-", request["prompt"])
    return {"accepted": True, "fields": {}}


async def main() -> None:
    server = stdio_server(app)
    client = stdio_client(
        server,
        roots_provider=lambda: [{"uri": "file:///workspace", "name": "workspace"}],
        sampling_handler=sampling_handler,
        elicitation_handler=elicitation_handler,
        log_handler=log_handler,
    )
    async with server, client:
        roots = await client.call_tool("workspace.roots")
        print("roots:", roots["structuredContent"])
        created = await client.create_task("review.summary", {"topic": "ZCP transport parity"})
        result = await client.get_task_result(created["task"]["taskId"])
        print("draft:", result["draft"]["content"]["text"])
        print("approval:", result["approval"]["action"])


if __name__ == "__main__":
    anyio.run(main)
