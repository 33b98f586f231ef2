"""What is wrong with a value the pure engine refused: every fault, found keyword by keyword.

Keywords that hold schemas for parts of the value are followed; each of the others is checked alone,
with a validator compiled for it when it is first needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ...errors import Fault
from . import messages
from .messages import step
from .pure_keywords import CHECKED
from .pure_patterns import translate
from .pure_prepare import Prepared, prepare
from .values import is_array, is_object
from .walk import local_target

Check = Callable[[Any], bool]

_ALONE = frozenset(CHECKED) - {"required"} | {"const", "anyOf", "oneOf", "not", "contains"}


class Explainer:
    """Explains why values do not fit the schemas of one document."""

    def __init__(self, root: Any, compile_prepared: Callable[[Prepared], Check]) -> None:
        self._root = root
        self._compile = compile_prepared
        self._checks: dict[tuple[int, str], Check] = {}

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

    def target(self, ref: str) -> Any:
        return local_target(self._root, ref)

    def _check(self, node: Any, keyword: str, schema: dict[str, Any]) -> Check:
        key = (id(node), keyword)
        if key not in self._checks:
            self._checks[key] = self._compile(prepare(self._root, schema))
        return self._checks[key]

    def _alone(self, node: Any, keyword: str, value: Any, path: str) -> Iterator[Fault]:
        rule = node[keyword]
        if self._check(node, keyword, {keyword: rule})(value):
            return
        if keyword in ("anyOf", "oneOf"):
            fitting = [branch for branch in rule if self.fits(branch, value)]
            tried = [list(self.explain(branch, value, path)) for branch in rule]
            yield messages.alternatives(path, keyword, rule, value, [] if fitting else tried)
        else:
            yield Fault(path, keyword, messages.describe(keyword, rule, value))


Follow = Callable[[Explainer, dict[str, Any], Any, Any, str], Iterator[Fault]]


def _ref(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    return self.explain(self.target(rule), value, path)


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
            matcher = re.compile(translate(pattern))
            for name in filter(matcher.search, value):
                yield from self.explain(held, value[name], step(path, name))


def _additional(self: Explainer, node: Any, rule: Any, value: Any, path: str) -> Iterator[Fault]:
    if not is_object(value):
        return
    known = node.get("properties", {})
    matchers = [re.compile(translate(pattern)) for pattern in node.get("patternProperties", {})]
    for name, item in value.items():
        if name in known or any(matcher.search(name) for matcher in matchers):
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
