"""Several workers on one socket, and one that follows its sources."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from http_core import configured, weather
from server_process import Server, free_port, server, serving
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import SetupError
from zcp_transport_http.changes import Sources
from zcp_transport_http.config import StreamableHTTPConfig
from zcp_transport_http.serve import serve
from zcp_transport_http.workers import check_shared

TARGET = "tests/http/core/servers/served.py"
SECRET = "0123456789abcdef0123456789abcdef"
SHARED = {"ZCP_KEYS__SECRETS": SECRET}


def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def processes(one: Server, wanted: int) -> set[int]:
    """The processes that answer, once there are as many as wanted."""
    seen: set[int] = set()

    def enough() -> bool:
        for _ in range(10):
            seen.add(one.call("which_process").value)
        return len(seen) >= wanted

    until(enough, f"only {seen} answer")
    return seen


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{process}/stat").read_text("utf-8").split()[2] != "Z"


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_workers_share_a_socket_and_are_replaced(loop: str, tmp_path: Path) -> None:
    port = free_port()
    started = serving(TARGET, port=port, workers=2, loop=loop)
    with server(started, port, tmp_path, **SHARED) as one:
        first = processes(one, 2)
        assert one.process.pid not in first
        refused = one.initialize()
        assert refused.status == 400
        assert "several workers" in refused.message["error"]["message"]
        assert one.request("GET", "/sse").status == 404
        assert "2 workers share no sessions" in one.errors

        time.sleep(3)  # sooner than that, an end is a failed start
        os.kill(min(first), signal.SIGKILL)
        until(lambda: len(processes(one, 1) - first) > 0, "nobody took its place")
        now = processes(one, 2)
        assert one.stop() == 0, one.errors
        assert not [each for each in now if alive(each)]


def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    port = free_port()
    started = serving(TARGET, port=port, workers=2)
    with server(started, port, tmp_path, **SHARED) as one:
        workers = processes(one, 2)
        one.process.kill()
        one.process.wait()
        until(lambda: not [each for each in workers if alive(each)], "workers were left behind")


def test_without_shared_keys_it_does_not_start(tmp_path: Path) -> None:
    port = free_port()
    with server(serving(TARGET, port=port, workers=2), port, tmp_path, ready=False) as one:
        assert one.process.wait(20) == 1
        assert "ZCP_KEYS__SECRETS" in one.errors


def problems_of(app: FastZCP, **sections: Any) -> str:
    given: dict[str, Any] = {
        "keys": {"secrets": [SECRET]},
        "streamable_http": StreamableHTTPConfig(sessions=False),
        **sections,
    }
    try:
        check_shared(configured(app, given), 2)
    except SetupError as error:
        return str(error)
    return ""


def test_what_lives_in_one_process_is_refused_with_the_way_out() -> None:
    assert problems_of(weather()) == ""
    assert "sessions=False" in problems_of(weather(), streamable_http=StreamableHTTPConfig())
    assert "ZCP_KEYS__SECRETS" in problems_of(weather(), keys={})

    tasks = weather()

    @tasks.task("later")
    def later(payload: Any) -> None: ...

    assert "ZCP_TASKS__STORE" in problems_of(tasks)

    handles = weather()

    @handles.tool(output_mode="handle")
    def big() -> list[int]:
        return []

    assert "results of big" in problems_of(handles)
    assert "one worker" in problems_of(handles)


def test_workers_need_a_name_to_import() -> None:
    for options in ({"workers": 2}, {"reload": True}):
        with pytest.raises(SetupError, match="module:attribute"):
            serve(weather(), **options)


SOURCE = """
from zcp_kernel.app import FastZCP
app = FastZCP("Changing")
@app.tool
def word() -> str:
    return "{word}"
"""


def test_it_starts_anew_when_its_sources_change(tmp_path: Path) -> None:
    file, port = tmp_path / "changing.py", free_port()
    file.write_text(SOURCE.format(word="one"), "utf-8")
    started = serving(str(file), port=port, reload=True)

    def word() -> str:
        return str(one.call("word").message)

    with server(started, port, tmp_path, cwd=tmp_path) as one:
        assert "one" in word()
        file.write_text("this is no Python", "utf-8")
        until(lambda: "waiting for a change" in one.errors, "it did not say so")
        file.write_text(SOURCE.format(word="two"), "utf-8")
        # The socket stays open, so that this waits for the new process instead of failing.
        until(lambda: "two" in word(), one.errors)
        assert one.stop() == 0


def test_which_files_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    for folder in (".venv", "sub", "node_modules"):
        (tmp_path / folder).mkdir()
    sources = Sources(f"{outside}/server.py:app")
    assert not sources.changed()
    for ignored in (".venv/a.py", "node_modules/a.py", "notes.txt"):
        (tmp_path / ignored).write_text("", "utf-8")
        assert not sources.changed(), ignored
    for counted in (tmp_path / "sub" / "a.py", outside / "server.py"):
        counted.write_text("", "utf-8")
        assert sources.changed()
        assert not sources.changed()
        counted.unlink()
        assert sources.changed()
