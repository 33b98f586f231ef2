"""`connect`: a session with whatever server a target names, over the transport that fits it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .client import ZCPClientSession, session_over
from .config import ServerConfig
from .errors import ConfigError
from .inprocess import InProcessServer, ServerHandle
from .mcp_json import LaunchedServer, load_mcp_json, read_entry
from .plugins import PluginHost

if TYPE_CHECKING:
    from .app import FastZCP
    from .contracts import Transport

__all__ = ["connect", "connect_over"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(stdio):")
_MCP_JSON = re.compile(r"(?P<path>.+\.json)(?::(?P<server>[^/\\]+))?")
_BRINGS = {"ws": "ws", "wss": "ws", "http": "http", "https": "http"}
"""The extra that brings a scheme."""

_SESSION_OPTIONS = frozenset(inspect.signature(session_over).parameters) - {"connect"}


def connect(
    target: FastZCP | ServerHandle | str | Path | Sequence[str] | Mapping[str, Any],
    *,
    server: str | None = None,
    host: PluginHost | None = None,
    **options: Any,
) -> ZCPClientSession:
    """A session with the server `target` names; it begins with `async with` or `initialize()`.

    `target` is one of
    - a URL: `http://…`, `https://…` (an old server's HTTP+SSE is found by itself), `ws://…`,
      `wss://…`, or another scheme a plugin brings;
    - a command, as one string or a list of arguments: a server on its standard streams;
    - an `mcp.json` file, with `server` the name of the entry if there are several (or in one
      string, `mcp.json:NAME`), or such an entry itself, as a mapping;
    - an app, or what `stdio_server(app)` and its siblings return: a server in this process.

    `options` are those of `zcp_kernel.client.session_over` (hooks, `timeout`, `revision`, `prefer`,
    `client_info`), and of the transport (`headers`, `auth`, `env`, …). `host` holds the plugins;
    None discovers them.

    Raises `ConfigError` for a target or dialect nobody brings, `TypeError` for an option that does
    not fit, `PluginError` for a broken plugin.
    """
    if isinstance(target, (str, Path)):
        found = None if _scheme(str(target)) else _MCP_JSON.fullmatch(str(target))
        if found is not None:
            target = _entry(found["path"], server or found["server"])
            server = None
    if server is not None:
        raise TypeError(f"server={server!r} names an entry of an mcp.json file; there is none")
    if isinstance(target, Mapping):
        return _connect_entry(target, host, options)
    if isinstance(target, (str, Path)):
        return _connect_named(str(target), host, options)
    if isinstance(target, Sequence):
        return _connect_command(target, host, options)
    return _connect_here(target, options)


def _connect_here(target: FastZCP | ServerHandle, options: dict[str, Any]) -> ZCPClientSession:
    handle = target if isinstance(target, ServerHandle) else InProcessServer(target)
    session, rest = _split(options)
    if rest:
        raise TypeError(f"{', '.join(rest)}: no option for a server in this process")
    session.setdefault("dialects", handle.dialects)
    session.setdefault("transport", handle.transport)
    return session_over(handle.connect, **session)


def _entry(path: str, server: str | None) -> Mapping[str, Any]:
    entries = load_mcp_json(path)
    names = ", ".join(entries) or "none"
    if server is None:
        if len(entries) != 1:
            raise ConfigError(f"{path}: say which server is meant; there is {names}")
        return next(iter(entries.values()))
    if server not in entries:
        raise ConfigError(f"{path} has no server {server!r}; there is {names}")
    return entries[server]


def _connect_entry(
    entry: Mapping[str, Any], host: PluginHost | None, options: dict[str, Any]
) -> ZCPClientSession:
    found = read_entry(entry)
    if isinstance(found, LaunchedServer):
        given: dict[str, Any] = {"env": found.env} if found.env else {}
        given |= {"cwd": found.cwd} if found.cwd else {}
        return _connect_command(found.command, host, {**given, **options})
    if found.headers:
        options = {**options, "headers": {**found.headers, **(options.get("headers") or {})}}
    return _connect_named(found.url, host, options)


def _connect_named(
    target: str, host: PluginHost | None, options: dict[str, Any]
) -> ZCPClientSession:
    host = host or PluginHost()
    return connect_over(_transport(_scheme(target) or "stdio", host), target, host=host, **options)


def _connect_command(
    command: Sequence[str], host: PluginHost | None, options: dict[str, Any]
) -> ZCPClientSession:
    host = host or PluginHost()
    return connect_over(_transport("stdio", host), command, host=host, **options)


def _scheme(target: str) -> str | None:
    match = _SCHEME.match(target)
    return None if match is None else (match[1] or match[2]).lower()


def _transport(scheme: str, host: PluginHost) -> Transport:
    transports = host.transports()
    for transport in transports:
        if scheme in transport.schemes:
            return transport
    known = ", ".join(name for transport in transports for name in transport.schemes) or "none"
    extra = _BRINGS.get(scheme)
    hint = f'; pip install "zero-context-protocol-sdk[{extra}]" brings it' if extra else ""
    raise ConfigError(f"no transport for {scheme}: (there are {known}){hint}")


def connect_over(
    transport: Transport, target: Any, *, host: PluginHost | None = None, **options: Any
) -> ZCPClientSession:
    """A session with `target` over this transport; `host`, options and errors as of `connect`."""
    session, rest = _split(options)
    try:
        inspect.signature(transport.connect).bind(target, **rest)
    except TypeError as error:
        raise TypeError(f"{transport.name}: {error}") from None
    if "dialects" not in session:
        host = host or PluginHost()
        session["dialects"] = host.dialects(ServerConfig.load(host))
    if "prefer" not in session and "revision" not in session:
        session["prefer"] = transport.prefer(target)
    if isinstance(target, str) and "://" in target:
        session.setdefault("origin", re.split(r"[?#]", target)[0])
    session.setdefault("needs_initialize", True)
    session.setdefault("transport", transport.name)
    return session_over(partial(transport.connect, target, **rest), **session)


def _split(options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The options of the session, and those of the transport."""
    session = {name: value for name, value in options.items() if name in _SESSION_OPTIONS}
    return session, {name: value for name, value in options.items() if name not in session}
