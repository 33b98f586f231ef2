"""Servers on the network: by URL, by `mcp.json` entry, with headers and tokens."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from server_process import Server, free_port, server

from .conftest import SERVERS, Zcp
from .test_interrupt import lines_until

TOKEN = "s3cret-t0ken"
SECTIONS = {"/mcp": "2026-07-28", "/zcp": "zcp/1", "/sse": "2025-11-25"}


def serve_kitchen(folder: Path, **environ: str) -> Any:
    port = free_port()
    command = [
        sys.executable, "-m", "zcp", "serve", str(SERVERS / "kitchen.py"), "--transport", "http",
        "--port", str(port),
    ]  # fmt: skip
    return server(command, port, folder, **environ)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve_kitchen(tmp_path_factory.mktemp("open")) as running:
        yield running


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """It asks for a token."""
    with serve_kitchen(tmp_path_factory.mktemp("closed"), ZCP_AUTH__TOKEN=TOKEN) as running:
        yield running


def at(site: Server, path: str = "/mcp", scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{site.port}{path}"


@pytest.mark.parametrize("path", SECTIONS)
def test_every_endpoint_is_spoken_to(zcp: Zcp, site: Server, path: str) -> None:
    report = zcp("inspect", at(site, path), "--json").json
    assert report["serverInfo"]["name"] == "Kitchen"
    assert report["protocolVersion"] == SECTIONS[path]
    assert report["counts"]["resources"] == 2
    ran = zcp("call", at(site, path), "echo", "count=7")
    assert (ran.code, ran.json["count"]) == (0, 7), ran.err
    assert zcp("read", at(site, path), "kitchen://menu").out == "soup and cake\n"
    assert zcp("prompt", at(site, path), "recipe", "dish=pie").code == 0


@pytest.mark.parametrize(
    "revision", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]
)
def test_a_pinned_revision_is_spoken(zcp: Zcp, site: Server, revision: str) -> None:
    report = zcp("inspect", at(site), "--json", "--revision", revision).json
    assert report["protocolVersion"] == revision


def test_progress_comes_over_the_network_too(zcp: Zcp, site: Server) -> None:
    ran = zcp("call", at(site, "/zcp"), "steps")
    assert (ran.code, ran.out) == (0, "done\n")
    assert [line for line in ran.err.splitlines() if line.startswith("progress")] == [
        "progress 1/3 step 1", "progress 2/3 step 2", "progress 3/3 step 3",
    ]  # fmt: skip


def wait_until(seen: Callable[[], bool]) -> None:
    """Looks again and again, for some seconds at most."""
    for _ in range(200):
        if seen():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")


@pytest.mark.parametrize("path", SECTIONS)
def test_ctrl_c_is_heard_at_the_server(tmp_path: Path, zcp: Zcp, path: str) -> None:
    with serve_kitchen(tmp_path) as running:
        process = zcp.start("call", at(running, path), "wait")
        lines_until(process, "progress 1")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, "")
        assert err.splitlines()[-1] == "interrupted"
        wait_until(lambda: "the handler was cancelled" in running.errors)


def test_nobody_there(zcp: Zcp) -> None:
    ran = zcp("tools", f"http://127.0.0.1:{free_port()}/mcp")
    assert (ran.code, ran.out) == (3, "")
    assert "cannot connect to http://127.0.0.1:" in ran.err.splitlines()[-1]
    assert "Traceback" not in ran.err


def test_no_such_endpoint(zcp: Zcp, site: Server) -> None:
    ran = zcp("tools", at(site, "/nothing/here"))
    assert (ran.code, ran.out) == (3, "")
    assert "404" in ran.err


def test_no_such_scheme(zcp: Zcp) -> None:
    ran = zcp("tools", "gopher://127.0.0.1/")
    assert (ran.code, ran.out) == (3, "")
    assert "no transport for gopher:" in ran.err


# -- credentials -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", SECTIONS)
def test_without_a_token_the_way_to_give_one_is_told(zcp: Zcp, closed: Server, path: str) -> None:
    ran = zcp("tools", at(closed, path))
    assert (ran.code, ran.out) == (3, "")
    assert "401" in ran.err
    assert "--bearer, ZCP_BEARER, or --header" in ran.err


@pytest.mark.parametrize("way", ["option", "environment", "header"])
def test_a_token_opens(zcp: Zcp, closed: Server, way: str) -> None:
    arguments = {
        "option": ["--bearer", TOKEN],
        "header": ["--header", f"Authorization: Bearer {TOKEN}"],
        "environment": [],
    }[way]
    environ = {"ZCP_BEARER": TOKEN} if way == "environment" else {}
    ran = zcp("tools", at(closed), *arguments, env=environ)
    assert ran.code == 0, ran.err
    assert TOKEN not in ran.out + ran.err


@pytest.mark.parametrize("more", [[], ["--debug"], ["--json"]])
def test_a_wrong_token_is_never_shown(zcp: Zcp, closed: Server, more: list[str]) -> None:
    wrong = "wr0ng-t0ken"
    for arguments in (["--bearer", wrong], ["--header", f"Authorization: Bearer {wrong}"]):
        ran = zcp("tools", at(closed), *arguments, *more)
        assert ran.code == 3
        assert "401" in ran.err
        assert wrong not in ran.out + ran.err


def test_secrets_in_a_url_are_never_shown(zcp: Zcp) -> None:
    ran = zcp("tools", f"http://user:hunter2@127.0.0.1:{free_port()}/mcp?key=hunter3")
    assert ran.code == 3
    assert "hunter" not in ran.out + ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--header", "no colon"],
        ["--header", "bad name: x"],
        ["--header", "name: hunter2\nother: x"],
        ["--bearer", "hunter2\nx"],
    ],
)
def test_headers_that_are_none(zcp: Zcp, site: Server, arguments: list[str]) -> None:
    ran = zcp("tools", at(site), *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "hunter2" not in ran.err


def test_headers_are_for_the_network(zcp: Zcp, kitchen: Path) -> None:
    for arguments in (["--header", "a: b"], ["--bearer", "x"]):
        ran = zcp("tools", kitchen, *arguments)
        assert ran.code == 2
        assert "for servers on the network" in ran.err
    assert zcp("tools", kitchen, env={"ZCP_BEARER": "x"}).code == 0


# -- mcp.json --------------------------------------------------------------------------------------


def write(folder: Path, **servers: Any) -> None:
    (folder / "mcp.json").write_text(json.dumps({"mcpServers": servers}), "utf-8")


def test_an_entry_that_is_a_url(zcp: Zcp, closed: Server, tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer ${KITCHEN_TOKEN}"}
    write(tmp_path, kitchen={"url": at(closed), "headers": headers}, other={"command": "none"})
    ran = zcp("inspect", "mcp.json:kitchen", "--json", env={"KITCHEN_TOKEN": TOKEN})
    assert ran.code == 0, ran.err
    assert ran.json["serverInfo"]["name"] == "Kitchen"
    ran = zcp("inspect", "mcp.json:kitchen")
    assert ran.code == 3
    assert "KITCHEN_TOKEN is not set" in ran.err


def test_the_only_entry_needs_no_name(zcp: Zcp, kitchen: Path, tmp_path: Path) -> None:
    command, *arguments = Zcp.command("serve", kitchen)
    write(tmp_path, kitchen={"command": command, "args": arguments, "env": {"X": "1"}})
    ran = zcp("tools", "mcp.json", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["tools"][0]["name"] == "echo"


def test_entries_that_are_not_there(zcp: Zcp, tmp_path: Path) -> None:
    write(tmp_path, one={"command": "a"}, two={"command": "b"})
    for target, reason in (
        ("mcp.json", "several servers; say which: there is mcp.json:one, mcp.json:two"),
        ("mcp.json:three", "has no server 'three': there is mcp.json:one, mcp.json:two"),
        ("other.json", "other.json: No such file"),
    ):
        ran = zcp("tools", target)
        assert (ran.code, ran.out) == (3, "")
        assert reason in ran.err


def test_a_command_in_one_string(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("tools", " ".join(f"'{part}'" for part in stranger), "--json")
    assert ran.code == 0, ran.err
    assert [tool["name"] for tool in ran.json["tools"]] == ["greet", "hang"]


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/mcp", "a command"])
def test_only_apps_are_served(zcp: Zcp, target: str) -> None:
    ran = zcp("serve", target)
    assert ran.code == 2
    assert "is no app" in ran.err


# -- check -----------------------------------------------------------------------------------------


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["verdict"] for each in document["checks"]}


@pytest.mark.parametrize("path", SECTIONS)
def test_our_own_server_passes_the_checklist(zcp: Zcp, site: Server, path: str) -> None:
    ran = zcp("check", at(site, path), "--idle", "0.1", "--call", 'echo={"count": 1}', "--json")
    assert ran.code == 0, ran.out
    found = outcomes(ran.json)
    assert "fail" not in found.values()
    assert ran.json["passed"] >= 8
    assert found["call"] == found["subscribe"] == found["reconnect"] == "pass"


def test_a_task_tool_of_our_own_passes(zcp: Zcp, site: Server) -> None:
    call = 'bake={"what": "cake"}'
    ran = zcp("check", at(site, "/zcp"), "--idle", "0", "--call", call, "--json")
    found = outcomes(ran.json)
    assert found["task create"] == found["task poll"] == found["task cancel"] == "pass", ran.out


DOORS = [("http", "/mcp"), ("http", "/zcp"), ("http", "/sse"), ("ws", "/ws")]


@pytest.mark.parametrize(("scheme", "path"), DOORS)
def test_checking_who_may_come_in(zcp: Zcp, closed: Server, scheme: str, path: str) -> None:
    url = at(closed, path, scheme)
    ran = zcp("check", url, "--idle", "0", "--json", env={"ZCP_BEARER": TOKEN})
    assert ran.code == 0, ran.out
    assert outcomes(ran.json)["auth failure"] == "pass"
    assert TOKEN not in ran.out + ran.err
    ran = zcp("check", url, "--idle", "0")
    assert ran.code == 3
    lines = ran.out.splitlines()
    assert lines[0].startswith("fail            initialize")
    assert next(line for line in lines if "auth failure" in line).startswith("pass")


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_checking_nobody(zcp: Zcp, scheme: str) -> None:
    ran = zcp("check", f"{scheme}://127.0.0.1:{free_port()}/mcp", "--idle", "0", "--json")
    assert ran.code == 3
    first, *others = ran.json["checks"]
    assert (first["name"], first["verdict"]) == ("initialize", "fail")
    assert {each["verdict"] for each in others} == {"not applicable"}


def test_a_server_that_talks_nonsense_does_not_fill_the_screen(zcp: Zcp) -> None:
    ran = zcp("tools", "--connect-timeout", "1", "--", "yes")
    assert ran.code == 3
    assert len(ran.err.splitlines()) < 12
    assert re.search(r"\(and \d+ more of the same\)", ran.err)
    assert "times so far)" in ran.err


@pytest.mark.parametrize("call", ["=3", "echo=3", "echo={"])
def test_calls_that_are_none(zcp: Zcp, kitchen: Path, call: str) -> None:
    ran = zcp("check", kitchen, "--call", call)
    assert ran.code == 2
    assert "is not NAME or NAME={…}" in ran.err


def test_a_strangers_server_is_checked_too(zcp: Zcp, stranger: list[str]) -> None:
    ran = zcp("check", "--idle", "0", "--json", "--", *stranger)
    assert ran.json["serverInfo"]["name"] == "stranger"
    assert outcomes(ran.json)["discovery"] == "pass"
