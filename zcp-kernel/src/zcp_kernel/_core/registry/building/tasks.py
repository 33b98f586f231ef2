"""Task kinds, also as the tools they are where a plane has tools only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ....model import ToolDefinition, ToolExecution
from ..items import TaskKind, Tool
from .common import Handler, invocation, refuse_parameters, summary, validator


def task_kind(handler: Handler, kind: str, **given: Any) -> TaskKind:
    """See `Registry.task`."""
    refuse_parameters(handler, {"payload"}, f"task kind {kind!r}")
    schema = given["input_schema"]
    return TaskKind(
        kind=kind,
        invoke=invocation(handler, given),
        description=given["description"] or summary(handler),
        check=None if schema is None else validator(dict(schema), handler, "input_schema"),
        required_scopes=tuple(given["required_scopes"]),
        timeout=given["timeout"],
    )


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
    )
