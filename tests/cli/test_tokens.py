"""`zcp tokens`."""

from __future__ import annotations

from pathlib import Path

from .conftest import Zcp


def test_every_tool_on_both_planes(zcp: Zcp, kitchen: Path) -> None:
    report = zcp("tokens", kitchen, "--json").json
    assert report["encoding"] == "o200k_base"
    native, mcp = report["surfaces"]["native"], report["surfaces"]["mcp"]
    listed = [tool["name"] for tool in zcp("tools", kitchen, "--json").json["tools"]]
    assert [tool["name"] for tool in native["tools"]] == listed
    assert native["count"] == mcp["count"] == len(listed)
    assert native["tokens"]["names"] < native["tokens"]["brief"] < native["tokens"]["full"]
    assert set(mcp["tokens"]) == {"full"}


def test_as_a_table_the_heaviest_first(zcp: Zcp, kitchen: Path) -> None:
    lines = zcp("tokens", kitchen, "--prefer", "mcp").out.splitlines()
    assert lines[0].split() == ["TOOL", "MCP", "FULL"]
    costs = [int(line.split()[-1]) for line in lines[1:-1]]
    assert costs == sorted(costs, reverse=True)
    assert lines[-1].startswith("all ")


def test_a_budget_holds_a_catalogue(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tokens", kitchen, "--budget", 5)
    assert ran.code == 1
    assert "the budget is 5" in ran.err
    assert zcp("tokens", kitchen, "--budget", 100_000).code == 0


def test_an_unknown_encoding_is_a_usage_error(zcp: Zcp, kitchen: Path) -> None:
    ran = zcp("tokens", kitchen, "--encoding", "gpt2")
    assert ran.code == 2
    assert "o200k_base" in ran.err
