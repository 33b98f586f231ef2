"""`zcp new` and `zcp new-plugin` write projects that pass their own tests."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from zcp.cli.scaffold import package_name

from .conftest import Zcp


def own_tests(zcp: Zcp, project: Path) -> str:
    """Run a written project's tests as its README says; nothing is installed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=project, env=zcp.env, capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_server_project_passes_its_own_test_and_runs(zcp: Zcp, tmp_path: Path) -> None:
    ran = zcp("new", "my-Kitchen")
    assert ran.code == 0, ran.err
    assert "my-Kitchen/src/my_kitchen/server.py" in ran.out.splitlines()
    project = tmp_path / "my-Kitchen"
    assert "4 passed" in own_tests(zcp, project)
    server = project / "src/my_kitchen/server.py"
    assert zcp("call", server, "add", "a=2", "b=3").out.strip() in ("5", '{\n  "result": 5\n}')
    assert zcp("read", server, "notes://welcome").out == "Welcome to my-Kitchen.\n"
    program = f"import sys; sys.path.insert(0, {str(project / 'src')!r})\n"
    program += "from my_kitchen.server import main; main()"
    tools = zcp("tools", "--json", "--", sys.executable, "-c", program)
    assert [tool["name"] for tool in tools.json["tools"]] == ["add"]


def test_a_plugin_project_passes_its_own_test_and_is_a_plugin(zcp: Zcp, tmp_path: Path) -> None:
    assert zcp("new-plugin", "word.Tools", "--path", "here/plugin").code == 0
    project = tmp_path / "here/plugin"
    assert "passed" in own_tests(zcp, project)
    metadata = (project / "pyproject.toml").read_text()
    assert 'dependencies = ["zcp-kernel>=1,<2"]' in metadata
    # What pip would leave behind: the distribution's entry point beside its package.
    info = project / "src/word_tools-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: word.Tools\nVersion: 0.1.0\nRequires-Dist: zcp-kernel>=1,<2\n"
    )
    (info / "entry_points.txt").write_text("[zcp]\nword_tools = word_tools.plugin\n")
    (tmp_path / "app.py").write_text("from zcp import FastZCP\napp = FastZCP('x')\n")
    env = {"PYTHONPATH": str(project / "src")}
    reports = zcp("plugins", "--json", env=env).json["plugins"]
    mine = next(report for report in reports if report["name"] == "word_tools")
    assert (mine["status"], mine["hooks"]) == ("ok", ["zcp_register"])
    ran = zcp("call", "app.py", "word_tools.join", "words=one", "words=two", env=env)
    assert "one two" in ran.out


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("1st", "letters and digits"),
        ("two words", "letters and digits"),
        ("../up", "letters and digits"),
        ("a--b", "letters and digits"),
        ("", "letters and digits"),
        ("class", "Python keyword"),
        ("match", "Python keyword"),
        ("json", "standard library"),
        ("zcp", "hide the package"),
        ("zcp-kernel", "hide the package"),
        ("tests", "hide the package"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(click.UsageError, match=reason):
        package_name(name)


def test_nothing_is_ever_overwritten(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("keep")
    (tmp_path / "file").write_text("keep")
    for name in ("mine", "file"):
        ran = zcp("new", name)
        assert ran.code == 1
        assert "exists already; nothing was written" in ran.err
    assert (tmp_path / "file").read_text() == "keep"
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["notes.txt"]
    assert zcp("new", "json").code == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "mine"]


def test_an_empty_directory_may_be_filled(zcp: Zcp, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert zcp("new", "empty").code == 0
    assert (tmp_path / "empty/pyproject.toml").is_file()
