"""A gateway in front of a server nobody here wrote, driven by a client nobody here wrote: the
official Python SDK sees of `server-everything` through `MCPGatewayServer` what it sees without.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from server_process import free_port, server

from bench.environments import MCP1, ROOT, interpreter
from tests.interop.visits.hosting import Hosting
from tests.interop.visits.hosts import SERVER_EVERYTHING

GATEWAY = Path(__file__).with_name("gateway_server.py")
RUN_SECONDS = 120
RELATED_TASK = "io.modelcontextprotocol/related-task"

Found = dict[str, Any]


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    with ExitStack() as stack:
        yield Hosting(stack, tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def direct(hosting: Hosting) -> Found:
    return transcript(_upstream(hosting, "stdio"))


@pytest.fixture(scope="module", params=["stdio-stdio", "http-http", "http-sse"])
def through(
    request: pytest.FixtureRequest, hosting: Hosting, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Found]:
    """By the transports of the gateway and of the server behind it."""
    front, _, back = request.param.partition("-")
    command = [sys.executable, str(GATEWAY)]
    upstream = _upstream(hosting, back)
    if front == "stdio":
        yield transcript([*command, "stdio", *upstream])
        return
    port = free_port()
    folder = tmp_path_factory.mktemp("gateway")
    with server([*command, str(port), *upstream], port, folder) as running:
        yield transcript([f"http://127.0.0.1:{port}/mcp"])
        assert running.stop() == 0, running.errors
    assert "Traceback" not in running.errors, running.errors


def _upstream(hosting: Hosting, transport: str) -> list[str]:
    place = hosting.place(SERVER_EVERYTHING, transport)
    return [place] if isinstance(place, str) else place


def transcript(place: list[str]) -> Found:
    """What the official client found there."""
    done = subprocess.run(
        [interpreter(MCP1), "-m", "tests.interop.drivers.transcript", *place],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: Found = _without_our_marks(json.loads(done.stdout))
    return found


def _without_our_marks(shape: Any) -> Any:
    """A task has another id here, and what a gateway lists says where it comes from."""
    if isinstance(shape, list):
        return [_without_our_marks(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    kept = {name: _without_our_marks(item) for name, item in shape.items()}
    if "_meta" in kept:
        ours = {name for name in kept["_meta"] if name.startswith("zcp/") or name == RELATED_TASK}
        kept["_meta"] = {name: item for name, item in kept["_meta"].items() if name not in ours}
        if not kept["_meta"]:
            del kept["_meta"]
    return kept


SAME = (
    "introduction",
    "tools",
    "lists",
    "read",
    "read_unknown",
    "prompt",
    "completion",
    "progress",
    "subscription",
    "task",
    "echo",
    "sum",
    "structured",
    "image",
    "links",
    "annotated",
    "sampling",
    "roots",
    "wrong arguments",
    "asked",
)


@pytest.mark.parametrize("step", SAME)
def test_the_same_comes_of(step: str, direct: Found, through: Found) -> None:
    assert through[step] == direct[step]


def test_nothing_else_was_found(direct: Found, through: Found) -> None:
    """A step that is carried out but not compared would pass unseen."""
    assert sorted(through) == sorted(direct)
    assert set(through) == {*SAME, "logging", "elicitation", "unknown tool"}


def test_log_messages_are_passed_on(direct: Found, through: Found) -> None:
    assert set(through["logging"]) >= {"level", "data"}
    assert set(direct["logging"]) >= {"level", "data"}


def test_answers_are_passed_on(direct: Found, through: Found) -> None:
    """Those of a form, whose defaults are filled in on the way."""
    for found in (direct, through):
        said = [block["text"] for block in found["elicitation"]["content"]]
        assert "User provided" in said[0], said
        assert "- Name: Ada" in said[1], said


def test_an_unknown_tool_is_refused(direct: Found, through: Found) -> None:
    assert "no.such.tool" in json.dumps(direct["unknown tool"])
    assert "no.such.tool" in json.dumps(through["unknown tool"])
    assert through["unknown tool"]["error"] == -32602
