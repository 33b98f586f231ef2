"""A server on a WebSocket of its own, and a client that is told of changes as they happen.

Run it: `python examples/websocket.py`. Under an HTTP application the same socket is at `/ws`.
"""

from typing import Any

import anyio

from zcp import FastZCP, serve_websocket, websocket_client

app = FastZCP("Kettle", version="1.0")


@app.task("boil", input_schema={"type": "object", "properties": {"litres": {"type": "number"}}})
async def boil(payload: dict[str, Any]) -> dict[str, Any]:
    for degrees in (40, 70, 100):
        await payload["task"].update_status(f"{degrees} degrees")
    return {"litres": payload.get("litres", 1), "degrees": 100}


def heard(method: str, params: Any) -> None:
    print(method, params.get("statusMessage", ""))


async def main() -> None:
    async with anyio.create_task_group() as tasks:
        listening = await tasks.start(serve_websocket, app, "127.0.0.1", 0)
        async with websocket_client(listening.url, notification_handler=heard) as client:
            task = await client.create_task("boil", {"litres": 2})
            result = await client.get_task_result(task["task"]["taskId"])
            print(f"{result['litres']} litres at {result['degrees']} degrees")
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    anyio.run(main)
