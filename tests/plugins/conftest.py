"""Distributions made of nothing but files, so that every way to be broken costs no pip install."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from textwrap import dedent

import pytest
from attrs import define

_numbers = count()


@define
class Site:
    """A directory on `sys.path` that distributions are written into."""

    path: Path

    def add(
        self,
        source: str,
        *,
        plugin: str = "fake",
        requires: str | None = "zcp-kernel>=1,<2",
        version: str = "2.5.0",
        distribution: str | None = None,
        target: str | None = None,
    ) -> str:
        """Write a distribution with one entry point; returns the name of its module."""
        number = next(_numbers)
        module = f"zcp_fake_{number}"
        distribution = distribution or f"fake-dist-{number}"
        (self.path / f"{module}.py").write_text(
            "from zcp_kernel.hookspecs import hookimpl\n" + dedent(source)
        )
        info = self.path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {requires}"] if requires is not None else []
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[zcp]\n{plugin} = {target or module}\n")
        return module


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty place for fake distributions; their modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield Site(tmp_path)
    for module in [name for name in sys.modules if name.startswith("zcp_fake_")]:
        del sys.modules[module]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """`installed/` needs an environment of its own, so it runs when it is named."""
    named = any("installed" in Path(arg.split("::")[0]).parts for arg in config.args)
    return True if collection_path.name == "installed" and not named else None
