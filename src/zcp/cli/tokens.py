"""`zcp tokens`."""

from __future__ import annotations

import sys
from typing import Any

import click
from attrs import define, evolve, field
from zcp_profiles.tokens.counting import (
    DEFAULT_ENCODING,
    Tokenizer,
    TokenizerMissing,
    tokenizer,
)
from zcp_profiles.tokens.measuring import CatalogueCost, measure

from .connecting import Visit, visit
from .exits import FAILED, NOT_STARTED, CommandError
from .options import Options, TargetCommand, shared_options, target_argument
from .rendering import Screen
from .targets import Target

NATIVE, MCP = "native", "mcp"


@define
class _Surface:
    """What a plane lists by default; `profile` is the view it comes from, if it has a name."""

    cost: CatalogueCost
    profile: str | None


@define
class _Report:
    tokens: Tokenizer
    surfaces: dict[str, _Surface] = field(factory=dict[str, _Surface])

    async def add(self, visited: Visit) -> None:
        version = visited.client.protocol_version or ""
        surface = NATIVE if version.startswith("zcp/") else MCP
        if surface in self.surfaces:
            return
        listed = await visited.client.list_tools()
        cost = measure(listed["tools"], self.tokens.count)
        self.surfaces[surface] = _Surface(cost, listed.get("profile"))

    def document(self) -> dict[str, Any]:
        return {
            "encoding": self.tokens.name,
            "surfaces": {
                name: {
                    **({"profile": surface.profile} if surface.profile else {}),
                    "count": len(surface.cost.tools),
                    "tokens": _levels(name, surface.cost.tokens),
                    "tools": [
                        {"name": tool.name, "tokens": _levels(name, tool.tokens)}
                        for tool in surface.cost.tools
                    ],
                }
                for name, surface in self.surfaces.items()
            },
        }

    def rows(self) -> list[tuple[str, ...]]:
        """A row a tool, the heaviest first, and one for all."""
        costs: dict[str, dict[str, Any]] = {}
        for name, surface in self.surfaces.items():
            for tool in surface.cost.tools:
                costs.setdefault(tool.name, {})[name] = tool.tokens
        listed = sorted(costs.items(), key=lambda each: -max(t["full"] for t in each[1].values()))
        totals: dict[str, Any] = {name: each.cost.tokens for name, each in self.surfaces.items()}
        return [(name, *self._cells(tokens)) for name, tokens in [*listed, ("all", totals)]]

    def _cells(self, tokens: dict[str, Any]) -> list[str]:
        return [
            str(tokens[surface][level]) if surface in tokens else "-"
            for surface in self.surfaces
            for level in _levels(surface, {"names": 0, "brief": 0, "full": 0})
        ]

    def columns(self) -> list[str]:
        return [
            f"{surface} {level}"
            for surface in self.surfaces
            for level in _levels(surface, {"names": 0, "brief": 0, "full": 0})
        ]


def _levels(surface: str, tokens: Any) -> dict[str, int]:
    """The levels of detail this surface can list; MCP has but the full one."""
    return {level: n for level, n in tokens.items() if surface == NATIVE or level == "full"}


@click.command("tokens", cls=TargetCommand, short_help="Count what the tools cost a model.")
@target_argument
@click.option(
    "--encoding", default=DEFAULT_ENCODING, show_default=True, metavar="NAME",
    help="Whose tokens to count: o200k_base or cl100k_base.",
)  # fmt: skip
@click.option(
    "--budget", type=click.IntRange(1), metavar="TOKENS",
    help="End with 1 if what a surface lists by default takes more.",
)  # fmt: skip
@shared_options
def tokens_command(target: Target, options: Options, encoding: str, budget: int | None) -> None:
    """Count the tokens of TARGET's tools: each tool and all together, as an MCP host is sent them,
    and at each level of detail of the native plane. Nothing is downloaded, no tool is called."""
    report = _Report(_tokenizer(encoding))

    visit(target, options, report.add)
    if NATIVE in report.surfaces and options.prefer is None and options.revision is None:
        visit(target, evolve(options, prefer=MCP), report.add)
    _show(report, options)
    _hold(report, budget)


def _tokenizer(encoding: str) -> Tokenizer:
    try:
        return tokenizer(encoding)
    except TokenizerMissing as error:
        raise CommandError(str(error), NOT_STARTED) from error
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--encoding") from error


def _show(report: _Report, options: Options) -> None:
    screen = Screen(sys.stdout, json=options.json, quiet=options.quiet)
    if screen.json:
        screen.document(report.document())
        return
    screen.table(("tool", *report.columns()), report.rows())
    for name, surface in report.surfaces.items():
        if surface.profile:
            screen.note(f"{name} shows the profile {surface.profile!r} by default")


def _hold(report: _Report, budget: int | None) -> None:
    for name, surface in report.surfaces.items():
        total = surface.cost.tokens["full"]
        if budget is not None and total > budget:
            raise CommandError(
                f"{name} lists {total} tokens of tools, the budget is {budget}", FAILED
            )
