"""What a handler's signature says about its tool."""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Collection
from types import SimpleNamespace
from typing import Any, get_type_hints

from attrs import frozen

from ...errors import RegistrationError
from ..invoke import location
from . import docstrings
from .describe import Describer, UndescribableError
from .inline import assembled
from .members import MISSING, Member
from .outputs import output_schema
from .structure import Structure, structurer

Function = Callable[..., Any]
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


@frozen
class ToolSignature:
    """A tool as its handler's signature describes it.

    `description` is the docstring up to its first section (Args, Returns, `:param:` …), of which
    parameter descriptions are taken where `Annotated` gives none. `structure` turns valid arguments
    into the hinted types; None when they are JSON types already.
    """

    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    description: str | None
    structure: Structure | None


def signature_schema(function: Function, *, skip: Collection[str] = ()) -> ToolSignature:
    """Describe `function`; parameters named in `skip` are filled by the framework.

    Raises `RegistrationError`, with the function's file and line, for what a call by name cannot
    fill (`*args`, positional-only) and hints that cannot be resolved or have no JSON Schema.
    """
    taken = [p for p in parameters_of(function) if p.name not in skip]
    for parameter in taken:
        if parameter.kind in _POSITIONAL:
            raise _error(function, f"parameter {parameter} cannot be given by name")
    hints = resolved_hints(function, {parameter.name for parameter in taken})
    doc = docstrings.parse(inspect.getdoc(_callable(function)))
    rest = next((p for p in taken if p.kind is inspect.Parameter.VAR_KEYWORD), None)
    named = [p for p in taken if p is not rest]
    rest_hint = None if rest is None else hints.get(rest.name, Any)
    members = [_member(function, p, hints, doc.parameters) for p in named]
    return ToolSignature(
        input_schema=_input_schema(function, members, rest_hint),
        output_schema=output_schema(hints.get("return")),
        description=doc.description,
        structure=structurer({member.name: member.hint for member in members}, rest_hint),
    )


def parameters_of(function: Function) -> list[inspect.Parameter]:
    """Its parameters, without `self` of a bound method and what a partial has filled in.

    Raises `RegistrationError` where Python cannot tell.
    """
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError) as error:
        raise _error(function, f"its parameters cannot be told ({error})") from None


def resolved_hints(function: Function, names: set[str]) -> dict[str, Any]:
    """The hints of the parameters in `names` and of the result; others need not resolve."""
    target = _callable(function)
    written = {
        name: hint
        for name, hint in getattr(target, "__annotations__", {}).items()
        if name in names or name == "return"
    }
    try:
        return get_type_hints(
            SimpleNamespace(__annotations__=written),
            globalns=getattr(target, "__globals__", {}),
            localns=_enclosing(target),
            include_extras=True,
        )
    except Exception as error:  # a string annotation may be any expression
        raise _error(function, f"its type hints cannot be resolved ({error})") from None


def _enclosing(target: Any) -> dict[str, Any]:
    """What the function's body uses of the functions around it: hints may name it too."""
    names = getattr(getattr(target, "__code__", None), "co_freevars", ())
    found: dict[str, Any] = {}
    for name, cell in zip(names, getattr(target, "__closure__", None) or (), strict=False):
        with contextlib.suppress(ValueError):
            found[name] = cell.cell_contents
    return found


def _callable(function: Any) -> Any:
    """The function that carries annotations and docstring: under partials, wrappers, methods."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if inspect.isroutine(function):
        return getattr(function, "__func__", function)
    return getattr(type(function).__call__, "__func__", type(function).__call__)


def _member(
    function: Function,
    parameter: inspect.Parameter,
    hints: dict[str, Any],
    texts: dict[str, str],
) -> Member:
    default = parameter.default
    if type(default).__module__.partition(".")[0] == "pydantic":
        raise _error(
            function,
            f"the default of {parameter.name} is a pydantic Field: "
            f"write Annotated[..., Field(...)] and a plain default",
        )
    return Member(
        parameter.name,
        hints.get(parameter.name, Any),
        required=default is parameter.empty,
        default=MISSING if default is parameter.empty else default,
        description=texts.get(parameter.name),
    )


def _input_schema(function: Function, members: list[Member], rest: Any) -> dict[str, Any]:
    describer = Describer()
    try:
        properties = {member.name: describer.member(member) for member in members}
        others = False if rest is None else describer.schema(rest) or True
    except UndescribableError as error:
        raise _error(function, f"{error}; give it an input_schema") from None
    except (NameError, AttributeError) as error:
        raise _error(function, f"its type hints cannot be resolved ({error})") from None
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    required = [member.name for member in members if member.required]
    if required:
        schema["required"] = required
    return assembled({**schema, "additionalProperties": others}, describer.definitions)


def _error(function: Function, problem: str) -> RegistrationError:
    return RegistrationError(f"the handler at {location(function)}: {problem}")
