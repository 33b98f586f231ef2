"""`zcp serve`. Nothing here may load rich: a server starts quickly and stays small."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from attrs import frozen

from .exits import NOT_STARTED, CommandError
from .options import debug_option
from .targets import AppTarget, CommandTarget, load_app, parse_target

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.config import ServerConfig

Backend = Literal["asyncio", "trio"]


@frozen
class Asked:
    """What `zcp serve` was told; `network` holds the options given of those that listen."""

    target: AppTarget
    backend: Backend
    toml: Path | None
    network: dict[str, Any]


def _stdio(asked: Asked) -> None:
    from zcp_transport_stdio import run_mcp_stdio_server_sync

    app, config = _loaded(asked)
    run_mcp_stdio_server_sync(app, config=config, backend=asked.backend)


def _http(asked: Asked) -> None:
    from zcp_transport_http.serve import serve

    loop = {"loop": "trio"} if asked.backend == "trio" else {}
    toml = None if asked.toml is None else str(asked.toml)
    serve(str(asked.target), toml=toml, **{**loop, **asked.network})


def _websocket(asked: Asked) -> None:
    from zcp_transport_ws.serve import serve

    app, config = _loaded(asked)
    serve(app, config=config, backend=asked.backend, **asked.network)


SERVERS: dict[str, tuple[str, Callable[[Asked], None]]] = {
    "stdio": ("zcp_transport_stdio", _stdio),
    "http": ("zcp_transport_http", _http),
    "websocket": ("zcp_transport_ws", _websocket),
}
"""Transport -> the package that brings it, and how to serve with it."""

ALSO = {"ws": "websocket"}
"""Other names of transports."""

LISTENING = ("host", "port", "certfile", "keyfile")
OPTIONS = {"http": (*LISTENING, "workers", "loop", "reload"), "websocket": LISTENING}
"""Transport -> the options it takes of those that not all do."""


def network_options(command: Callable[..., None]) -> Callable[..., None]:
    """Options of the transports that listen; None is what was not given."""
    file = click.Path(exists=True, dir_okay=False)
    options = [
        click.option("--host", help="http, websocket: the address to listen at."),
        click.option(
            "--port", type=click.IntRange(0, 65535), help="http, websocket: the port to listen at."
        ),
        click.option("--workers", type=click.IntRange(1), help="http: how many processes serve."),
        click.option(
            "--loop", type=click.Choice(["asyncio", "uvloop", "trio"]),
            help="http: the event loop to run on.",
        ),
        click.option(
            "--reload", is_flag=True, default=None, help="http: start anew when sources change."
        ),
        click.option(
            "--certfile", type=file, help="http, websocket: a certificate (PEM); turns TLS on."
        ),
        click.option("--keyfile", type=file, help="http, websocket: its private key (PEM)."),
    ]  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


@click.command("serve", short_help="Serve an app, over stdio, HTTP or WebSocket.")
@click.argument("target")
@click.option("--transport", default="stdio", show_default=True, help="How clients connect.")
@click.option(
    "--backend", type=click.Choice(["asyncio", "trio"]), default="asyncio", show_default=True,
    help="The event loop to run on.",
)  # fmt: skip
@network_options
@click.option(
    "--config", "toml", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.toml", help="Configuration, under what the environment says.",
)  # fmt: skip
@debug_option
def serve_command(
    target: str, transport: str, backend: Backend, toml: Path | None, **network: Any
) -> None:
    """Serve the app TARGET (module:app, file.py:app, or file.py).

    With stdio, until the one client is done: standard output belongs to the protocol, everything
    else goes to standard error. With http, until SIGTERM or Ctrl-C: on /mcp, /zcp, /sse and /ws,
    as section [http] of the configuration says. With websocket, so as well, on /ws alone and
    without an HTTP server, as section [websocket] says.
    """
    given = {name: value for name, value in network.items() if value is not None}
    transport = ALSO.get(transport, transport)
    serve = _server(transport)
    for name in sorted(set(given) - set(OPTIONS.get(transport, ()))):
        takes = " or ".join(each for each, taken in OPTIONS.items() if name in taken)
        raise click.UsageError(f"--{name} is for --transport {takes}")
    parsed = parse_target(target)
    if not isinstance(parsed, AppTarget) and not target.endswith(".py"):
        raise click.UsageError(f"{target} is no app: give module:app, file.py:app or file.py")
    if isinstance(parsed, AppTarget):
        serve(Asked(parsed, backend, toml, given))
    elif isinstance(parsed, CommandTarget) and transport == "stdio":
        _run_program(parsed, backend, toml)
    else:
        raise CommandError(
            f"{target} serves by itself on stdio; put its serving line under "
            '`if __name__ == "__main__":`',
            NOT_STARTED,
        )


def _server(transport: str) -> Callable[[Asked], None]:
    package, serve = SERVERS.get(transport, (f"zcp_transport_{transport}", None))
    if serve is not None and find_spec(package) is not None:
        return serve
    installed = [name for name, (needs, _) in SERVERS.items() if find_spec(needs) is not None]
    raise CommandError(
        f"there is no transport {transport!r} to serve with; installed: "
        f"{', '.join(installed) or 'none'}. If there is one of that name: "
        f"pip install {package.replace('_', '-')}",
        NOT_STARTED,
    )


def _run_program(program: CommandTarget, backend: Backend, toml: Path | None) -> None:
    """Run a file that serves itself, in this process."""
    _, path = program.argv
    if backend != "asyncio" or toml is not None:
        raise CommandError(
            f"{path} serves by itself, so --backend and --config have no effect on it; put its "
            'serving line under `if __name__ == "__main__":`',
            NOT_STARTED,
        )
    sys.argv = [path]
    sys.path.insert(0, str(Path(path).resolve().parent))
    runpy.run_path(path, run_name="__main__")


def _loaded(asked: Asked) -> tuple[FastZCP, ServerConfig]:
    from zcp_kernel.config import ServerConfig

    if asked.backend == "trio" and find_spec("trio") is None:
        raise CommandError("trio is not installed: pip install trio", NOT_STARTED)
    app = load_app(asked.target)
    return app, ServerConfig.load(app.host, toml=asked.toml, environ=os.environ)
