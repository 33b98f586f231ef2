"""`zcp tools` and `zcp call` against an app of ours, in this process and as a subprocess."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Zcp

At = Callable[..., list[object]]


@pytest.fixture(params=["in process", "subprocess"])
def at(request: pytest.FixtureRequest, kitchen: Path) -> At:
    """Puts TARGET where it belongs on the command line."""

    def place(command: str, *args: str) -> list[object]:
        if request.param == "in process":
            return [command, kitchen, *args]
        return [command, *args, "--", *Zcp.command("serve", kitchen)]

    return place


def test_tools_are_listed_in_columns(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("tools"))
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0].split() == ["TOOL", "ARGUMENTS", "DESCRIPTION"]
    echo = next(line for line in lines if line.startswith("echo "))
    assert "text?: string, count?: integer" in echo
    assert "mood?: calm|wild" in echo
    assert echo.endswith("Give back what was given.")
    assert lines[0].index("DESCRIPTION") == echo.index("Give back")


def test_tools_as_json_are_the_servers_own(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("tools", "--json"))
    assert ran.code == 0
    names = [tool["name"] for tool in ran.json["tools"]]
    assert names[:2] == ["echo", "fail"]
    assert "grill" in names
    assert "stew" not in names


def test_tools_of_a_group(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("tools", "--group", "simple", "--json"))
    assert [tool["name"] for tool in ran.json["tools"]] == ["echo"]


def test_an_unknown_profile_is_an_error(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tools", kitchen, "--profile", "nope")
    assert ran.code == 1
    assert "not_found:nope" in ran.err


def test_arguments_follow_the_schema(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "echo", "text=12", "count=12", "flag=true", "tags=a", "tags=1"))
    assert ran.code == 0
    assert json.loads(ran.out) == {
        "text": "12",
        "count": 12,
        "ratio": 0.5,
        "flag": True,
        "tags": ["a", "1"],
        "mood": "calm",
    }


def test_arguments_from_standard_input(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("call", kitchen, "echo", "--args", "@-", "count=2", stdin='{"count": 1, "text": "x"}')
    assert (ran.json["count"], ran.json["text"]) == (2, "x")


def test_wrong_arguments_fail_and_say_where(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "echo", "count=many"))
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.count("error:") == 1
    assert "count" in ran.err


def test_a_tool_error_is_the_error(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "fail"))
    assert (ran.code, ran.out) == (1, "")
    assert "error: the oven is cold" in ran.err.splitlines()


def test_a_tool_error_as_json_is_the_result(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "fail", "--json"))
    assert ran.code == 1
    assert ran.json["isError"] is True
    assert ran.json["content"][0]["text"] == "the oven is cold"


def test_an_unknown_tool(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "nothing", "--json"))
    assert ran.code == 1
    assert "error: not_found:nothing" in ran.err.splitlines()
    assert ran.json["error"]["message"] == "not_found:nothing"
    assert ran.json["error"]["code"] == -32602


def test_what_a_handler_prints_is_no_part_of_the_result(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "noisy"))
    assert (ran.code, ran.out) == (0, "quiet\n")
    assert {"noise", "noise of a child", "printed while importing"} <= set(ran.err.splitlines())


def test_progress_and_logs_are_told_on_standard_error(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "steps"))
    assert (ran.code, ran.out) == (0, "done\n")
    lines = ran.err.splitlines()
    told = [line for line in lines if line.startswith(("progress", "["))]
    assert told == [
        "[warning] oven: it is getting hot",
        "progress 1/3 step 1",
        "progress 2/3 step 2",
        "progress 3/3 step 3",
    ]


def test_quiet_tells_nothing(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("call", kitchen, "steps", "-q")
    assert (ran.code, ran.out) == (0, "done\n")
    assert ran.err == "printed while importing\n"


def test_the_log_level_is_asked_for(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("call", kitchen, "steps", "--log-level", "error")
    assert "getting hot" not in ran.err


@pytest.mark.parametrize("tool", ["wait", "block"])
def test_a_timeout_ends_the_call(zcp: Zcp, at: At, tool: str) -> None:
    ran = zcp(*at("call", tool, "--timeout", "0.5"))
    assert ran.code == 1
    assert "error: tools/call: no answer within 0.5 s" in ran.err.splitlines()


def test_without_a_terminal_a_question_is_declined(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "order"))
    assert ran.code == 0
    assert ran.out == "decline None\n"
    assert "declined, there is no terminal to ask on: What shall it be?" in ran.err


@pytest.mark.parametrize("as_json", [False, True])
def test_a_large_result_comes_whole(zcp: Zcp, at: At, as_json: bool) -> None:
    """It stays on the server as a handle, and the server goes with the command."""
    ran = zcp(*at("call", "harvest", *(["--json"] if as_json else [])))
    assert ran.code == 0, ran.err
    value = ran.json["structuredContent"] if as_json else ran.json
    assert value["season"] == "autumn"
    assert [field["row"] for field in value["fields"]] == list(range(5000))


def test_a_call_as_a_task_is_followed(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("call", "bake", "what=cake"))
    assert ran.code == 0, ran.err
    assert ran.json == {"baked": "cake"}
    told = [line for line in ran.err.splitlines() if line.startswith("task ")]
    assert told[-1].endswith("completed - baking cake")


@pytest.mark.parametrize("revision", ["zcp/1", "2024-11-05", "2025-06-18", "2025-11-25"])
def test_a_pinned_revision_is_spoken(zcp: Zcp, at: At, revision: str) -> None:
    ran = zcp(*at("inspect", "--json", "--revision", revision))
    assert ran.code == 0, ran.err
    assert ran.json["protocolVersion"] == revision
    ran = zcp(*at("call", "echo", "count=3", "--revision", revision))
    assert ran.json["count"] == 3


@pytest.mark.parametrize(("prefer", "spoken"), [("native", "zcp/1"), ("mcp", "2026-07-28")])
def test_the_preferred_protocol_is_spoken(zcp: Zcp, at: At, prefer: str, spoken: str) -> None:
    assert zcp(*at("inspect", "--json", "--prefer", prefer)).json["protocolVersion"] == spoken


def test_an_unknown_revision_cannot_be_spoken(zcp: Zcp, at: At) -> None:
    ran = zcp(*at("tools", "--revision", "1999-01-01"))
    assert ran.code == 3
    assert "1999-01-01" in ran.err
