"""A FastZCP app on the real runner, with tools that behave badly."""

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

import anyio

sys.path.insert(0, str(Path(__file__).parents[2] / "support"))

from harness import make_app
from zcp_transport_stdio import run_mcp_stdio_server_sync

app = make_app("Naughty")


def sleep() -> str:
    time.sleep(600)
    return "late"


@app.tool
async def add(a: int, b: int) -> int:
    print("about to add")
    return a + b


@app.tool
def stuck() -> str:
    print("stuck in a thread", file=sys.stderr, flush=True)
    return sleep()


@app.tool
async def block() -> str:
    print("blocking the loop", file=sys.stderr, flush=True)
    return sleep()


@app.tool
async def freeze() -> str:
    """Blocks the loop where no signal handler can run: the call into C does not return."""
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(128)
    libc.pthread_mutex_init(mutex, None)
    libc.pthread_mutex_lock(mutex)
    print("frozen", file=sys.stderr, flush=True)
    libc.pthread_mutex_lock(mutex)
    return "never"


@app.tool
async def wait() -> str:
    print("waiting", file=sys.stderr, flush=True)
    await anyio.sleep(600)
    return "late"


@app.tool
def spawn() -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    return child.pid


@app.tool
async def die(code: int) -> int:
    print("going down", file=sys.stderr, flush=True)
    os._exit(code)


if __name__ == "__main__":
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5
    run_mcp_stdio_server_sync(app, backend=sys.argv[1], shutdown_seconds=seconds)
