"""Tools: the schema declared or derived, the handler held against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import frozen

from ....errors import RegistrationError
from ....jsontext import is_object
from ....model import ToolAnnotations, ToolDefinition, ToolExecution
from ....validation import CanonicalValidator
from ... import hints
from ...asking import Question
from ...invoke import INJECTED, Invocation, injected_parameters, location
from ...tasks.policy import TaskPolicy
from ..items import Carrier, Listing, OutputMode, Tool
from .common import (
    Handler,
    Structure,
    icons_of,
    name_of,
    one_of,
    shaped,
    summary,
    tags,
    threads_of,
    validator,
)

_OUTPUT_MODES = ("auto", "scalar", "inline", "handle")
_LISTINGS = ("selected", "always", "unlisted")
_CARRIERS = (None, "both", "structured", "text")


@frozen
class _Signature:
    """How a handler is called and what it gives; `taken` are names that are the caller's although
    the SDK would fill them."""

    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    description: str | None
    structure: Structure | None = None
    taken: frozenset[str] = frozenset()


def tool(
    handler: Handler,
    *,
    name: str | None = None,
    description: str | None = None,
    input_schema: Mapping[str, Any] | None = None,
    output_schema: Mapping[str, Any] | None = None,
    output_mode: OutputMode = "auto",
    inline_ok: bool | None = None,
    required_scopes: Iterable[str] = (),
    asks: Mapping[str, Question] | None = None,
    timeout: float | None = None,
    mcp_structured: Carrier | None = None,
    mcp_handles: bool | None = None,
    listing: Listing = "selected",
    **given: Any,
) -> Tool:
    """See `Registry.tool`."""
    asks = dict(asks or {})
    if input_schema is None:
        signature = _derived(handler, description, output_schema, set(asks))
    else:
        signature = _declared(handler, description, input_schema, output_schema, set(asks))
    definition = _definition(name or name_of(handler), signature, given)
    marks = definition.meta or {}
    return Tool(
        definition=definition,
        invoke=_invocation(handler, signature, tuple(asks), given),
        check=validator(signature.input_schema, handler, "input_schema"),
        check_output=_output_validator(signature, handler),
        required_scopes=tuple(required_scopes),
        asks=asks,
        output_mode=one_of("output_mode", output_mode, _OUTPUT_MODES, handler),
        inline_ok=inline_ok,
        timeout=timeout,
        groups=_labels(marks, "groups", handler),
        stages=_labels(marks, "stages", handler),
        mcp_structured=one_of("mcp_structured", mcp_structured, _CARRIERS, handler),
        mcp_handles=mcp_handles,
        listing=one_of("listing", listing, _LISTINGS, handler),
        policy=_policy(definition),
    )


def _policy(definition: ToolDefinition) -> TaskPolicy:
    """What may be done twice may also be begun again by another process."""
    hints = definition.annotations
    repeatable = hints is not None and bool(hints.read_only_hint or hints.idempotent_hint)
    return TaskPolicy(resumable=repeatable)


def _derived(
    handler: Handler,
    description: str | None,
    output_schema: Mapping[str, Any] | None,
    asked: set[str],
) -> _Signature:
    """From type hints and docstring; what was declared stands."""
    found = hints.signature_schema(handler, skip={*injected_parameters(handler), *asked})
    return _Signature(
        input_schema=found.input_schema,
        output_schema=found.output_schema if output_schema is None else dict(output_schema),
        description=found.description if description is None else description,
        structure=found.structure,
    )


def _declared(
    handler: Handler,
    description: str | None,
    input_schema: Mapping[str, Any],
    output_schema: Mapping[str, Any] | None,
    asked: set[str],
) -> _Signature:
    schema = dict(input_schema)
    taken = _own_names(schema)
    filled = {*injected_parameters(handler, taken), *asked}
    problems = hints.mismatches(handler, schema, filled)
    if problems:
        raise RegistrationError(
            f"the handler at {location(handler)} cannot match its input_schema: "
            + "; ".join(problems)
        )
    return _Signature(
        input_schema=schema,
        output_schema=None if output_schema is None else dict(output_schema),
        description=summary(handler) if description is None else description,
        taken=taken,
    )


def _definition(name: str, signature: _Signature, given: Mapping[str, Any]) -> ToolDefinition:
    return ToolDefinition(
        name=name,
        description=signature.description,
        input_schema=signature.input_schema,
        output_schema=signature.output_schema,
        title=given.get("title"),
        annotations=shaped(ToolAnnotations, given.get("annotations")),
        icons=icons_of(given.get("icons")),
        execution=shaped(ToolExecution, given.get("execution")),
        meta=tags(given.get("meta"), given.get("metadata")) or None,
    )


def _invocation(
    handler: Handler, signature: _Signature, asks: tuple[str, ...], given: Mapping[str, Any]
) -> Invocation:
    return Invocation(
        handler,
        taken=signature.taken,
        structure=signature.structure,
        asks=asks,
        blocking=given.get("blocking", True),
        threads=threads_of(given.get("threads", "parallel"), handler),
    )


def _output_validator(signature: _Signature, handler: Handler) -> CanonicalValidator | None:
    if signature.output_schema is None:
        return None
    return validator(signature.output_schema, handler, "output_schema", coerce=False)


def _own_names(schema: Mapping[str, Any]) -> frozenset[str]:
    """The properties named like something the SDK injects: here they are the caller's."""
    properties = schema.get("properties")
    return frozenset(INJECTED).intersection(properties if is_object(properties) else ())


def _labels(marks: Mapping[str, Any], key: str, handler: Handler) -> frozenset[str]:
    value = marks.get(key, ())
    if isinstance(value, str) or not all(isinstance(each, str) for each in value):
        raise RegistrationError(
            f"_meta.{key} must be a list of strings, not {value!r} ({location(handler)})"
        )
    return frozenset(value)
