"""`zcp serve`. Nothing here may load rich: a server starts quickly and stays small."""

from __future__ import annotations

import os
import runpy
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
class Serving:
    """What `zcp serve` was told, as a transport's server needs it."""

    app: FastZCP
    config: ServerConfig
    backend: Backend


def _stdio(serving: Serving) -> None:
    from zcp_transport_stdio import run_mcp_stdio_server_sync

    run_mcp_stdio_server_sync(serving.app, config=serving.config, backend=serving.backend)


SERVERS: dict[str, tuple[str, Callable[[Serving], None]]] = {
    "stdio": ("zcp_transport_stdio", _stdio),
}
"""Transport -> the package that brings it, and how to serve with it."""


@click.command("serve", short_help="Serve an app to one client.")
@click.argument("target")
@click.option("--transport", default="stdio", show_default=True, help="How clients connect.")
@click.option(
    "--backend", type=click.Choice(["asyncio", "trio"]), default="asyncio", show_default=True,
    help="The event loop to run on.",
)  # fmt: skip
@click.option(
    "--config", "toml", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE.toml", help="Configuration, under what the environment says.",
)  # fmt: skip
@debug_option
def serve_command(target: str, transport: str, backend: Backend, toml: Path | None) -> None:
    """Serve the app TARGET (module:app, file.py:app, or file.py) until its client is done.

    With stdio, standard output belongs to the protocol; everything else goes to standard error.
    """
    serve = _server(transport)
    parsed = parse_target(target)
    if isinstance(parsed, CommandTarget):
        _run_program(parsed, backend, toml)
        return
    serve(_prepared(parsed, backend, toml))


def _server(transport: str) -> Callable[[Serving], None]:
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


def _prepared(target: AppTarget, backend: Backend, toml: Path | None) -> Serving:
    from zcp_kernel.config import ServerConfig

    if backend == "trio" and find_spec("trio") is None:
        raise CommandError("trio is not installed: pip install trio", NOT_STARTED)
    app = load_app(target)
    config = ServerConfig.load(app.host, toml=toml, environ=os.environ)
    return Serving(app, config, backend)
