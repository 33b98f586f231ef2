"""What to talk to: an app in this process, or a command that serves on its standard streams.

TARGET is `module:app`, `file.py:app`, `file.py` (the one FastZCP in it), or, after `--`, a command
with its arguments. A file that serves itself when it is run is a command, too.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from attrs import frozen
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
    """A program that serves on its standard streams."""

    argv: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.argv)


Target = AppTarget | CommandTarget


def parse_target(text: str) -> Target:
    """Read a TARGET. Raises `CommandError` (usage) for one that names nothing."""
    source, colon, attribute = text.rpartition(":")
    if not colon or not attribute.isidentifier():
        source, attribute = text, ""
    target = AppTarget(source, attribute or None)
    if target.path is None:
        if not all(part.isidentifier() for part in source.split(".")):
            raise CommandError(
                f"{text!r} is no target: give module:app, file.py:app, file.py, or "
                "'-- command args' at the end of the line",
                USAGE,
            )
        return target
    if not target.path.is_file():
        raise CommandError(f"there is no file {source}", NOT_STARTED)
    return _program_or_app(target, target.path)


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
