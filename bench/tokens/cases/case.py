"""What a case is, and how cases are collected."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Literal

from .books import Books

Tier = Literal["single", "chain", "workflow", "goal"]
TIERS: tuple[Tier, ...] = ("single", "chain", "workflow", "goal")
Check = Callable[[Books], None]
_THIRD = 3


@dataclass(frozen=True)
class Case:
    """`check` raises `AssertionError` where the workbooks are not as the task asks."""

    name: str
    tier: Tier
    task: str
    check: Check


_collected: dict[Tier, list[Case]] = {tier: [] for tier in TIERS}


def case(tier: Tier, task: str) -> Callable[[Check], Check]:
    """Declare a case; its checker is the function below."""

    def declared(check: Check) -> Check:
        known = _collected[tier]
        known.append(Case(f"{tier}-{len(known) + 1:02}", tier, task, check))
        return check

    return declared


@cache
def every() -> tuple[Case, ...]:
    for tier in TIERS:
        import_module(f".{tier}", __package__)
    return tuple(one for tier in TIERS for one in _collected[tier])


def held_out() -> frozenset[str]:
    """The names of the third that the agent was not made with: every third one of each tier."""
    every()
    return frozenset(one.name for tier in TIERS for one in _collected[tier][_THIRD - 1 :: _THIRD])
