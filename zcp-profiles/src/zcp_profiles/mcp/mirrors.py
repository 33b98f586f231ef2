"""Tool parameters that HTTP clients repeat in headers: `x-mcp-header` (2026-07-28,
basic/transports/streamable-http, "Custom Headers from Tool Parameters")."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from attrs import frozen
from zcp_kernel.context import Context
from zcp_kernel.contracts import Handler
from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.model import CallRequest

from . import headers as wire
from .failures import HeaderMismatch

ANNOTATION = "x-mcp-header"

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_INTEGER = re.compile(r"(-?\d{1,16})(?:\.0+)?")
_TYPES = frozenset({"integer", "string", "boolean"})
_NAMED_SCHEMAS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
_VALUES = frozenset({"const", "default", "enum", "examples"})

_KEPT = 1024
"""Tools whose annotations are remembered."""


@frozen
class Mirror:
    """A parameter that is repeated: the header, in lower case, and the way to its value."""

    header: str
    path: tuple[str, ...]


def mirrors_of(schema: Mapping[str, Any]) -> tuple[Mirror, ...]:
    """The annotated parameters of an input schema. Raises `ValueError` saying what is wrong with an
    annotation."""
    found: dict[str, Mirror] = {}
    for path, name, kind in _reachable(schema, ()):
        place = ".".join(path)
        if not isinstance(name, str) or _TOKEN.fullmatch(name) is None:
            raise ValueError(f"{ANNOTATION} of {place}: {name!r} is no header name (RFC 9110)")
        if not isinstance(kind, str) or kind not in _TYPES:
            raise ValueError(f"{ANNOTATION} of {place}: its type must be one of {sorted(_TYPES)}")
        if name.lower() in found:
            raise ValueError(f"{ANNOTATION} of {place}: {name!r} is used twice")
        found[name.lower()] = Mirror(wire.PARAMETER + name.lower(), path)
    if _count(schema) > len(found):
        raise ValueError(f"{ANNOTATION} must stand in a property reached by properties alone")
    return tuple(found.values())


def _reachable(
    schema: Mapping[str, Any], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Annotated properties on chains of `properties`: path, annotation and type."""
    properties = schema.get("properties")
    for name, member in properties.items() if is_object(properties) else ():
        if is_object(member):
            if ANNOTATION in member:
                yield (*path, name), member[ANNOTATION], member.get("type")
            yield from _reachable(member, (*path, name))


def _count(schema: Any) -> int:
    """Annotations anywhere in a schema."""
    if is_list(schema):
        return sum(map(_count, schema))
    if not is_object(schema):
        return 0
    count = int(ANNOTATION in schema)
    for keyword, value in schema.items():
        if keyword in _NAMED_SCHEMAS and is_object(value):
            count += sum(map(_count, value.values()))
        elif keyword not in _VALUES:
            count += _count(value)
    return count


class MirrorCheck:
    """The stage on `tools/call` that holds headers against arguments."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, tuple[Mirror, ...]]] = {}

    def run(self, params: CallRequest, ctx: Context, proceed: Handler) -> Awaitable[Any]:
        revision = ctx.session.revision
        if ctx.headers is not None and revision is not None and revision.stateless:
            mirrors = self._mirrors(params.name, ctx)
            if mirrors:
                # Raises as the call itself would: who may not call learns nothing of the tool.
                ctx.kernel.executor.find(params.name, ctx)
            for mirror in mirrors:
                check(mirror, params.arguments or {}, ctx.headers)
        return proceed(params, ctx)

    def _mirrors(self, name: str, ctx: Context) -> tuple[Mirror, ...]:
        tool = ctx.kernel.registry.tools.get(name)
        if tool is None:
            return ()
        schema = tool.definition.input_schema
        known = self._known.get(name)
        if known is None or known[0] is not schema:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[name] = (schema, _usable(schema))
        return known[1]


def _usable(schema: dict[str, Any]) -> tuple[Mirror, ...]:
    """Nothing where an annotation is wrong: clients do not show such a tool, so none mirrors it."""
    try:
        return mirrors_of(schema)
    except ValueError:
        return ()


def check(mirror: Mirror, arguments: dict[str, Any], headers: Mapping[str, str]) -> None:
    """Raises `HeaderMismatch` unless the header says what the argument says."""
    found = wire.text(headers, mirror.header)
    value: Any = arguments
    for name in mirror.path:
        value = value.get(name) if is_object(value) else None
    if value is None:
        if found is not None:
            raise HeaderMismatch(f"invalid: header {mirror.header} repeats no argument")
    elif found is None:
        raise HeaderMismatch(f"missing: header {mirror.header}")
    elif not _same(found, value):
        raise wire.mismatch(mirror.header, found, str(value))


def _same(found: str, value: Any) -> bool:
    if isinstance(value, bool):
        return found == ("true" if value else "false")
    if isinstance(value, int | float):
        number = _INTEGER.fullmatch(found)
        return number is not None and int(number[1]) == value
    return isinstance(value, str) and found == value
