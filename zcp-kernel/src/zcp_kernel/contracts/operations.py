"""What a server can be asked, and what stands around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen

if TYPE_CHECKING:
    from ..context import Context

Handler = Callable[[Any, "Context"], Awaitable[Any]]
"""An operation's body: decoded parameters and the context in, a result shape out."""


@frozen
class Operation:
    """Something a client may ask of the server.

    `name` is the native method name and the operation's identity. `methods` maps a dialect's name
    to its method there (absent: as that dialect's rule for further operations says; empty: it is
    not offered there). `extension` names the protocol extension it belongs to, `settings` is what
    the server declares of that extension because it has this operation (SEP-2133).
    """

    name: str
    params: type
    result: type
    handler: Handler
    methods: Mapping[str, str] = field(factory=dict[str, str])
    extension: str | None = None
    settings: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Stage:
    """Something that stands around operations: `run(params, ctx, proceed)`.

    `operations` names those it surrounds ("*": all). `phase` orders stages coarsely, `before` and
    `after` name other stages within it.
    """

    name: str
    run: Callable[[Any, Context, Handler], Awaitable[Any]]
    operations: tuple[str, ...] = ("*",)
    phase: Literal["guard", "shape", "observe"] = "guard"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
