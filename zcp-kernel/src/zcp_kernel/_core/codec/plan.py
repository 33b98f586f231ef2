"""Which members of a class a codec knows, and what they are called on the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import Attribute, fields, frozen, resolve_types

from ...model import Shape, wire_name

HasField = Callable[[type, str], bool]
"""Whether a class has this attribute in a codec."""


@frozen
class Plan:
    """`own` maps the wire names of this codec to attributes; `names` are those of any codec.

    `tag` is the value of the constant `type` member of a content block; `open` says whether
    unknown members are kept.
    """

    cls: type[Any]
    own: Mapping[str, Attribute[Any]]
    names: frozenset[str]
    tag: str | None
    open: bool

    @property
    def known(self) -> frozenset[str]:
        """The wire names that are no extras when decoding."""
        return frozenset(self.own).union(() if self.tag is None else ("type",))


def make_plan(cls: type[Any], has_field: HasField) -> Plan:
    resolve_types(cls)
    wired = [a for a in fields(cls) if a.name != "extras" and a.metadata.get("wire", True)]
    # `_meta` last: it comes first only because it is declared in the base class.
    wired.sort(key=lambda a: a.name == "meta")
    tag = getattr(cls, "type", None)
    if not isinstance(tag, str):
        tag = None
    return Plan(
        cls=cls,
        own={wire_name(a.name): a for a in wired if has_field(cls, a.name)},
        names=frozenset(wire_name(a.name) for a in wired).union(() if tag is None else ("type",)),
        tag=tag,
        open=issubclass(cls, Shape),
    )
