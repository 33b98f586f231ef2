"""Servers as `mcp.json` files name them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from zcp_kernel.errors import ConfigError
from zcp_kernel.mcp_json import LaunchedServer, RemoteServer, load_mcp_json, read_entry

ENVIRON = {"TOKEN": "t0k", "HOST": "mcp.example"}


def test_a_command() -> None:
    entry = {
        "command": "python",
        "args": ["-m", "server", "${HOST}"],
        "env": {"API": "${TOKEN}"},
        "cwd": "/srv",
    }
    wanted = LaunchedServer(["python", "-m", "server", "mcp.example"], {"API": "t0k"}, "/srv")
    assert read_entry(entry, ENVIRON) == wanted


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ({}, "https://mcp.example/mcp"),
        ({"type": "http"}, "https://mcp.example/mcp"),
        ({"type": "streamable-http"}, "https://mcp.example/mcp"),
        ({"transport": "streamableHttp"}, "https://mcp.example/mcp"),
        ({"type": "sse"}, "sse+https://mcp.example/mcp"),
    ],
)
def test_a_url(kind: dict[str, str], url: str) -> None:
    entry = {"url": "https://${HOST}/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}, **kind}
    assert read_entry(entry, ENVIRON) == RemoteServer(url, {"Authorization": "Bearer t0k"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${TOKEN}", "t0k"),
        ("${env:TOKEN}", "t0k"),
        ("a${TOKEN}b${TOKEN}", "at0kbt0k"),
        ("${MISSING:-spare}", "spare"),
        ("${MISSING:-}", ""),
        ("${TOKEN:-spare}", "t0k"),
        ("$TOKEN ${} ${1X} $${", "$TOKEN ${} ${1X} $${"),
    ],
)
def test_variables(text: str, value: str) -> None:
    assert read_entry({"command": text}, ENVIRON) == LaunchedServer([value], {})


def test_a_variable_is_not_read_twice() -> None:
    environ = {"A": "${B}", "B": "secret"}
    assert read_entry({"command": "${A}"}, environ) == LaunchedServer(["${B}"], {})


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({}, "a command"),
        ({"command": "x", "url": "http://h/"}, "a command"),
        ({"command": ["x"]}, "a command"),
        ({"command": "x", "args": "y"}, "args"),
        ({"command": "x", "args": [1]}, "args"),
        ({"command": "x", "env": {"A": 1}}, "env"),
        ({"url": "http://h/", "headers": ["x"]}, "headers"),
        ({"url": "http://h/", "type": "carrier-pigeon"}, "carrier-pigeon"),
        ({"url": "http://${NOWHERE}/"}, "NOWHERE"),
    ],
)
def test_entries_nobody_could_connect_to(entry: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        read_entry(entry, ENVIRON)


@pytest.mark.parametrize("member", ["mcpServers", "servers"])
def test_a_file(member: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({member: {"a": {"command": "x"}}, "inputs": []}), "utf-8")
    assert load_mcp_json(path) == {"a": {"command": "x"}}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"mcpServers": []}', '{"servers": {"a": 1}}']
)
def test_what_is_no_such_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "mcp.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=r"mcp\.json"):
        load_mcp_json(path)
    with pytest.raises(ConfigError, match="elsewhere"):
        load_mcp_json(tmp_path / "elsewhere.json")
