"""`stdio_client`: a session with a server in this process, or with one started as a subprocess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.plugins import PluginHost

from .inprocess import StdioServer, stdio_server

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

    from .config import StdioConfig
    from .stderr import StderrHandler


def stdio_client(
    target: StdioServer | FastZCP | str | Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stderr_handler: StderrHandler | None = None,
    shutdown_seconds: float | None = None,
    config: StdioConfig | None = None,
    **hooks: Any,
) -> ZCPClientSession:
    """A session with `target`: a `stdio_server(app)` (or the app itself) in this process, or the
    command that starts a server, as one string or as a list of arguments.

    `hooks` are those of `zcp_kernel.client.session_over`: `roots_provider`, `sampling_handler`,
    `elicitation_handler`, `log_handler`, `progress_handler`, `notification_handler`, and
    `timeout`, `revision`, `prefer`, `client_info`. The other options are a subprocess's, see
    `open_process`; its session begins with `async with` or `initialize()` and ends the process on
    leaving or `close()`. A process that died is started anew by the next call.

    Raises `TypeError` for options that do not fit the target, `PluginError` for a broken plugin,
    `ConfigError` for an unknown setting.
    """
    process = {
        "env": env,
        "cwd": cwd,
        "stderr_handler": stderr_handler,
        "shutdown_seconds": shutdown_seconds,
        "config": config,
    }
    options = {name: value for name, value in process.items() if value is not None}
    if isinstance(target, (str, Sequence)):
        return _subprocess_client(target, options, hooks)
    if options:
        raise TypeError(f"{', '.join(options)}: for a server in a subprocess only")
    server = target if isinstance(target, StdioServer) else stdio_server(target)
    hooks.setdefault("dialects", server.dialects)
    return session_over(server.connect, transport="stdio", **hooks)


def _subprocess_client(
    command: str | Sequence[str], options: dict[str, Any], hooks: dict[str, Any]
) -> ZCPClientSession:
    from .process import open_process

    if "dialects" not in hooks:
        host = PluginHost()
        hooks["dialects"] = host.dialects(ServerConfig.load(host))
    connect = partial(open_process, command, **options)
    return session_over(connect, needs_initialize=True, transport="stdio", **hooks)
