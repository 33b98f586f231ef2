"""A 2020-12 schema, rewritten for fastjsonschema (which reads draft-07), or refused.

What is kept means the same in both; what 2020-12 says differently is rewritten where that is exact
(`prefixItems`, `dependentRequired`, siblings of `$ref`); everything else is refused by name. Every
referenced schema becomes a numbered definition, because the library derives function names from
references and lets two of them collide.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from ...errors import SchemaRefused
from . import pure_keywords as keywords
from .dialects import LATEST, dialect_of
from .values import is_array, is_object
from .walk import local_target

ADVICE = 'pip install "zcp-kernel[rs]" (jsonschema-rs) checks it'
_INLINE_LEVELS = 4
"""Schemas nested deeper than this become functions of their own: Python refuses code with more
than 20 nested loops and handlers."""


def refused(keyword: str, reason: str) -> SchemaRefused:
    return SchemaRefused(f"{keyword}: {reason}; {ADVICE}", keyword)


@define
class Prepared:
    """A schema in the library's terms; `exact_floats` asks for whole floats as integers."""

    schema: dict[str, Any] | bool
    exact_floats: bool


def prepare(root: dict[str, Any] | bool, node: dict[str, Any] | bool) -> Prepared:
    """`node`, a schema in the document `root`, for the library. Raises `SchemaRefused`."""
    return _Preparer(root).prepare(node)


def check_dialect(root: dict[str, Any] | bool) -> None:
    """Raises `SchemaRefused` for a document this engine would read in the wrong draft."""
    dialect = dialect_of(root)
    if dialect != LATEST:
        raise refused("$schema", f"the pure engine knows {LATEST} only, not {dialect}")


@define
class _Preparer:
    root: dict[str, Any] | bool
    names: dict[int, str] = field(factory=dict[int, str])
    waiting: list[tuple[str, Any]] = field(factory=list[tuple[str, Any]])
    exact_floats: bool = False

    def prepare(self, node: dict[str, Any] | bool) -> Prepared:
        if isinstance(node, bool):
            return Prepared(node, False)
        entry = self._reference(node)
        definitions: dict[str, Any] = {}
        while self.waiting:
            name, waiting = self.waiting.pop()
            definitions[name] = self._rewrite(waiting, 0)
        return Prepared({**entry, "definitions": definitions}, self.exact_floats)

    def _reference(self, node: dict[str, Any]) -> dict[str, Any]:
        name = self.names.get(id(node))
        if name is None:
            name = self.names[id(node)] = f"d{len(self.names)}"
            self.waiting.append((name, node))
        return {"$ref": f"#/definitions/{name}"}

    def schema(self, node: Any, level: int) -> dict[str, Any] | bool:
        if isinstance(node, bool):
            return node
        if not is_object(node):
            raise refused("schema", f"expected an object or a boolean, found {node!r}")
        if level > _INLINE_LEVELS:
            return self._reference(node)
        return self._rewrite(node, level) or True

    def _rewrite(self, node: dict[str, Any], level: int) -> dict[str, Any]:
        self._check_place(node)
        out: dict[str, Any] = {}
        for keyword, rule in node.items():
            if keyword in keywords.REFUSED:
                raise refused(keyword, "the pure engine does not know this keyword")
            check = keywords.CHECKED.get(keyword)
            if check is not None:
                out[keyword] = check(rule)
            rewrite = _REWRITERS.get(keyword)
            if rewrite is not None:
                _merge(out, rewrite(self, node, rule, level + 1))
        self.exact_floats |= "multipleOf" in node
        return self._with_reference(node, _apart(out))

    def _check_place(self, node: dict[str, Any]) -> None:
        if node is not self.root and "$id" in node:
            raise refused("$id", "the pure engine knows no embedded resources")

    def _with_reference(self, node: dict[str, Any], out: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return out
        target = local_target(self.root, node["$ref"])
        if not isinstance(target, (dict, bool)):
            raise refused("$ref", f"{node['$ref']!r} is no JSON Pointer (#/…) into this document")
        referred = self.schema(target, _INLINE_LEVELS + 1)
        return {**out, "allOf": [*out.get("allOf", ()), referred]}


def _merge(out: dict[str, Any], more: dict[str, Any]) -> None:
    both = [*out.get("allOf", ()), *more.get("allOf", ())]
    out.update(more)
    if both:
        out["allOf"] = both


def _apart(out: dict[str, Any]) -> dict[str, Any]:
    """The library takes a closed object that requires a member it has no place for as a mistake;
    2020-12 takes it as a schema nothing fits."""
    if "required" not in out or out.get("additionalProperties") is not False:
        return out
    rest = {keyword: rule for keyword, rule in out.items() if keyword != "required"}
    return {**rest, "allOf": [{"required": out["required"]}, *out.get("allOf", ())]}


def _one(self: _Preparer, keyword: str, rule: Any, level: int) -> dict[str, Any]:
    return {keyword: self.schema(rule, level)}


def _several(self: _Preparer, keyword: str, rule: Any, level: int) -> dict[str, Any]:
    if not is_array(rule) or not rule:
        raise refused(keyword, "expected an array of schemas")
    return {keyword: [self.schema(child, level) for child in rule]}


def _named(self: _Preparer, keyword: str, rule: Any, level: int) -> dict[str, Any]:
    if not is_object(rule):
        raise refused(keyword, "expected an object of schemas")
    return {keyword: {name: self.schema(child, level) for name, child in rule.items()}}


def _properties(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    return _named(self, "properties", rule, level) if rule != {} else {}


def _patterns(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    held = _named(self, "patternProperties", rule, level)["patternProperties"]
    translated: dict[str, Any] = {}
    for pattern, child in held.items():
        text = keywords.translated(pattern)
        translated[text] = {"allOf": [translated[text], child]} if text in translated else child
    return {"patternProperties": translated} if translated else {}


def _items(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    if is_array(rule):
        raise refused("items", "an array of schemas is prefixItems in 2020-12")
    return {} if "prefixItems" in node else _one(self, "items", rule, level)


def _prefix_items(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    first = _several(self, "prefixItems", rule, level)["prefixItems"]
    return {"items": first, "additionalItems": self.schema(node.get("items", True), level)}


def _const(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    """As an `enum` of one: the library cannot generate `const` without its long messages."""
    options = {"enum": [rule]}
    return {"allOf": [options]} if "enum" in node else options


def _conditional(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    parts = {name: node[name] for name in ("if", "then", "else") if name in node}
    return {name: self.schema(part, level) for name, part in parts.items()}


def _dependent_required(self: _Preparer, node: Any, rule: Any, level: int) -> dict[str, Any]:
    return _dependencies(self, node, level)


def _dependencies(self: _Preparer, node: Any, level: int) -> dict[str, Any]:
    names = keywords.dependent_names(node.get("dependentRequired", {}))
    held = _named(self, "dependentSchemas", node.get("dependentSchemas", {}), level)
    schemas = held["dependentSchemas"]
    both = {
        given: {"allOf": [{"required": names[given]}, schemas[given]]}
        for given in names.keys() & schemas.keys()
    }
    found = {**names, **schemas, **both}
    return {"dependencies": found} if found else {}


_Rewriter = Callable[[_Preparer, dict[str, Any], Any, int], dict[str, Any]]


def _plain(keyword: str, rewrite: Callable[[_Preparer, str, Any, int], Any]) -> _Rewriter:
    return lambda self, node, rule, level: rewrite(self, keyword, rule, level)


_REWRITERS: dict[str, _Rewriter] = {
    **{
        name: _plain(name, _one)
        for name in ("additionalProperties", "propertyNames", "contains", "not")
    },
    **{name: _plain(name, _several) for name in ("allOf", "anyOf", "oneOf")},
    "properties": _properties,
    "patternProperties": _patterns,
    "items": _items,
    "prefixItems": _prefix_items,
    "if": _conditional,
    "const": _const,
    "dependentRequired": _dependent_required,
    "dependentSchemas": _dependent_required,
}
