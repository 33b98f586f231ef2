"""Lists for people, or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ..shapes import items_of

as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


def show(rows: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Each row as a line of `name=value`, or all as a JSON list."""
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo("  ".join(f"{name}={_text(value)}" for name, value in row.items()))


def _text(value: Any) -> str:
    return ",".join(map(str, items_of(value))) if isinstance(value, list) else str(value)
