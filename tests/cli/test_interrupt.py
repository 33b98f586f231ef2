"""Ctrl-C ends what runs, tells the server, and leaves nothing behind."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Zcp


def lines_until(process: subprocess.Popen[str], wanted: str) -> None:
    """Read standard error up to a line; the test's own timeout bounds it."""
    assert process.stderr is not None
    for line in process.stderr:
        if wanted in line:
            return
    raise AssertionError(f"{wanted!r} was never said")


@pytest.mark.timeout(90)
@pytest.mark.parametrize("place", ["in process", "subprocess"])
@pytest.mark.parametrize("tool", ["wait", "block"])
def test_a_call_is_cancelled(zcp: Zcp, kitchen: Path, place: str, tool: str) -> None:
    target = ["call", kitchen, tool]
    if place == "subprocess":
        target = ["call", tool, "--", *zcp.command("serve", kitchen)]
    process = zcp.start(*target)
    lines_until(process, "progress 1")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted"
    assert ("the handler was cancelled" in err) == (tool == "wait")


@pytest.mark.timeout(90)
def test_a_followed_task_is_cancelled(zcp: Zcp, kitchen: Path) -> None:
    process = zcp.start("tasks", kitchen, "create", "simmer")
    lines_until(process, "simmering for long")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"


@pytest.mark.timeout(90)
def test_a_checklist_is_left(zcp: Zcp, stranger: list[str]) -> None:
    process = zcp.start("check", "--idle", "60", "--", *stranger)
    assert process.stdout is not None
    for line in process.stdout:
        if "token refresh" in line:
            break
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "interrupted"


@pytest.mark.timeout(90)
def test_a_server_that_never_answers_is_given_up(zcp: Zcp) -> None:
    sleeper = "import sys; print('is up', file=sys.stderr, flush=True); sys.stdin.read()"
    process = zcp.start("tools", "--", sys.executable, "-c", sleeper)
    lines_until(process, "is up")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "interrupted\n")


@pytest.mark.timeout(90)
def test_an_app_that_takes_long_to_load_is_given_up(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(
        "import sys, time\nprint('is loading', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
    )
    process = zcp.start("tools", "slow.py")
    lines_until(process, "is loading")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err.strip()) == (130, "", "interrupted")
