"""A server that is not ours: plain MCP from a small script."""

import json
import signal
from pathlib import Path
from typing import Any

from .conftest import Zcp


def received(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_its_tools_are_listed(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("tools", "--json", "--", *stranger)
    assert ran.code == 0, ran.err
    assert [tool["name"] for tool in ran.json["tools"]] == ["greet", "hang"]


def test_a_tool_is_called(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("call", "greet", "name=7", "--", *stranger)
    assert (ran.code, ran.out) == (0, "hello 7\n")


def test_its_error_is_shown_as_it_gave_it(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("call", "nope", "--json", "--", *stranger)
    assert ran.code == 1
    assert ran.err.splitlines()[-1] == "error: Unknown tool"
    assert ran.json["error"] == {
        "code": -32602,
        "message": "Unknown tool",
        "data": {"name": "nope"},
    }


def test_a_log_level_it_does_not_know_is_its_error(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("tools", "--log-level", "debug", "--", *stranger)
    assert ran.code == 1
    assert "ethod" in ran.err.splitlines()[-1]


def test_inspect_counts_what_it_offers(zcp: Zcp, stranger: list[str]) -> None:
    report = zcp("inspect", "--json", "--", *stranger).json
    assert report["serverInfo"] == {"name": "stranger", "version": "0.9"}
    assert report["protocolVersion"] == "2025-11-25"
    assert report["counts"] == {"tools": 2}
    assert "taskKinds" not in report


def test_what_it_does_not_offer_is_an_error(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("read", "x://y", "--", *stranger)
    assert ran.code == 1
    assert ran.err.splitlines()[-1].startswith("error: ")


def test_its_tasks(zcp: Zcp, stranger: list[str]) -> None:
    listed = zcp("tasks", "list", "--", *stranger)
    assert listed.code == 0, listed.err
    assert listed.out.splitlines()[1].split()[:3] == ["task-7", "tools/call", "working"]
    got = zcp("tasks", "get", "task-7", "--", *stranger)
    assert got.out == "task task-7: completed\n"
    assert zcp("tasks", "result", "task-7", "--", *stranger).out == "the outcome\n"
    cancelled = zcp("tasks", "cancel", "task-7", "--json", "--", *stranger)
    assert cancelled.json["task"]["status"] == "cancelled"


def test_ctrl_c_tells_it_which_call_is_cancelled(
    zcp: Zcp, stranger: list[str], tmp_path: Path
) -> None:
    log = tmp_path / "received.jsonl"
    process = zcp.start("call", "hang", "--", *stranger, log)
    assert process.stderr is not None
    assert process.stderr.readline() == "progress 1 hanging\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130
    assert process.stderr.read() == "interrupted\n"
    messages = received(log)
    call = next(each for each in messages if each["method"] == "tools/call")
    cancelled = [each for each in messages if each["method"] == "notifications/cancelled"]
    assert [each["params"]["requestId"] for each in cancelled] == [call["id"]]
