"""The `zcp` command. Importing this loads neither click nor rich; running it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code (see `zcp.cli.exits`)."""
    from .app import run
    from .exits import leave

    leave(run(argv))
