"""The synchronous session is the async one without `await`: no method less, no argument other."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from zcp_kernel.blocking import BlockingSession, BlockingTask
from zcp_kernel.client import ClientTask, ZCPClientSession

OF_THE_LOOP = {
    "aclose", "changes", "fetch_task", "known_tools", "lend_hooks", "manner", "pages",
    "stop_progress",
}  # fmt: skip
"""`close` is the synchronous name of the first; the others are what methods are made with."""


RETURNS = {"start_task", "task"}
"""What these return is a synchronous counterpart too."""


def public(cls: type) -> dict[str, object]:
    return {
        name: member
        for name, member in inspect.getmembers(cls)
        if not name.startswith("_") and name not in OF_THE_LOOP
    }


@pytest.mark.parametrize("name", public(ZCPClientSession))
def test_every_member_is_there(name: str) -> None:
    theirs, ours = getattr(ZCPClientSession, name), getattr(BlockingSession, name)
    assert isinstance(ours, property) is isinstance(theirs, property)
    if not isinstance(theirs, property):
        assert not inspect.iscoroutinefunction(ours)
        parameters = inspect.signature(theirs).parameters
        assert inspect.signature(ours).parameters == parameters
        if name not in RETURNS:
            returned = inspect.signature(theirs).return_annotation
            assert inspect.signature(ours).return_annotation == returned
        assert ours.__doc__ or not theirs.__doc__


def test_a_held_task_has_every_member_too() -> None:
    names = {name for name in dir(ClientTask) if not name.startswith("_")}
    assert names == {name for name in dir(BlockingTask) if not name.startswith("_")}
    for name in names:
        theirs, ours = getattr(ClientTask, name), getattr(BlockingTask, name)
        if not isinstance(theirs, property):
            assert inspect.signature(ours) == inspect.signature(theirs)


def test_it_has_nothing_else() -> None:
    assert set(public(BlockingSession)) - set(public(ZCPClientSession)) == {"transport", "wait_for"}


SNIPPET = """\
from zcp_kernel.blocking import BlockingSession


def use(client: BlockingSession) -> None:
    answer: dict[str, object] = client.call_tool("a", {"x": 1}, timeout=3.0, progress=print)
    client.call_tool(3)
    client.call_tool("a", tmeout=3.0)
    name: str = client.list_tools()
    client.call_tol("a")
"""


def test_checkers_see_the_signatures(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "snippet.py"],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        cwd=tmp_path,
    )
    complaints = [line for line in done.stdout.splitlines() if line.startswith("snippet.py:")]
    lines = [int(one.split(":")[1]) for one in complaints if ": error:" in one]
    assert sorted(set(lines)) == [6, 7, 8, 9], done.stdout + done.stderr
