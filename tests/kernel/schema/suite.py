"""The JSON-Schema-Test-Suite (draft 2020-12), taken from the source archive of `jsonschema`.

The archive bundles the suite at `json/`; pip brings it, pytest's cache keeps it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

RELEASE = "jsonschema==4.26.0"
_HERE = "json/tests/draft2020-12"


@frozen
class Case:
    """One value, and whether the group's schema accepts it."""

    description: str
    data: Any
    valid: bool


@frozen
class Group:
    """One schema of the suite with its cases; `file` is its file's name without suffix."""

    file: str
    description: str
    schema: Any
    cases: tuple[Case, ...]

    @property
    def name(self) -> str:
        return f"{self.file}: {self.description}"


def required_groups(config: pytest.Config) -> list[Group]:
    """Every group of the suite's required part."""
    with tarfile.open(_archive(config)) as archive:
        return [group for file, text in _files(archive) for group in _groups(file, text)]


def _archive(config: pytest.Config) -> Path:
    cache = config.cache
    assert cache is not None
    folder = cache.mkdir("json-schema-test-suite")
    found = list(folder.glob("jsonschema-*.tar.gz"))
    if not found:
        _download(folder)
        found = list(folder.glob("jsonschema-*.tar.gz"))
    return found[0]


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", "jsonschema", "--dest", str(folder), RELEASE]
    subprocess.run(command, check=True, timeout=300)


def _files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    for member in archive.getmembers():
        parent, _, name = member.name.rpartition("/")
        if parent.endswith(_HERE) and name.endswith(".json"):
            held = archive.extractfile(member)
            assert held is not None
            yield name.removesuffix(".json"), held.read()


def _groups(file: str, text: bytes) -> Iterator[Group]:
    for entry in json.loads(text):
        cases = tuple(Case(t["description"], t["data"], t["valid"]) for t in entry["tests"])
        yield Group(file, entry["description"], entry["schema"], cases)
