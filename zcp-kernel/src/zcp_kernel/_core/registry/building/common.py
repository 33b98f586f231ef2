"""What every kind of item needs when it is made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, cast

from attrs import fields

from ....errors import RegistrationError
from ....model import Icon, wire_name
from ....validation import CanonicalValidator, SchemaRefused
from ...invoke import Invocation, Threads, injected_parameters, location

S = TypeVar("S")
Handler = Callable[..., Any]
Structure = Callable[[dict[str, Any]], dict[str, Any]]


def shaped(cls: type[S], value: S | Mapping[str, Any] | None) -> S | None:
    """`value` as `cls`: a mapping may spell members in snake_case or camelCase."""
    if value is None or isinstance(value, cls):
        return value
    given = cast("Mapping[str, Any]", value)
    names = {wire_name(f.name): f.name for f in fields(cast("Any", cls))}
    known = {names.get(key, key): item for key, item in given.items()}
    extras = {key: known.pop(key) for key in list(known) if key not in names.values()}
    return cls(**known, **({"extras": extras} if extras else {}))


def all_shaped(cls: type[S], values: Iterable[Any]) -> list[S]:
    """Each of `values` as `cls`; what is None is left out."""
    return [value for each in values if (value := shaped(cls, each)) is not None]


def icons_of(icons: Iterable[Any] | None) -> list[Icon] | None:
    return None if icons is None else all_shaped(Icon, icons)


def name_of(handler: Handler) -> str:
    return getattr(handler, "__name__", None) or type(handler).__name__


def summary(handler: Handler) -> str | None:
    """The first paragraph of the docstring."""
    return (inspect.getdoc(handler) or "").split("\n\n")[0].strip() or None


def tags(meta: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    """`_meta` as it travels: `metadata` is another spelling, and either may nest it."""
    merged = {**(metadata or {}), **(meta or {})}
    nested: Mapping[str, Any] = merged.pop("_meta", None) or {}
    return {**nested, **merged}


def own_parameters(handler: Handler) -> Iterator[inspect.Parameter]:
    """The parameters the caller fills: neither injected nor variadic."""
    injected = injected_parameters(handler)
    for name, parameter in inspect.signature(handler).parameters.items():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in injected and not variadic:
            yield parameter


def one_of(option: str, value: Any, allowed: tuple[Any, ...], handler: Handler) -> Any:
    """`value`, which must be one of `allowed`."""
    if value not in allowed:
        names = ", ".join(str(each) for each in allowed if each is not None)
        raise RegistrationError(f"{option} {value!r} is not one of {names} ({location(handler)})")
    return value


def threads_of(threads: Any, handler: Handler) -> Threads:
    chosen: Threads = one_of("threads", threads, ("parallel", "serial"), handler)
    return chosen


def invocation(
    handler: Handler, given: Mapping[str, Any], structure: Structure | None = None
) -> Invocation:
    threads = threads_of(given["threads"], handler)
    return Invocation(handler, structure=structure, blocking=given["blocking"], threads=threads)


def validator(
    schema: dict[str, Any], handler: Handler, which: str, coerce: bool = True
) -> CanonicalValidator:
    try:
        return CanonicalValidator(schema, coerce=coerce)
    except SchemaRefused as error:
        raise RegistrationError(f"{which} of {location(handler)}: {error}") from None


def refuse_parameters(handler: Handler, offered: set[str], what: str) -> None:
    """Refuse a handler that needs a parameter nobody will give it."""
    for parameter in own_parameters(handler):
        if parameter.name not in offered and parameter.default is parameter.empty:
            raise RegistrationError(
                f"{what}: its handler needs {parameter.name!r}, but is only given "
                f"{', '.join(sorted(offered)) or 'nothing'} ({location(handler)})"
            )
