"""Fields of sections: documented, checked."""

from __future__ import annotations

from typing import Any

from attrs import Attribute, field


def setting(
    default: Any, help: str, unit: str | None = None, check: Any = None, *, secret: bool = False
) -> Any:
    """A documented field of a section: `help` says what it does, `unit` what its number counts,
    `check` is a validator of attrs. A `secret` is never echoed in a message."""
    metadata: dict[str, Any] = {"help": help}
    if unit is not None:
        metadata["unit"] = unit
    if secret:
        metadata["secret"] = True
    return field(default=default, validator=check, metadata=metadata, repr=not secret)


def an_origin(_: Any, attribute: Attribute[Any], value: str) -> None:
    """A check: the value is an origin of the web (RFC 6454), or `*`."""
    scheme, separator, rest = value.partition("://")
    if value != "*" and not (separator and scheme and rest and "/" not in rest):
        raise ValueError(
            f"{attribute.name}: an origin is scheme://host or scheme://host:port, not {value!r}"
        )
