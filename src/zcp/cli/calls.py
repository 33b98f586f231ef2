"""`zcp tools` and `zcp call`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from .arguments import read_arguments
from .connecting import Visit, visit
from .exits import FAILED
from .following import follow
from .jsonvalues import members
from .options import Options, TargetCommand, shared_options, target_argument
from .rendering import first_line, signature
from .results import show_result
from .targets import Target


@click.command("tools", cls=TargetCommand, short_help="List a server's tools.")
@target_argument
@click.option("--profile", help="The exposure profile to list through (native protocol).")
@click.option("--group", "groups", multiple=True, help="Only tools of this group; repeatable.")
@click.option("--stage", "stages", multiple=True, help="Only tools of this stage; repeatable.")
@shared_options
def tools_command(
    target: Target,
    profile: str | None,
    groups: tuple[str, ...],
    stages: tuple[str, ...],
    options: Options,
) -> None:
    """List the tools of TARGET."""

    async def action(visited: Visit) -> None:
        answer = await visited.client.list_tools(
            profile=profile, groups=list(groups) or None, stages=list(stages) or None
        )
        if visited.screen.json:
            visited.screen.document(answer)
            return
        visited.screen.table(
            ("tool", "arguments", "description"),
            [
                (
                    tool["name"],
                    signature(tool.get("inputSchema")),
                    first_line(tool.get("description")),
                )
                for tool in answer["tools"]
            ],
        )

    visit(target, options, action)


@click.command("call", cls=TargetCommand, short_help="Call a tool.")
@target_argument
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--args", "document", metavar="JSON|@FILE", help="The arguments as a JSON object.")
@click.option("--task", "as_task", is_flag=True, help="Run the call as a task and follow it.")
@shared_options
@click.pass_context
def call_command(
    context: click.Context,
    target: Target,
    name: str,
    pairs: tuple[str, ...],
    document: str | None,
    as_task: bool,
    options: Options,
) -> None:
    """Call the tool NAME of TARGET.

    A value is JSON if it reads as JSON and the tool's schema allows it, else a string. Progress and
    log messages go to standard error. Ctrl-C cancels the call.
    """
    outcome: list[bool] = []
    timeout = options.timeout

    async def action(visited: Visit) -> None:
        tool = await _find(visited, name)
        arguments = read_arguments(pairs, document, members(tool).get("inputSchema"))
        support = members(members(tool).get("execution")).get("taskSupport")
        if as_task or support == "required":
            result = await _as_task(visited, name, arguments, timeout)
        else:
            result = await visited.client.call_tool(
                name, arguments, timeout=timeout, progress=wanted
            )
        visited.attendant.pause()
        outcome.append(await show_result(visited, result))

    visit(target, options, action, bounded=False)
    if not all(outcome):
        context.exit(FAILED)


async def _find(visited: Visit, name: str) -> dict[str, Any] | None:
    """The tool as listed; None if it is not, for the server to say why."""
    tools: Sequence[dict[str, Any]] = (await visited.client.list_tools())["tools"]
    return next((tool for tool in tools if tool["name"] == name), None)


async def _as_task(
    visited: Visit, name: str, arguments: dict[str, Any], timeout: float | None
) -> Any:
    created = await visited.client.call_tool(name, arguments, task=True, progress=wanted)
    return await follow(visited, created["task"], timeout)


def wanted(_: dict[str, Any]) -> None:
    """Asks the server for progress notices. The session's own handler shows them: it still hears
    those of a task, whose call is answered at once."""
