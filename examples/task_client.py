"""A client that runs a tool as a task, follows its status, and fetches the result.

python examples/task_client.py
"""

from typing import Any

import anyio

from zcp import FastZCP, TaskExecutionContext, stdio_client, stdio_server

app = FastZCP("Task Demo")


@app.tool(
    name="weather.refresh",
    description="Refresh weather data.",
    input_schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    output_mode="scalar",
    inline_ok=True,
    execution={"taskSupport": "optional"},
)
async def refresh(city: str, task: TaskExecutionContext | None = None) -> dict[str, str]:
    if task is not None:
        await task.update_status(f"Refreshing {city}")
    await anyio.sleep(0.2)
    return {"city": city, "status": "done"}


def on_notification(method: str, params: dict[str, Any]) -> None:
    if method == "notifications/tasks/status":
        print("status:", params["status"], params.get("statusMessage", ""))


async def main() -> None:
    server = stdio_server(app)
    async with server, stdio_client(server, notification_handler=on_notification) as client:
        created = await client.call_tool_as_task(
            "weather.refresh", {"city": "Hangzhou"}, ttl=30000, poll_interval=50
        )
        task_id = created["task"]["taskId"]
        while True:
            current = (await client.get_task(task_id))["task"]
            if current["status"] in {"completed", "failed", "cancelled"}:
                break
            await anyio.sleep(current["pollInterval"] / 1000)
        result = await client.get_task_result(task_id)
        print("result:", result["structuredContent"])


if __name__ == "__main__":
    anyio.run(main)
