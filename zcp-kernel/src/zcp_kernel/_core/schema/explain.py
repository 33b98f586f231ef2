"""Why a value does not fit: every fault, found keyword by keyword.

Keywords that hold schemas for parts of the value are followed; each of the others is checked alone,
with a validator compiled for it when it is first needed. The pure engine lists its faults this way,
and the exact one where its library's own list could grow without bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from ...errors import Fault
from . import messages
from .messages import step
from .pure_keywords import CHECKED
from .quick import meant
from .values import is_array, is_object
from .walk import local_target

Check = Callable[[Any], bool]
Checks = dict[tuple[int, str], Check]

_ALONE = frozenset(CHECKED) - {"required"} | {"const", "anyOf", "oneOf", "not", "contains"}


_NESTED = 2
"""Alternatives within alternatives are explained this deep: the work multiplies with each."""


class Explainer:
    """Explains why one value does not fit the document `root`.

    `compile_part` makes a check of a schema whose references are those of the document; `checks`
    keeps what it made.
    """

    def __init__(
        self, root: Any, compile_part: Callable[[dict[str, Any]], Check], checks: Checks
    ) -> None:
        self._root = root
        self._compile = compile_part
        self._checks = checks
        self._alternatives = 0

    def explain(self, node: Any, value: Any, path: str) -> Iterator[Fault]:
        """The faults of `value`, which stands at `path`, by the schema `node`."""
        if node is False:
            yield Fault(path, "false", messages.describe("false", False, value))
        if not is_object(node):
            return
        for keyword, rule in node.items():
            if keyword in _ALONE:
                yield from self._alone(node, keyword, value, path)
            follow = _FOLLOWED.get(keyword)
            if follow is not None:
                yield from follow(self, node, rule, value, path)

    def fits(self, node: Any, value: Any) -> bool:
        """Whether `value` fits the schema `node` of this document."""
        if isinstance(node, bool):
            return node
        return self._check(node, "", node)(value)

    def matches(self, node: Any, pattern: str, name: str) -> bool:
        """Whether `name` matches `pattern`, which stands in `node`."""
        return self._check(node, f"pattern {pattern}", {"pattern": pattern})(name)

    def target(self, ref: str) -> Any:
        return local_target(self._root, ref)

    def _check(self, node: Any, keyword: str, schema: dict[str, Any]) -> Check:
        key = (id(node), keyword)
        if key not in self._checks:
            self._checks[key] = self._compile(schema)
        return self._checks[key]

    def _alone(self, node: Any, keyword: str, value: Any, path: str) -> Iterator[Fault]:
        rule = node[keyword]
        if self._check(node, keyword, {keyword: rule})(value):
            return
        if keyword in ("anyOf", "oneOf"):
            index = meant(self._root, rule, value)
            if index is not None and not self.fits(rule[index], value):
                yield from self.explain(rule[index], value, path)
                return
            tried = self._tried(rule, value, path)
            yield messages.alternatives(path, keyword, rule, value, tried)
        else:
            yield Fault(path, keyword, messages.describe(keyword, rule, value))

    def _tried(self, branches: list[Any], value: Any, path: str) -> list[list[Fault]]:
        """The first fault of each branch; nothing where some branch fits."""
        if self._alternatives >= _NESTED:
            return []
        self._alternatives += 1
        try:
            tried = [list(islice(self.explain(branch, value, path), 1)) for branch in branches]
        finally:
            self._alternatives -= 1
        return tried if all(tried) else []


Follow = Callable[[Explainer, dict[str, Any], Any, Any, str], Iterator[Fault]]


def _ref(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    target = self.target(rule)
    return iter(()) if self.fits(target, value) else self.explain(target, value, path)


def _all_of(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    for branch in rule:
        yield from self.explain(branch, value, path)


def _if(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    branch = "then" if self.fits(rule, value) else "else"
    return self.explain(node.get(branch, True), value, path)


def _required(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if is_object(value):
        yield from (messages.missing(path, name) for name in rule if name not in value)


def _dependent(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    for given, held in rule.items() if is_object(value) else ():
        if given not in value:
            continue
        if is_array(held):
            lacking = (name for name in held if name not in value)
            yield from (messages.missing(path, name, given) for name in lacking)
        else:
            yield from self.explain(held, value, path)


def _properties(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if is_object(value):
        for name, held in rule.items():
            if name in value:
                yield from self.explain(held, value[name], step(path, name))


def _patterns(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if is_object(value):
        for pattern, held in rule.items():
            for name, item in value.items():
                if self.matches(node, pattern, name):
                    yield from self.explain(held, item, step(path, name))


def _additional(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if not is_object(value):
        return
    known = node.get("properties", {})
    patterns = node.get("patternProperties", {})
    for name, item in value.items():
        if name in known or any(self.matches(node, pattern, name) for pattern in patterns):
            continue
        if rule is False:
            yield messages.unexpected(path, name, "additionalProperties", known)
        else:
            yield from self.explain(rule, item, step(path, name))


def _names(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    for name in value if is_object(value) else ():
        if not self.fits(rule, name):
            yield Fault(path, "propertyNames", messages.describe("propertyNames", rule, name))


def _items(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if is_array(value):
        first = len(node.get("prefixItems", ()))
        for index, item in enumerate(value[first:], first):
            if not self.fits(rule, item):
                yield from self.explain(rule, item, step(path, index))


def _prefix(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if is_array(value):
        for index, (held, item) in enumerate(zip(rule, value, strict=False)):
            yield from self.explain(held, item, step(path, index))


_FOLLOWED: dict[str, Follow] = {
    "$ref": _ref,
    "allOf": _all_of,
    "if": _if,
    "required": _required,
    "dependentRequired": _dependent,
    "dependentSchemas": _dependent,
    "properties": _properties,
    "patternProperties": _patterns,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "prefixItems": _prefix,
}
