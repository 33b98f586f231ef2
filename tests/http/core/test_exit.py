"""A program that never closed its server ends all the same."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys

import anyio
from zcp_kernel.app import FastZCP
from zcp_transport_http.app import create_asgi_app

app = FastZCP("A")
sent = []

@app.tool
def in_a_thread() -> str:
    return "done"

application = create_asgi_app(app)
BODY = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"in_a_thread","arguments":{}}}'
)
HEADERS = [(b"content-type", b"application/json"), (b"accept", b"application/json")]
SCOPE = {"type": "http", "method": "POST", "path": "/zcp", "headers": HEADERS}

async def receive():
    return {"type": "http.request", "body": BODY}

async def send(message):
    sent.append(message)

async def main():
    await application(SCOPE, receive, send)

anyio.run(main, backend=sys.argv[1])
assert b"done" in sent[1]["body"]
"""


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_no_lifespan_and_no_end(backend: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, backend],
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
