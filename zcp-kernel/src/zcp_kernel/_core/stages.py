"""The order in which stages stand around operations."""

from __future__ import annotations

from collections.abc import Iterable

from ..contracts import Stage
from ..errors import PluginError

_PHASES = ("observe", "guard", "shape")


def ordered(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Outermost first: by phase, then so that every `before` and `after` holds; ties keep the order
    of plugins. Raises `PluginError` on a circle."""
    waiting = sorted(stages, key=lambda stage: _PHASES.index(stage.phase))
    placed: list[Stage] = []
    while waiting:
        for stage in waiting:
            others = [other for other in waiting if other is not stage]
            if not any(_precedes(other, stage) for other in others):
                break
        else:
            names = ", ".join(stage.name for stage in waiting)
            raise PluginError(f"stages {names} each want to stand before another: a circle")
        waiting.remove(stage)
        placed.append(stage)
    return tuple(placed)


def _precedes(first: Stage, second: Stage) -> bool:
    if first.phase != second.phase:
        return _PHASES.index(first.phase) < _PHASES.index(second.phase)
    return second.name in first.before or first.name in second.after
