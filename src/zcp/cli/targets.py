"""What to talk to: a URL, an entry of an `mcp.json` file, a command, or an app in this process.

TARGET is a URL; `mcp.json` or `mcp.json:NAME`; `module:app`, `file.py:app`, `file.py` (the one
FastZCP in it); or a command, as one quoted string or after `--`. A file that serves itself when it
is run is a command, too.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import shlex
import sys
import traceback
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen
from zcp_kernel.errors import SetupError

from .exits import NOT_STARTED, USAGE, CommandError
from .streams import private_stdout

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP

RUNNERS = ("run_mcp_stdio_server", "run_mcp_stdio_server_sync")
"""A call of one of these at the top of a file makes it a program that serves."""


@frozen
class AppTarget:
    """An app to import: `source` is a module name or a path to a `.py` file, `attribute` the app's
    name in it (None: the only one)."""

    source: str
    attribute: str | None = None

    @property
    def path(self) -> Path | None:
        return Path(self.source) if self.source.endswith(".py") else None

    def __str__(self) -> str:
        return f"{self.source}:{self.attribute}" if self.attribute else self.source


@frozen
class CommandTarget:
    """A program that serves on its standard streams. `env` is set on top of our own; `cwd` None is
    our own working directory."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    cwd: str | None = None

    def __str__(self) -> str:
        return " ".join(self.argv)


@frozen
class UrlTarget:
    """A server on the network; `headers` are those its `mcp.json` entry has for it."""

    url: str
    headers: Mapping[str, str] = field(factory=dict[str, str], repr=False)

    def __str__(self) -> str:
        # What stands before the host, and in the query, may be a secret.
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


Target = AppTarget | CommandTarget | UrlTarget

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://.+")
_ENTRY = re.compile(r"(?P<path>.+\.json)(?::(?P<name>[^/\\]+))?")


def parse_target(text: str) -> Target:
    """Read a TARGET. Raises `CommandError` (usage) for one that names nothing."""
    if _URL.fullmatch(text):
        return UrlTarget(text)
    if " " in text.strip() and not Path(text).is_file():
        return _command(text)
    entry = _ENTRY.fullmatch(text)
    if entry is not None:
        return _entry(entry["path"], entry["name"])
    source, colon, attribute = text.rpartition(":")
    if not colon or not attribute.isidentifier():
        source, attribute = text, ""
    target = AppTarget(source, attribute or None)
    if target.path is None:
        if not all(part.isidentifier() for part in source.split(".")):
            raise CommandError(
                f"{text!r} is no target: give a URL, module:app, file.py:app, file.py, "
                "mcp.json:NAME, or '-- command args' at the end of the line",
                USAGE,
            )
        return target
    if not target.path.is_file():
        raise CommandError(f"there is no file {source}", NOT_STARTED)
    return _program_or_app(target, target.path)


def _entry(path: str, name: str | None) -> Target:
    """What an entry of an `mcp.json` file stands for. Raises `ConfigError` too."""
    from zcp_kernel.mcp_json import LaunchedServer, load_mcp_json, read_entry

    entries = load_mcp_json(path)
    if name is None and len(entries) == 1:
        (name,) = entries
    if name is None or name not in entries:
        named = f"has no server {name!r}" if name else "has several servers; say which"
        known = ", ".join(f"{path}:{each}" for each in entries) or "none"
        raise CommandError(f"{path} {named}: there is {known}", NOT_STARTED)
    server = read_entry(entries[name])
    if isinstance(server, LaunchedServer):
        return CommandTarget(tuple(server.command), server.env, server.cwd)
    return UrlTarget(server.url, server.headers)


def _command(text: str) -> CommandTarget:
    try:
        return CommandTarget(tuple(shlex.split(text)))
    except ValueError as error:
        raise CommandError(f"{text!r} is no command: {error}", USAGE) from None


def _program_or_app(target: AppTarget, path: Path) -> Target:
    line = serving_line(path)
    if line is None:
        return target
    if target.attribute is None:
        return CommandTarget((sys.executable, str(path)))
    raise CommandError(
        f"{path}:{line} starts serving as soon as the file is imported; give {path} alone, or put "
        'that line under `if __name__ == "__main__":`',
        NOT_STARTED,
    )


def serving_line(path: Path) -> int | None:
    """The line at which importing this file would begin to serve, None if it would not."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return None  # loading it reports what is wrong
    for statement in tree.body:
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            for node in ast.walk(statement):
                if getattr(node, "id", getattr(node, "attr", None)) in RUNNERS:
                    return statement.lineno
    return None


def load_app(target: AppTarget) -> FastZCP:
    """Import the app. What its module prints goes to standard error.

    Raises `CommandError` when the module cannot be imported, or has no such app.
    """
    with private_stdout(), _explained(target):
        module = _import(target)
    return _app_in(module, target)


def _import(target: AppTarget) -> ModuleType:
    if target.path is None:
        _search_first(Path.cwd())
        return importlib.import_module(target.source)
    path = target.path.resolve()
    _search_first(path.parent)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Type hints, pickles and dataclasses look their module up by name.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _search_first(directory: Path) -> None:
    if sys.path[:1] != [str(directory)]:
        sys.path.insert(0, str(directory))


@contextmanager
def _explained(target: AppTarget) -> Generator[None]:
    try:
        yield
    except SystemExit as stop:
        raise CommandError(
            f"cannot load {target}: it exits with {stop.code}", NOT_STARTED
        ) from stop
    except SetupError:
        raise  # it names the place itself
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
        raise CommandError(
            f"cannot load {target}: {type(error).__name__}: {error}{place}", NOT_STARTED
        ) from error


def _app_in(module: ModuleType, target: AppTarget) -> FastZCP:
    from zcp_kernel.app import FastZCP

    apps = {name: value for name, value in vars(module).items() if isinstance(value, FastZCP)}
    candidates = ", ".join(f"{target.source}:{name}" for name in apps)
    if target.attribute is not None:
        app = getattr(module, target.attribute, None)
        if isinstance(app, FastZCP):
            return app
        found = "no such name" if app is None else f"a {type(app).__name__}, not a FastZCP"
        hint = f"; there is {candidates}" if candidates else ""
        raise CommandError(f"{target}: {found}{hint}", NOT_STARTED)
    if not apps:
        raise CommandError(f"{target.source} has no FastZCP at its top level", NOT_STARTED)
    distinct = {id(app): app for app in apps.values()}
    if len(distinct) > 1:
        raise CommandError(
            f"{target.source} has several apps; say which: {candidates}", NOT_STARTED
        )
    return next(iter(distinct.values()))
