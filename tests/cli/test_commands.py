"""`zcp read`, `prompt`, `inspect`, `tasks`, and what all commands have in common."""

import subprocess
import sys
from pathlib import Path

import pytest

from zcp.cli.app import COMMANDS

from .conftest import Zcp


def test_a_text_resource(zcp: Zcp, kitchen: Path) -> None:
    assert zcp("read", kitchen, "kitchen://menu").out == "soup and cake\n"
    assert zcp("read", kitchen, "kitchen://shelf/3").out == "shelf 3\n"


def test_a_binary_resource_goes_to_a_pipe_unchanged(zcp: Zcp, kitchen: Path) -> None:
    command = zcp.command("read", kitchen, "kitchen://photo")
    done = subprocess.run(command, capture_output=True, timeout=60, env=zcp.env, check=True)
    assert done.stdout == bytes(range(256))


def test_a_binary_resource_goes_to_a_file(zcp: Zcp, kitchen: Path, tmp_path: Path) -> None:
    ran = zcp("read", kitchen, "kitchen://photo", "--output", "photo.bin")
    assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "photo.bin").read_bytes() == bytes(range(256))


def test_a_file_that_cannot_be_written(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("read", kitchen, "kitchen://photo", "--output", "no/such/place")
    assert ran.code == 1
    assert "error: cannot write no/such/place: No such file or directory" in ran.err


def test_a_missing_resource(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("read", kitchen, "kitchen://cellar")
    assert ran.code == 1
    assert "not_found:kitchen://cellar" in ran.err


def test_a_resource_as_json(zcp: Zcp, kitchen: Path) -> None:
    content = zcp("read", kitchen, "kitchen://menu", "--json").json["contents"][0]
    assert content == {"uri": "kitchen://menu", "mimeType": "text/plain", "text": "soup and cake"}


def test_a_prompt(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("prompt", kitchen, "recipe", "dish=1")
    assert (ran.code, ran.out) == (0, "user: A plain recipe for 1, please.\n")


def test_a_prompt_without_what_it_needs(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("prompt", kitchen, "recipe")
    assert ran.code == 1
    assert "dish" in ran.err


def test_inspect_tells_who_the_server_is(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("inspect", kitchen)
    assert ran.code == 0
    facts = dict(line.split(":", 1) for line in ran.out.splitlines())
    assert facts["server"].strip() == "Kitchen 3.1"
    assert facts["protocol"].strip() == "zcp/1 (native)"
    assert facts["instructions"].strip() == "Cook."
    assert facts["resources"].strip() == "2"
    assert facts["templates"].strip() == "1"
    assert facts["prompts"].strip() == "1"
    assert facts["task kinds"].strip() == "stew, simmer, grill"
    assert facts["native only"].strip() == "stew, simmer"


def test_inspect_as_json(zcp: Zcp, kitchen: Path) -> None:
    report = zcp("inspect", kitchen, "--json").json
    assert report["serverInfo"]["name"] == "Kitchen"
    assert report["counts"]["resources"] == 2
    assert report["nativeOnlyTaskKinds"] == ["stew", "simmer"]


@pytest.mark.parametrize(
    ("revision", "era"), [("2025-11-25", "handshake"), ("2026-07-28", "stateless")]
)
def test_inspect_tells_the_era(zcp: Zcp, kitchen: Path, revision: str, era: str) -> None:
    report = zcp("inspect", kitchen, "--json", "--revision", revision).json
    assert (report["protocolVersion"], report["era"]) == (revision, era)


def test_prompts_are_listed(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("prompts", kitchen)
    assert ran.code == 0, ran.err
    heading, recipe = ran.out.splitlines()
    assert heading.split() == ["PROMPT", "ARGUMENTS", "DESCRIPTION"]
    assert recipe.startswith("recipe  dish, ")
    assert zcp("prompts", kitchen, "--json").json["prompts"][0]["name"] == "recipe"


def test_resources_and_templates_are_listed(zcp: Zcp, kitchen: Path) -> None:
    lines = zcp("resources", kitchen).out.splitlines()
    assert [line.split()[0] for line in lines] == ["RESOURCE", "kitchen://menu", "kitchen://photo"]
    lines = zcp("resources", kitchen, "--templates").out.splitlines()
    assert lines[0].split()[0] == "TEMPLATE"
    assert lines[1].startswith("kitchen://shelf/{")
    listed = zcp("resources", kitchen, "--templates", "--json").json["resourceTemplates"]
    assert len(listed) == 1


@pytest.mark.parametrize("revision", ["zcp/1", "2025-06-18", "2026-07-28"])
def test_ping(zcp: Zcp, kitchen: Path, revision: str) -> None:
    ran = zcp("ping", kitchen, "--count", "3", "--revision", revision)
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 3
    assert all(line.startswith(f"Kitchen 3.1 ({revision}): ") for line in ran.out.splitlines())
    told = zcp("ping", kitchen, "--json", "--revision", revision).json
    assert told["protocolVersion"] == revision
    assert len(told["milliseconds"]) == 1


def test_a_listing_that_takes_too_long(zcp: Zcp) -> None:
    slow = """
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["method"] == "initialize":
        answer = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}},
                  "serverInfo": {"name": "slow", "version": "1"}}
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer}), flush=True)
"""
    ran = zcp("tools", "--timeout", "0.3", "--revision", "2025-11-25", "--json", "--",
              sys.executable, "-c", slow)  # fmt: skip
    assert ran.code == 1
    assert ran.json["error"] == {"code": 408, "message": "no answer within 0.3 s"}


def test_a_task_is_created_and_followed(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tasks", kitchen, "create", "stew", "what=beans")
    assert ran.code == 0, ran.err
    assert ran.json == {"stewed": "beans"}
    assert "working - simmering" in ran.err


def test_a_task_that_fails(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tasks", kitchen, "create", "stew", "what=stone")
    assert ran.code == 1
    assert "stones do not stew" in ran.err


def test_a_task_that_takes_too_long(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tasks", kitchen, "create", "simmer", "--timeout", "0.5")
    assert ran.code == 1
    assert "not finished within 0.5 s" in ran.err


def test_a_task_nobody_waits_for(zcp: Zcp, kitchen: Path) -> None:
    task = zcp("tasks", kitchen, "create", "simmer", "--no-wait", "--json").json["task"]
    assert (task["kind"], task["status"] in ("queued", "working")) == ("simmer", True)


def test_an_unknown_kind_and_an_unknown_task(zcp: Zcp, kitchen: Path) -> None:
    for args in (["create", "fry"], ["get", "t1"], ["result", "t1"], ["cancel", "t1"]):
        ran = zcp("tasks", kitchen, *args)
        assert ran.code == 1
        assert f"not_found:{args[1]}" in ran.err


@pytest.mark.parametrize(
    "args", [["create"], ["get"], ["list", "x"], ["get", "id", "a=1"], ["eat"]]
)
def test_tasks_that_make_no_sense_are_a_usage_error(
    zcp: Zcp, kitchen: Path, args: list[str]
) -> None:
    ran = zcp("tasks", kitchen, *args)
    assert (ran.code, ran.out) == (2, "")


@pytest.mark.parametrize("args", [[], ["tools"], ["tools", "--"], ["nonsense"], ["call", "a:b"]])
def test_usage_errors(zcp: Zcp, args: list[str]) -> None:
    assert zcp(*args).code == 2


def test_arguments_that_cannot_be_read_are_a_usage_error(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("call", kitchen, "echo", "novalue")
    assert (ran.code, ran.out) == (2, "")
    assert "'novalue' is not key=value" in ran.err


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (["no-such-program-anywhere"], "cannot start"),
        ([sys.executable, "-c", "import sys; sys.exit('no luck')"], "no luck"),
        ([sys.executable, "-c", "print('{}', flush=True)"], "exit code 0"),
    ],
)
def test_a_server_that_cannot_be_started(zcp: Zcp, command: list[str], reason: str) -> None:
    ran = zcp("tools", "--", *command)
    assert (ran.code, ran.out) == (3, "")
    assert reason in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


def test_a_server_that_never_answers(zcp: Zcp) -> None:
    sleeper = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    ran = zcp("tools", "--connect-timeout", "0.5", "--", *sleeper)
    assert ran.code == 3
    assert "did not answer within 0.5 s" in ran.err


def test_debug_shows_the_traceback(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    plain, debugged = zcp("tools", "broken.py"), zcp("tools", "broken.py", "--debug")
    assert plain.code == debugged.code == 3
    assert len(plain.err.splitlines()) == 1
    assert "ZeroDivisionError" in plain.err
    assert "Traceback" in debugged.err


def test_a_reader_that_goes_away_is_no_accident(zcp: Zcp, kitchen: Path) -> None:
    process = zcp.start("tools", kitchen, "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait(60) == 1
    assert process.stderr is not None
    assert "Traceback" not in process.stderr.read()


def test_version_and_help(zcp: Zcp) -> None:
    assert zcp("--version").out.startswith("zcp 1.")
    ran = zcp("--help")
    assert ran.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in ran.out
        assert zcp(command, "--help").code == 0
