"""From a decorator's arguments to a registered item."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from attrs import fields

from ...errors import RegistrationError
from ...model import (
    Annotations,
    Icon,
    PromptArgument,
    PromptDescriptor,
    ResourceDescriptor,
    ResourceTemplate,
    ToolAnnotations,
    ToolDefinition,
    ToolExecution,
    wire_name,
)
from ...validation import CanonicalValidator, SchemaRefused
from .. import hints
from ..invoke import INJECTED, Invocation, Threads, injected_parameters, location
from ..templates import UriTemplate
from .items import Completion, OutputMode, Prompt, Resource, TaskKind, Template, Tool

S = TypeVar("S")
Structure = Callable[[dict[str, Any]], dict[str, Any]]


def tool(
    handler: Callable[..., Any],
    *,
    name: str | None = None,
    description: str | None = None,
    input_schema: Mapping[str, Any] | None = None,
    output_schema: Mapping[str, Any] | None = None,
    title: str | None = None,
    annotations: ToolAnnotations | Mapping[str, Any] | None = None,
    icons: Iterable[Any] | None = None,
    execution: ToolExecution | Mapping[str, Any] | None = None,
    meta: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    output_mode: OutputMode = "auto",
    inline_ok: bool | None = None,
    required_scopes: Iterable[str] = (),
    timeout: float | None = None,
    blocking: bool = True,
    threads: Threads = "parallel",
) -> Tool:
    """See `Registry.tool`."""
    if input_schema is None:
        skip = set(injected_parameters(handler))
        derived = hints.signature_schema(handler, skip=skip)
        schema, structure = derived.input_schema, derived.structure
        description = description if description is not None else derived.description
        output_schema = output_schema if output_schema is not None else derived.output_schema
        taken: frozenset[str] = frozenset()
    else:
        schema, structure = dict(input_schema), None
        taken = _own_names(schema)
        _refuse_mismatch(handler, schema, set(injected_parameters(handler, taken)))
        description = description if description is not None else _summary(handler)
    tags = _tags(meta, metadata)
    definition = ToolDefinition(
        name=name or _name_of(handler),
        description=description,
        input_schema=schema,
        output_schema=None if output_schema is None else dict(output_schema),
        title=title,
        annotations=shaped(ToolAnnotations, annotations),
        icons=_icons(icons),
        execution=shaped(ToolExecution, execution),
        meta=tags or None,
    )
    return Tool(
        definition=definition,
        invoke=Invocation(
            handler, taken=taken, structure=structure, blocking=blocking, threads=threads
        ),
        check=_validator(schema, handler, "input_schema"),
        check_output=(
            None
            if definition.output_schema is None
            else _validator(definition.output_schema, handler, "output_schema", coerce=False)
        ),
        required_scopes=tuple(required_scopes),
        output_mode=_one_of(output_mode, ("auto", "scalar", "inline", "handle"), handler),
        inline_ok=inline_ok,
        timeout=timeout,
        groups=_labels(tags, "groups", handler),
        stages=_labels(tags, "stages", handler),
    )


def tool_of_kind(kind: TaskKind, input_schema: Mapping[str, Any] | None) -> Tool:
    """The tool a task kind is published as where a plane has tools only."""
    schema = dict(input_schema or {"type": "object"})
    return Tool(
        definition=ToolDefinition(
            name=kind.kind,
            description=kind.description,
            input_schema=schema,
            execution=ToolExecution(task_support="required"),
        ),
        invoke=kind.invoke.as_tool(),
        check=_validator(schema, kind.invoke.function, "input_schema"),
        required_scopes=kind.required_scopes,
        timeout=kind.timeout,
    )


def resource(handler: Callable[..., Any], uri: str, **given: Any) -> Resource:
    _refuse_parameters(handler, {"uri"}, f"resource {uri!r}")
    return Resource(
        descriptor=ResourceDescriptor(
            uri=uri, size=given.pop("size", None), **_described(handler, given)
        ),
        invoke=_invocation(handler, given, _only({"uri"}, handler)),
        required_scopes=tuple(given["required_scopes"]),
    )


def template(handler: Callable[..., Any], uri_template: str, **given: Any) -> Template:
    try:
        pattern = UriTemplate(uri_template)
    except ValueError as error:
        raise RegistrationError(f"{error} ({location(handler)})") from None
    _refuse_parameters(handler, {"uri", *pattern.variables}, f"template {uri_template!r}")
    return Template(
        descriptor=ResourceTemplate(uri_template=uri_template, **_described(handler, given)),
        pattern=pattern,
        invoke=_invocation(handler, given, _only({"uri", *pattern.variables}, handler)),
        required_scopes=tuple(given["required_scopes"]),
    )


def prompt(handler: Callable[..., Any], **given: Any) -> Prompt:
    declared = given["arguments"]
    if declared is None:
        arguments = _prompt_arguments(handler)
    else:
        arguments = [argument for each in declared if (argument := shaped(PromptArgument, each))]
        name = given["name"] or _name_of(handler)
        _refuse_parameters(handler, {each.name for each in arguments}, f"prompt {name!r}")
    return Prompt(
        descriptor=PromptDescriptor(
            name=given["name"] or _name_of(handler),
            description=given["description"] or _summary(handler),
            arguments=arguments or None,
            title=given["title"],
            icons=_icons(given["icons"]),
            meta=_tags(given["meta"], None) or None,
        ),
        invoke=_invocation(handler, given),
        required_scopes=tuple(given["required_scopes"]),
        required=tuple(each.name for each in arguments if each.required),
    )


def completion(handler: Callable[..., Any], ref: str) -> Completion:
    wanted = [
        name
        for name, parameter in inspect.signature(handler).parameters.items()
        if name not in injected_parameters(handler)
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    if len(wanted) != 1:
        raise RegistrationError(
            f"completion {ref!r}: its handler takes one CompletionRequest, not "
            f"({', '.join(wanted)}) ({location(handler)})"
        )
    (parameter,) = wanted
    return Completion(
        ref, Invocation(handler, structure=lambda given: {parameter: given["request"]})
    )


def task_kind(handler: Callable[..., Any], kind: str, **given: Any) -> TaskKind:
    _refuse_parameters(handler, {"payload"}, f"task kind {kind!r}")
    schema = given["input_schema"]
    return TaskKind(
        kind=kind,
        invoke=_invocation(handler, given),
        description=given["description"] or _summary(handler),
        check=None if schema is None else _validator(dict(schema), handler, "input_schema"),
        required_scopes=tuple(given["required_scopes"]),
        timeout=given["timeout"],
    )


def shaped(cls: type[S], value: S | Mapping[str, Any] | None) -> S | None:
    """`value` as `cls`: a mapping may spell members in snake_case or camelCase."""
    if value is None or isinstance(value, cls):
        return value
    names = {wire_name(f.name): f.name for f in fields(cls)}  # type: ignore[arg-type]
    known = {names.get(key, key): item for key, item in value.items()}  # type: ignore[union-attr]
    extras = {key: known.pop(key) for key in list(known) if key not in names.values()}
    return cls(**known, **({"extras": extras} if extras else {}))


def _described(handler: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": given["name"] or _name_of(handler),
        "title": given["title"],
        "description": given["description"] or _summary(handler),
        "mime_type": given["mime_type"],
        "annotations": shaped(Annotations, given["annotations"]),
        "icons": _icons(given["icons"]),
        "meta": _tags(given["meta"], None) or None,
    }


def _invocation(
    handler: Callable[..., Any], given: Mapping[str, Any], structure: Structure | None = None
) -> Invocation:
    return Invocation(
        handler, structure=structure, blocking=given["blocking"], threads=given["threads"]
    )


def _only(offered: set[str], handler: Callable[..., Any]) -> Structure:
    """Hand over what the handler asks for, of what is offered."""
    parameters = inspect.signature(handler).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return dict
    wanted = tuple(name for name in parameters if name in offered)
    return lambda given: {name: given[name] for name in wanted}


def _name_of(handler: Callable[..., Any]) -> str:
    return getattr(handler, "__name__", None) or type(handler).__name__


def _summary(handler: Callable[..., Any]) -> str | None:
    return (inspect.getdoc(handler) or "").split("\n\n")[0].strip() or None


def _tags(meta: Mapping[str, Any] | None, metadata: Mapping[str, Any] | None) -> dict[str, Any]:
    merged = {**(metadata or {}), **(meta or {})}
    nested = merged.pop("_meta", None) or {}
    return {**nested, **merged}


def _labels(tags: Mapping[str, Any], key: str, handler: Callable[..., Any]) -> frozenset[str]:
    value = tags.get(key, ())
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise RegistrationError(
            f"_meta.{key} must be a list of strings, not {value!r} ({location(handler)})"
        )
    return frozenset(value)


def _icons(icons: Iterable[Any] | None) -> list[Icon] | None:
    if icons is None:
        return None
    return [icon for each in icons if (icon := shaped(Icon, each)) is not None]


def _one_of(value: Any, allowed: tuple[str, ...], handler: Callable[..., Any]) -> Any:
    if value not in allowed:
        raise RegistrationError(
            f"output_mode {value!r} is not one of {', '.join(allowed)} ({location(handler)})"
        )
    return value


def _own_names(schema: Mapping[str, Any]) -> frozenset[str]:
    properties = schema.get("properties")
    return (
        frozenset(properties) & frozenset(INJECTED) if isinstance(properties, dict) else frozenset()
    )


def _validator(
    schema: dict[str, Any], handler: Callable[..., Any], which: str, coerce: bool = True
) -> CanonicalValidator:
    try:
        return CanonicalValidator(schema, coerce=coerce)
    except SchemaRefused as error:
        raise RegistrationError(f"{which} of {location(handler)}: {error}") from None


def _refuse_mismatch(handler: Callable[..., Any], schema: dict[str, Any], skip: set[str]) -> None:
    problems = hints.mismatches(handler, schema, skip)
    if problems:
        raise RegistrationError(
            f"the handler at {location(handler)} cannot match its input_schema: "
            + "; ".join(problems)
        )


def _refuse_parameters(handler: Callable[..., Any], offered: set[str], what: str) -> None:
    """Refuse a handler that needs a parameter nobody will give it."""
    injected = injected_parameters(handler)
    for name, parameter in inspect.signature(handler).parameters.items():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if variadic or name in injected or name in offered:
            continue
        if parameter.default is parameter.empty:
            raise RegistrationError(
                f"{what}: its handler needs {name!r}, but is only given "
                f"{', '.join(sorted(offered)) or 'nothing'} ({location(handler)})"
            )


def _prompt_arguments(handler: Callable[..., Any]) -> list[PromptArgument]:
    injected = injected_parameters(handler)
    return [
        PromptArgument(name=name, required=True if parameter.default is parameter.empty else None)
        for name, parameter in inspect.signature(handler).parameters.items()
        if name not in injected
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
