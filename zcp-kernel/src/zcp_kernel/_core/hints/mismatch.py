"""Why a handler cannot be called with the arguments an explicit schema lets through."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import define, field

from ..schema.values import is_array, is_object
from ..schema.walk import local_target

_CONDITIONAL = ("anyOf", "oneOf", "if", "dependentSchemas", "$dynamicRef", "patternProperties")
_DEEPEST = 16


def mismatches(
    function: Callable[..., Any], input_schema: Mapping[str, Any], skip: Collection[str] = ()
) -> list[str]:
    """One sentence for each way a valid call would not fit the parameters; empty when all is well.

    `skip` names parameters the framework fills. A function Python cannot inspect is trusted.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return []
    named = {
        name: parameter
        for name, parameter in parameters.items()
        if name not in skip and parameter.kind not in _VARIABLE
    }
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    members = _Members()
    members.read(input_schema, input_schema, 0)
    found = [problem for p in named.values() for problem in _unfilled(p, members)]
    if not takes_any:
        found.extend(
            f"the schema has {name!r}, which the function does not take"
            for name in members.properties
            if name not in named
        )
    return found


_VARIABLE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _unfilled(parameter: inspect.Parameter, members: _Members) -> list[str]:
    name = parameter.name
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        return [f"parameter {name!r} cannot be given by name"]
    if parameter.default is not parameter.empty or members.conditional:
        return []
    if name not in members.properties:
        return [f"parameter {name!r} has no default and the schema does not define it"]
    if name not in members.required:
        return [f"parameter {name!r} has no default and the schema does not require it"]
    return []


@define
class _Members:
    """What a schema says about the members of the object itself, references followed."""

    properties: dict[str, Any] = field(factory=dict[str, Any])
    required: set[str] = field(factory=set[str])
    conditional: bool = False

    def read(self, root: Any, node: Any, level: int) -> None:
        if not is_object(node) or level > _DEEPEST:
            return
        properties, required = node.get("properties"), node.get("required")
        if is_object(properties):
            self.properties.update(properties)
        if is_array(required):
            self.required.update(required)
        self.conditional |= any(keyword in node for keyword in _CONDITIONAL)
        self.read(root, local_target(root, node.get("$ref")), level + 1)
        for part in node.get("allOf") or ():
            self.read(root, part, level + 1)
