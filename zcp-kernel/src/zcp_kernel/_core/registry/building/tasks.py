"""Task kinds, also as the tools they are where a plane has tools only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import fields

from ....errors import RegistrationError
from ....model import ToolDefinition, ToolExecution
from ...tasks.policy import TaskPolicy
from ..items import TaskKind, Tool
from .common import Handler, invocation, refuse_parameters, summary, validator


def task_kind(handler: Handler, kind: str, **given: Any) -> TaskKind:
    """See `Registry.task`."""
    given["kind"] = kind
    refuse_parameters(handler, {"payload"}, f"task kind {kind!r}")
    schema = given["input_schema"]
    return TaskKind(
        kind=kind,
        invoke=invocation(handler, given),
        description=given["description"] or summary(handler),
        check=None if schema is None else validator(dict(schema), handler, "input_schema"),
        required_scopes=tuple(given["required_scopes"]),
        timeout=given["timeout"],
        policy=_policy(given),
    )


def _policy(given: Mapping[str, Any]) -> TaskPolicy:
    try:
        return TaskPolicy(**{each.name: given[each.name] for each in fields(TaskPolicy)})
    except ValueError as error:
        raise RegistrationError(f"task kind {given['kind']!r}: {error}") from None


def tool_of_kind(kind: TaskKind, input_schema: Mapping[str, Any] | None) -> Tool:
    """The tool a task kind is published as: it only runs as a task."""
    schema = dict(input_schema or {"type": "object"})
    return Tool(
        definition=ToolDefinition(
            name=kind.kind,
            description=kind.description,
            input_schema=schema,
            execution=ToolExecution(task_support="required"),
        ),
        invoke=kind.invoke.as_tool(),
        check=validator(schema, kind.invoke.function, "input_schema"),
        required_scopes=kind.required_scopes,
        timeout=kind.timeout,
        policy=kind.policy,
    )
