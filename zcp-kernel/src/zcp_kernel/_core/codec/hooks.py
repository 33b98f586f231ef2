"""What a codec does beyond deriving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from ...codec import ModelCodec

Convert = Callable[[Any], Any]


@frozen
class Hooks:
    """What to do beyond the derived codec of a class, or of one member.

    Each is called once, with the codec and the derived function, and returns the function to use
    instead. `encode` takes a shape (a member: its value) and returns JSON; `decode` takes JSON and
    returns the shape (the value), raising `InvalidParams` for what does not fit, with paths that
    start at the value.
    """

    encode: Callable[[ModelCodec, Convert], Convert] | None = None
    decode: Callable[[ModelCodec, Convert], Convert] | None = None


HookTable = Mapping[type | tuple[type, str], Sequence[Hooks]]
"""Hooks by class, or by class and attribute name; applied in order, each around the one before."""
