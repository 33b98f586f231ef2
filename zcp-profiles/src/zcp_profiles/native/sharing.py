"""`$defs` of a list of tools: what several tools' schemas have in common is sent once.

Rules of this file:
- What is replaced stands in `$defs` at the top of the result; in its place stands
  `{"$ref": "#/$defs/<key>"}`. Keys begin with `:`; where a schema's own reference looks like one of
  ours, nothing is shared.
- Only whole schemas in places where a schema may stand are replaced, and only if that makes the
  message shorter. Restoring gives back the very same schemas, members in their order.
- A schema that has a reference of its own is left where it is: the reference is relative to it.
- What restoring makes of a message is bounded: a small message cannot become a huge one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from zcp_kernel.codec import Convert, Hooks, ModelCodec
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import dumps, is_list, is_object, reload

_MARK = ":"
_PREFIX = f"#/$defs/{_MARK}"
_LOOKALIKE = f'"{_PREFIX}'.encode()
_LEAST_BYTES = 40
_MOST_DEPTH = 64
_MOST_RESTORED = 64 * 1024 * 1024
"""Bytes of JSON that restoring may add to a message."""

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = (
    "items",
    "additionalProperties",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "propertyNames",
)
_SCHEMAS = ("inputSchema", "outputSchema")

Visit = Callable[[dict[str, Any]], dict[str, Any] | None]


def hoisting(codec: ModelCodec, derived: Convert) -> Convert:
    """Encode a list of tools with what they share in `$defs`."""

    def encode(result: Any) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        return share(out)

    return encode


def restoring(codec: ModelCodec, derived: Convert) -> Convert:
    """Decode a list of tools whose schemas may lean on `$defs`."""
    return lambda raw: derived(unshare(raw) if is_object(raw) and "$defs" in raw else raw)


SHARED = Hooks(encode=hoisting, decode=restoring)


def share(result: dict[str, Any]) -> dict[str, Any]:
    """The encoded result with shared schemas hoisted; the same object if nothing is shared."""
    tools = result.get("tools")
    if not is_list(tools) or len(tools) < 2:
        return result
    plain = dumps(result)
    shared = set[bytes]() if _LOOKALIKE in plain else _worthwhile(tools)
    if not shared:
        return result
    keys: dict[bytes, str] = {}
    defs: dict[str, Any] = {}

    def hoisted(schema: dict[str, Any]) -> dict[str, Any] | None:
        text = dumps(schema)
        if text not in shared:
            return None
        if text not in keys:
            keys[text] = f"{_MARK}{len(keys)}"
            defs[keys[text]] = schema
        return {"$ref": f"#/$defs/{keys[text]}"}

    slim = [_tool(tool, hoisted) for tool in tools]
    out = {**result, "tools": slim, "$defs": defs}
    return out if len(dumps(out)) < len(plain) else result


def unshare(result: Mapping[str, Any]) -> dict[str, Any]:
    """The encoded result with every tool's schemas complete again. Raises `InvalidParams` for one
    that would grow out of bounds."""
    out = dict(result)
    defs = out.pop("$defs")
    if not is_object(defs) or not is_list(out.get("tools")):
        return out
    texts = {_PREFIX + key[1:]: dumps(each) for key, each in defs.items() if is_object(each)}
    left = _MOST_RESTORED

    def restored(schema: dict[str, Any]) -> dict[str, Any] | None:
        nonlocal left
        reference = schema.get("$ref")
        text = texts.get(reference) if isinstance(reference, str) and len(schema) == 1 else None
        if text is None:
            return None
        left -= len(text)
        if left < 0:
            message = f"shared schemas unfold to more than {_MOST_RESTORED} bytes"
            raise InvalidParams(f"invalid:$defs: {message}", [Fault("$defs", "limit", message)])
        whole: dict[str, Any] = reload(text)
        return whole

    out["tools"] = [_tool(tool, restored) if is_object(tool) else tool for tool in out["tools"]]
    return out


def _worthwhile(tools: list[Any]) -> set[bytes]:
    """The JSON of the schemas that are worth sending once: used in several places, and long enough
    that the references cost less than what they save."""
    uses: dict[bytes, int] = defaultdict(int)
    for tool in tools:
        for member in _SCHEMAS:
            schema = tool.get(member)
            if is_object(schema) and b'"$ref"' not in dumps(schema):
                for part in _parts(schema, 0):
                    uses[dumps(part)] += 1
    found: set[bytes] = set()
    for text, count in uses.items():
        if count > 1 and len(text) >= _LEAST_BYTES:
            reference = len(_PREFIX) + len('{"$ref":"9999"}')
            if len(text) * (count - 1) > count * reference + len('":9999":,'):
                found.add(text)
    return found


def _parts(schema: dict[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """A schema and the schemas in it."""
    yield schema
    if depth < _MOST_DEPTH:
        for part in _children(schema):
            yield from _parts(part, depth + 1)


def _children(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for keyword in _NAMED:
        named = schema.get(keyword)
        yield from (
            each for each in (named.values() if is_object(named) else ()) if is_object(each)
        )
    for keyword in _LISTED:
        listed = schema.get(keyword)
        yield from (each for each in (listed if is_list(listed) else ()) if is_object(each))
    for keyword in _SINGLE:
        single = schema.get(keyword)
        if is_object(single):
            yield single


def _tool(tool: dict[str, Any], visit: Visit) -> dict[str, Any]:
    out = dict(tool)
    for member in _SCHEMAS:
        schema = out.get(member)
        if is_object(schema):
            out[member] = _rewritten(schema, visit, 0)
    return out


def _rewritten(schema: dict[str, Any], visit: Visit, depth: int) -> dict[str, Any]:
    instead = visit(schema)
    if instead is not None:
        return instead
    if depth >= _MOST_DEPTH:
        return schema
    out: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _NAMED and is_object(value):
            value = {name: _part(each, visit, depth) for name, each in value.items()}
        elif keyword in _LISTED and is_list(value):
            value = [_part(each, visit, depth) for each in value]
        elif keyword in _SINGLE:
            value = _part(value, visit, depth)
        out[keyword] = value
    return out


def _part(value: Any, visit: Visit, depth: int) -> Any:
    return _rewritten(value, visit, depth + 1) if is_object(value) else value
