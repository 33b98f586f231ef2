"""What `zcp plugins` shows of each plugin."""

from __future__ import annotations

from typing import Literal

from attrs import frozen


@frozen
class PluginReport:
    """One plugin: who it is, whether it takes part, and if not, why.

    `requires_kernel` is the version part of its requirement (`>=1,<2`), None when it has none.
    `problem` is the message that stops a start, None unless `status` is "broken".
    """

    name: str
    distribution: str | None
    version: str | None
    requires_kernel: str | None
    status: Literal["ok", "disabled", "broken"]
    hooks: tuple[str, ...] = ()
    problem: str | None = None
