"""Servers as the `mcp.json` files of MCP hosts name them.

`{"mcpServers": {NAME: {"command", "args", "env", "cwd"} | {"url", "type", "headers"}}}`; the key
`servers` and the member `transport` for `type`, which some hosts write, are read as well.
`${NAME}`, `${env:NAME}` and `${NAME:-default}` stand for environment variables in any string.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from .errors import ConfigError, ParseError
from .jsontext import is_list, is_object, loads

__all__ = ["LaunchedServer", "RemoteServer", "load_mcp_json", "read_entry"]

_VARIABLE = re.compile(r"\$\{(?:env:)?(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}")
_TYPES = {
    "": "",
    "http": "",
    "streamable-http": "",
    "streamablehttp": "",
    "streamable_http": "",
    "ws": "",
    "websocket": "",
    "sse": "sse+",
}
"""How the types hosts write change the scheme of the URL: none but `sse` does."""


@frozen
class LaunchedServer:
    """A server to start: its command, and environment variables on top of ours."""

    command: list[str]
    env: dict[str, str]
    cwd: str | None = None


@frozen
class RemoteServer:
    """A server to call. The scheme of `url` is `sse+http` or `sse+https` where the entry says that
    it speaks HTTP+SSE."""

    url: str
    headers: dict[str, str]


def load_mcp_json(path: str | Path) -> dict[str, dict[str, Any]]:
    """The entries of a file by name, as they stand there. Raises `ConfigError` if it cannot be
    read or is no such file."""
    try:
        document = loads(Path(path).read_bytes())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from error
    except ParseError as error:
        raise ConfigError(f"{path} is no JSON: {error.message}") from error
    servers = None
    if is_object(document):
        servers = document.get("mcpServers", document.get("servers"))
    if not is_object(servers) or not all(is_object(entry) for entry in servers.values()):
        raise ConfigError(f'{path}: expected {{"mcpServers": {{NAME: {{…}}}}}}')
    return dict(servers)


def read_entry(
    entry: Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> LaunchedServer | RemoteServer:
    """What an entry means, its variables replaced from `environ` (this process's if None). Raises
    `ConfigError` for an entry nobody could connect to, or a variable that is not set."""
    entry = _expanded(dict(entry), os.environ if environ is None else environ)
    command, url = entry.get("command"), entry.get("url")
    if isinstance(command, str) and url is None:
        arguments = entry.get("args", [])
        if not is_list(arguments) or not all(isinstance(each, str) for each in arguments):
            raise ConfigError("an entry's args are a list of strings")
        return LaunchedServer([command, *arguments], _strings(entry, "env"), entry.get("cwd"))
    if isinstance(url, str) and command is None:
        kind = str(entry.get("type", entry.get("transport", ""))).lower()
        if kind not in _TYPES:
            known = ", ".join(name for name in _TYPES if name)
            raise ConfigError(f"nobody knows an entry's type {kind!r}; there are {known}")
        return RemoteServer(_TYPES[kind] + url, _strings(entry, "headers"))
    raise ConfigError("an entry has a command (to start) or a url (to call), as a string")


def _strings(entry: Mapping[str, Any], member: str) -> dict[str, str]:
    found = entry.get(member, {})
    if not is_object(found) or not all(isinstance(value, str) for value in found.values()):
        raise ConfigError(f"an entry's {member} maps names to strings")
    return dict(found)


def _expanded(value: Any, environ: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _variable(match, environ), value)
    if is_object(value):
        return {key: _expanded(each, environ) for key, each in value.items()}
    if is_list(value):
        return [_expanded(each, environ) for each in value]
    return value


def _variable(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, default = match["name"], match["default"]
    if name in environ:
        return environ[name]
    if default is not None:
        return default
    raise ConfigError(
        f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}"
    )
