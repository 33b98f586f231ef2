"""`zcp plugins`, broken plugins, and commands that plugins add."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Zcp

Install = Callable[[str, str], dict[str, str]]

COMMANDS = """
import click
from zcp_kernel.hookspecs import hookimpl

@hookimpl
def zcp_commands(group):
    @group.command("brew")
    @click.argument("what")
    @click.pass_context
    def brew(context, what):
        "Brew something."
        click.echo(f"brewing {what}")
        context.exit(7)
"""


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Writes a distribution with one plugin; returns the environment that has it."""
    site = tmp_path / "site"
    site.mkdir()

    def install(name: str, source: str) -> dict[str, str]:
        (site / f"dist_{name}.py").write_text(source)
        info = site / f"dist_{name}-4.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: dist-{name}\nVersion: 4.2\n"
            "Requires-Dist: zcp-kernel>=1,<2\n"
        )
        (info / "entry_points.txt").write_text(f"[zcp]\n{name} = dist_{name}\n")
        return {"PYTHONPATH": str(site)}

    return install


def test_the_installed_plugins_are_shown(zcp: Zcp) -> None:
    ran = zcp("plugins")
    assert ran.code == 0, ran.err
    rows = [line.split() for line in ran.out.splitlines()]
    assert rows[0][:2] == ["PLUGIN", "DISTRIBUTION"]
    shown = {row[0]: row for row in rows[1:]}
    assert {"stdio", "mcp", "native"} <= shown.keys()
    assert shown["stdio"][1] == "zcp-transport-stdio"


def test_as_json(zcp: Zcp) -> None:
    reports = zcp("plugins", "--json").json["plugins"]
    stdio = next(report for report in reports if report["name"] == "stdio")
    assert stdio["status"] == "ok"
    assert "zcp_transports" in stdio["hooks"]


def test_a_broken_plugin_is_shown_and_is_the_exit_code(
    zcp: Zcp, install: Install, kitchen: Path
) -> None:
    env = install("bad", "import nothing_like_this\n")
    ran = zcp("plugins", env=env)
    assert ran.code == 1
    row = next(line for line in ran.out.splitlines() if line.startswith("bad "))
    assert "broken" in row.split()
    assert "nothing_like_this" in ran.err
    assert "ZCP_PLUGINS_DISABLED=bad" in ran.err
    reports = zcp("plugins", "--json", env=env)
    assert reports.code == 1
    assert [each["name"] for each in reports.json["plugins"] if each["problem"]] == ["bad"]


def test_a_broken_plugin_stops_a_server_and_says_the_way_out(
    zcp: Zcp, install: Install, kitchen: Path
) -> None:
    env = install("bad", "import nothing_like_this\n")
    ran = zcp("tools", kitchen, env=env)
    assert (ran.code, ran.out) == (3, "")
    assert "dist-bad 4.2" in ran.err
    assert zcp("tools", kitchen, env={**env, "ZCP_PLUGINS_DISABLED": "bad"}).code == 0


def test_help_survives_a_broken_plugin(zcp: Zcp, install: Install) -> None:
    ran = zcp("--help", env=install("bad", "import nothing_like_this\n"))
    assert ran.code == 0
    assert "serve" in ran.out
    assert "warning: commands of plugins are missing" in ran.err


def test_a_plugin_adds_a_command(zcp: Zcp, install: Install) -> None:
    env = install("brewer", COMMANDS)
    assert "Brew something." in zcp("--help", env=env).out
    ran = zcp("brew", "tea", env=env)
    assert (ran.code, ran.out) == (7, "brewing tea\n")
    assert zcp("brew", "tea").code == 2


def test_a_plugin_must_not_take_the_name_of_a_command(zcp: Zcp, install: Install) -> None:
    env = install("taker", COMMANDS.replace('"brew"', '"serve"'))
    ran = zcp("unheard-of", env=env)
    assert ran.code == 3
    assert "'serve' exists already" in ran.err
