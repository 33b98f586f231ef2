"""`zcp prompts` and `zcp resources`."""

from __future__ import annotations

from typing import Any

import click

from .connecting import Visit, visit
from .jsonvalues import entries, members
from .options import Options, TargetCommand, shared_options, target_argument
from .rendering import first_line
from .targets import Target


@click.command("prompts", cls=TargetCommand, short_help="List a server's prompts.")
@target_argument
@shared_options
def prompts_command(target: Target, options: Options) -> None:
    """List the prompts of TARGET."""

    async def action(visited: Visit) -> None:
        answer = await visited.client.list_prompts()
        if visited.screen.json:
            visited.screen.document(answer)
            return
        visited.screen.table(
            ("prompt", "arguments", "description"),
            [
                (each["name"], _arguments(each), first_line(each.get("description")))
                for each in answer["prompts"]
            ],
        )

    visit(target, options, action)


@click.command("resources", cls=TargetCommand, short_help="List a server's resources.")
@target_argument
@click.option("--templates", is_flag=True, help="The URI templates instead.")
@shared_options
def resources_command(target: Target, templates: bool, options: Options) -> None:
    """List the resources of TARGET, or the templates whose URIs it reads."""

    async def action(visited: Visit) -> None:
        client = visited.client
        listing = client.list_resource_templates if templates else client.list_resources
        answer = await listing()
        if visited.screen.json:
            visited.screen.document(answer)
            return
        member, key = ("resourceTemplates", "uriTemplate") if templates else ("resources", "uri")
        visited.screen.table(
            ("template" if templates else "resource", "name", "type", "description"),
            [
                (
                    each[key],
                    each.get("name") or "",
                    each.get("mimeType") or "",
                    first_line(each.get("description")),
                )
                for each in answer[member]
            ],
        )

    visit(target, options, action)


def _arguments(prompt: dict[str, Any]) -> str:
    return ", ".join(
        f"{each.get('name')}{'' if each.get('required') else '?'}"
        for each in map(members, entries(prompt.get("arguments")))
    )
