"""The third-party plugin, installed or, where it is not, found as if it were."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "acme-zcp-plugin"


@pytest.fixture(scope="module", autouse=True)
def acme(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """`acme-zcp-plugin` is there. Not installed, its source and the metadata a build would make
    of its pyproject.toml are put on the path."""
    try:
        distribution("acme-zcp-plugin")
    except PackageNotFoundError:
        metadata = tmp_path_factory.mktemp("acme")
        write_metadata(metadata)
        added = [str(metadata), str(PROJECT / "src")]
        sys.path[:0] = added
        yield
        for path in added:
            sys.path.remove(path)
    else:
        yield


def write_metadata(folder: Path) -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    info = folder / f"acme_zcp_plugin-{project['version']}.dist-info"
    info.mkdir()
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Requires-Dist: {one}" for one in project["dependencies"]]
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    points = [f"{name} = {target}" for name, target in project["entry-points"]["zcp"].items()]
    (info / "entry_points.txt").write_text("\n".join(["[zcp]", *points]) + "\n", "utf-8")
