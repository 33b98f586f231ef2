"""Every page does what it says: its code runs, in order, and prints what the page shows.

In a page's Python block, a first line `# name.py` is the file to save it as; later commands and
blocks find it there. A `text` block right after code or commands is what they print, line by line
in this order; `…` stands for anything.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import ROOT, Block, blocks, pages

PAGES = {str(path.relative_to(ROOT)): path for path in pages()}
SECONDS = 120


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty directory with this environment's programs at hand and no setting of ours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    programs = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join((programs, os.environ.get("PATH", ""))))
    for name in [name for name in os.environ if name.startswith("ZCP_")]:
        monkeypatch.delenv(name)
    # The environment of all tests has a third-party plugin installed; its tool is not ours.
    monkeypatch.setenv("ZCP_PLUGINS_DISABLED", "acme")
    loaded = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - loaded:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(page: str, workspace: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    for block in blocks(PAGES[page]):
        where = f"{page}:{block.line}"
        if block.language == "python":
            printed = _python(block, names, where)
        else:
            printed = "".join(_command(line, where) for line in _lines(block.source))
        _compare(printed, block.shows, where)


def _python(block: Block, names: dict[str, Any], where: str) -> str:
    file = re.match(r"# (\w+\.py)\n", block.source)
    if file is not None:
        Path(file[1]).write_text(block.source, encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(block.source, where, "exec"), names)
    return printed.getvalue()


def _lines(source: str) -> list[str]:
    """Commands, those continued with a backslash joined."""
    return [line for line in source.replace("\\\n", " ").splitlines() if line.strip()]


def _command(line: str, where: str) -> str:
    words = shlex.split(line, comments=True)
    assert words, where
    done = subprocess.run(
        words, capture_output=True, timeout=SECONDS, check=False,
        stdin=subprocess.DEVNULL, encoding="utf-8", env={**os.environ, "COLUMNS": "120"},
    )  # fmt: skip
    # 1 is a call that failed, as some pages show; anything else did not run.
    assert done.returncode in (0, 1), f"{where}: {line}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _compare(printed: str, shown: tuple[str, ...], where: str) -> None:
    lines = iter(printed.splitlines())
    for wanted in shown:
        pattern = ".*".join(map(re.escape, wanted.rstrip().split("…")))
        assert any(re.fullmatch(pattern, line.rstrip()) for line in lines), (
            f"{where}: {wanted!r} is not in\n{printed}"
        )


def test_every_link_of_a_page_leads_somewhere() -> None:
    broken = [
        f"{page}: {target}"
        for page, path in {**PAGES, **_guides()}.items()
        for target in re.findall(r"\]\(([^)#\s:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert broken == []


def test_every_anchor_is_a_heading() -> None:
    broken = []
    for page, path in {**PAGES, **_guides()}.items():
        for target, anchor in re.findall(
            r"\]\(([^)#\s:]*)#([^)]+)\)", path.read_text(encoding="utf-8")
        ):
            pointed = path.parent / target if target else path
            if pointed.suffix == ".md" and anchor not in _anchors(pointed):
                broken.append(f"{page}: {target}#{anchor}")
    assert broken == []


def _anchors(path: Path) -> set[str]:
    """Heading anchors as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def _guides() -> dict[str, Path]:
    guides = (ROOT / "docs" / "guides").glob("*.md")
    return {str(path.relative_to(ROOT)): path for path in sorted(guides)}
