"""`zcp read`."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import click

from .connecting import Visit, visit
from .exits import FAILED, CommandError
from .options import Options, TargetCommand, shared_options, target_argument
from .rendering import Screen
from .targets import Target


@click.command("read", cls=TargetCommand, short_help="Read a resource.")
@target_argument
@click.argument("uri")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
    help="Write the content to this file.",
)  # fmt: skip
@shared_options
def read_command(target: Target, uri: str, output: Path | None, options: Options) -> None:
    """Read the resource URI of TARGET."""

    async def action(visited: Visit) -> None:
        answer = await visited.client.read_resource(uri)
        contents = answer["contents"]
        if output is not None:
            _save(contents, output)
            visited.screen.note(f"wrote {output}")
        if visited.screen.json:
            visited.screen.document(answer)
        elif output is None:
            for content in contents:
                _show(content, visited.screen)

    visit(target, options, action)


def payload(content: dict[str, Any]) -> bytes:
    """The bytes of one resource content."""
    if "blob" in content:
        return base64.b64decode(content["blob"])
    return str(content.get("text", "")).encode()


def _save(contents: list[dict[str, Any]], output: Path) -> None:
    if len(contents) != 1:
        raise CommandError(
            f"the resource has {len(contents)} contents, --output takes one; use --json"
        )
    try:
        output.write_bytes(payload(contents[0]))
    except OSError as error:
        raise CommandError(f"cannot write {output}: {error.strerror}") from error


def _show(content: dict[str, Any], screen: Screen) -> None:
    if "blob" not in content:
        screen.text(content.get("text", ""))
        return
    data = payload(content)
    if screen.out.isatty():
        kind = content.get("mimeType") or "binary"
        raise CommandError(
            f"{content['uri']} is {kind}, {len(data)} bytes: use --output FILE, or redirect",
            FAILED,
        )
    screen.out.flush()
    screen.out.buffer.write(data)
    screen.out.buffer.flush()
