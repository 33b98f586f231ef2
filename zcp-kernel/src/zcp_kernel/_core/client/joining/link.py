"""A connection and what was agreed on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import define, evolve, field

from ....contracts import Method, Peer, Revision
from ..link.connection import Connection


@define(eq=False)
class Link:
    """`result` is what the server told of itself, as a plain dict; `peer` who asks here.

    `announced`: the server was told that the session is ready; `restored`: and of what former ones
    were told.
    """

    connection: Connection
    revision: Revision
    peer: Peer
    result: dict[str, Any]
    announced: bool = False
    restored: bool = False
    methods: dict[str, Method] = field(init=False)
    _facts: dict[bool, Mapping[str, Any]] = field(init=False, factory=dict[bool, Any])

    def __attrs_post_init__(self) -> None:
        self.methods = methods_of(self.revision)

    @property
    def ready(self) -> bool:
        """Whether requests can be sent as it stands."""
        return self.announced and self.restored and not self.connection.ended

    def dressed(
        self, params: dict[str, Any] | None, *, tasks: bool = False
    ) -> dict[str, Any] | None:
        """Parameters with what this revision has every request say of its sender; with `tasks` that
        of one that can be answered with a task."""
        facts = self._facts.get(tasks)
        if facts is None:
            facts = self._facts[tasks] = self._said(tasks)
        return dressed(params, facts)

    def _said(self, tasks: bool) -> Mapping[str, Any]:
        side, peer = self.revision.client, self.peer
        if tasks:
            peer = evolve(peer, capabilities=side.with_tasks(peer.capabilities))
        return side.facts(peer)

    def log_from(self, level: Any) -> None:
        """Have requests ask for log messages of this level and above."""
        self.peer = evolve(self.peer, log_level=level)
        self._facts.clear()


def methods_of(revision: Revision) -> dict[str, Method]:
    """By operation, the method to send: the last where one operation has several."""
    return {method.operation: method for method in revision.requests.values()}


def dressed(params: dict[str, Any] | None, facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """The parameters with these members of `_meta`, which stand over the caller's own."""
    if not facts:
        return params
    given = params or {}
    return {**given, "_meta": {**(given.get("_meta") or {}), **facts}}
