"""Handlers whose hints are strings until somebody asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NotRequired, Required, TypedDict

if TYPE_CHECKING:
    from zcp_kernel.context import Context


@dataclass
class Leaf:
    size: int


class Options(TypedDict, total=False):
    depth: Required[int]
    label: NotRequired[str]
    leaf: Leaf


def grow(leaf: Leaf, options: Options, ctx: Context) -> list[Leaf]:
    return [leaf] * options["depth"]


def lost(thing: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    raise NotImplementedError
