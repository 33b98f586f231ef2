"""A small MCP server that uses nothing but the standard library (MCP 2025-11-25, over stdio).

Its one argument, if there is one, names a file that gets every message it receives.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]

TASK = {
    "taskId": "task-7", "status": "working", "createdAt": "2025-11-25T10:30:00Z",
    "lastUpdatedAt": "2025-11-25T10:40:00Z", "ttl": 60000, "pollInterval": 10,
}  # fmt: skip
TOOL = {
    "name": "greet",
    "description": "Say hello.",
    "inputSchema": {"type": "object", "properties": {"name": {"type": "string"}}},
}


def text(words: str) -> Message:
    return {"content": [{"type": "text", "text": words}]}


def initialize(params: Message) -> Message:
    return {
        "protocolVersion": "2025-11-25",
        "serverInfo": {"name": "stranger", "version": "0.9"},
        "capabilities": {"tools": {}, "tasks": {"list": {}, "cancel": {}}},
    }


ANSWERS: dict[str, Callable[[Message], Message]] = {
    "initialize": initialize,
    "ping": lambda params: {},
    "tools/list": lambda params: {"tools": [TOOL, {**TOOL, "name": "hang"}]},
    "tasks/list": lambda params: {"tasks": [TASK]},
    "tasks/get": lambda params: {**TASK, "status": "completed"},
    "tasks/result": lambda params: text("the outcome"),
    "tasks/cancel": lambda params: {**TASK, "status": "cancelled"},
}


def send(message: Message) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def call(message: Message) -> None:
    params = message["params"]
    token = params.get("_meta", {}).get("progressToken")
    if params["name"] == "hang":
        progress = {"progressToken": token, "progress": 1, "message": "hanging"}
        send({"method": "notifications/progress", "params": progress})
    elif params["name"] == "greet":
        name = params.get("arguments", {}).get("name", "you")
        send({"id": message["id"], "result": text(f"hello {name}")})
    else:
        error = {"code": -32602, "message": "Unknown tool", "data": {"name": params["name"]}}
        send({"id": message["id"], "error": error})


def answer(message: Message) -> None:
    method = message.get("method")
    if method == "tools/call":
        call(message)
    elif method == "initialize" and not message["params"]["protocolVersion"].startswith("20"):
        error = {"code": -32602, "message": "Unsupported protocol version"}
        send({"id": message["id"], "error": error})
    elif method in ANSWERS:
        send({"id": message["id"], "result": ANSWERS[method](message.get("params") or {})})
    elif "id" in message:
        send({"id": message["id"], "error": {"code": -32601, "message": "Method not found"}})


def main() -> None:
    for line in sys.stdin:
        if len(sys.argv) > 1:
            with open(sys.argv[1], "a") as log:
                log.write(line)
        answer(json.loads(line))


if __name__ == "__main__":
    main()
