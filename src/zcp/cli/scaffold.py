"""`zcp new` and `zcp new-plugin`: starter projects from the templates in this package."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import click

from .exits import CommandError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*([-_.][A-Za-z0-9]+)*")
_SUFFIX = ".template"
_PACKAGE = "__package__"
_TAKEN = ("zcp", "test", "tests", "src", "app", "server", "plugin", "mcp", "pytest", "trio")


@click.command("new", short_help="Write a starter project for a server.")
@click.argument("name")
@click.option("--path", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where to write it (default: ./NAME).")  # fmt: skip
def new_command(name: str, path: Path | None) -> None:
    """Write a server with a tool, a resource, a prompt and a test."""
    _write("server", name, path)


@click.command("new-plugin", short_help="Write a starter project for a plugin.")
@click.argument("name")
@click.option("--path", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Where to write it (default: ./NAME).")  # fmt: skip
def new_plugin_command(name: str, path: Path | None) -> None:
    """Write an installable plugin with a tool and a test against the kernel's contract suite."""
    _write("plugin", name, path)


def package_name(name: str) -> str:
    """The import package for a project name. Raises `click.UsageError` saying what is wrong."""
    if not _NAME.fullmatch(name):
        raise click.UsageError(
            f"{name!r} cannot be a project's name: letters and digits, beginning with a letter, "
            "parts joined by single '-', '_' or '.'"
        )
    package = re.sub(r"[-.]", "_", name).lower()
    if keyword.iskeyword(package) or keyword.issoftkeyword(package):
        raise click.UsageError(f"{name!r} cannot be imported: {package} is a Python keyword")
    if package in sys.stdlib_module_names:
        raise click.UsageError(f"{name!r} would hide the standard library's module {package}")
    if package in _TAKEN or package.startswith("zcp_"):
        raise click.UsageError(f"{name!r} would hide the package {package}; choose another name")
    return package


def _write(kind: str, name: str, path: Path | None) -> None:
    values = {"name": name, "package": package_name(name), "tool": _tool_name(name)}
    target = path if path is not None else Path(name)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CommandError(f"{target} exists already; nothing was written")
    template = files("zcp.cli").joinpath("templates", kind)
    try:
        written = _fill(template, target, values)
    except OSError as error:
        raise CommandError(f"cannot write {target}: {error.strerror}") from error
    for each in written:
        click.echo(target / each)
    click.echo(f"{target / 'README.md'} says how to run and test it.", err=True)


def _tool_name(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).lower()


def _fill(template: Traversable, target: Path, values: dict[str, str]) -> list[Path]:
    """Write the project beside its place and move it there: all of it, or nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with TemporaryDirectory(prefix=".zcp-new-", dir=target.parent) as beside:
        project = Path(beside) / "project"
        for source, relative in _templates(template, Path()):
            filled = Template(source.read_text("utf-8")).substitute(values)
            place = Path(str(relative).replace(_PACKAGE, values["package"]))
            (project / place).parent.mkdir(parents=True, exist_ok=True)
            (project / place).write_text(filled, "utf-8")
            written.append(place)
        project.rename(target)
    return sorted(written)


def _templates(directory: Traversable, at: Path) -> Iterator[tuple[Traversable, Path]]:
    for entry in directory.iterdir():
        if entry.is_dir():
            yield from _templates(entry, at / entry.name)
        elif entry.name.endswith(_SUFFIX):
            yield entry, at / entry.name.removesuffix(_SUFFIX)
