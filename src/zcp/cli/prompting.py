"""`zcp prompt`."""

from __future__ import annotations

import click

from .arguments import read_strings
from .connecting import Visit, visit
from .options import Options, TargetCommand, shared_options, target_argument
from .results import block_text
from .targets import Target


@click.command("prompt", cls=TargetCommand, short_help="Fill in a prompt.")
@target_argument
@click.argument("name")
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@shared_options
def prompt_command(target: Target, name: str, pairs: tuple[str, ...], options: Options) -> None:
    """Show the messages of the prompt NAME of TARGET."""

    async def action(visited: Visit) -> None:
        answer = await visited.client.get_prompt(name, read_strings(pairs))
        if visited.screen.json:
            visited.screen.document(answer)
            return
        for message in answer["messages"]:
            visited.screen.text(f"{message['role']}: {block_text(message['content'])}")

    visit(target, options, action)
