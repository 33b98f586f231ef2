"""The registry: everything a server offers, and the decorators that put it there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar, overload

from ...model import (
    Annotations,
    PromptArgument,
    ToolAnnotations,
    ToolExecution,
)
from ..asking import Question
from ..invoke import Threads, location
from . import building
from .catalogue import Catalogue
from .items import (
    Carrier,
    Completion,
    Listing,
    OutputMode,
    Prompt,
    Resource,
    TaskKind,
    Template,
    Tool,
)

F = TypeVar("F", bound=Callable[..., Any])


class ToolRegistry(Catalogue[Tool]):
    """Tools by name, in registration order."""

    def __init__(self, base: ToolRegistry | None = None) -> None:
        super().__init__("tool", base)


class Registry:
    """Tools, resources, templates, prompts, completions and task kinds.

    `base` is a registry this one lies on: it shows the base's items and adds its own.
    All decorators return the function unchanged. They raise `RegistrationError`, naming the
    handler's file and line, for a duplicate name, a schema that cannot be checked, or parameters
    that cannot match the schema.
    """

    def __init__(self, base: Registry | None = None) -> None:
        self.tools: ToolRegistry = ToolRegistry(base.tools if base else None)
        self.resources: Catalogue[Resource] = Catalogue(
            "resource", base.resources if base else None
        )
        self.templates: Catalogue[Template] = Catalogue(
            "template", base.templates if base else None
        )
        self.prompts: Catalogue[Prompt] = Catalogue("prompt", base.prompts if base else None)
        self.completions: Catalogue[Completion] = Catalogue(
            "completion", base.completions if base else None
        )
        self.task_kinds: Catalogue[TaskKind] = Catalogue(
            "task kind", base.task_kinds if base else None
        )

    def catalogues(self) -> tuple[Catalogue[Any], ...]:
        return (
            self.tools,
            self.resources,
            self.templates,
            self.prompts,
            self.completions,
            self.task_kinds,
        )

    @overload
    def tool(self, function: F, /) -> F: ...

    @overload
    def tool(
        self,
        /,
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
        asks: Mapping[str, Question] | None = None,
        timeout: float | None = None,
        mcp_structured: Carrier | None = None,
        mcp_handles: bool | None = None,
        listing: Listing = "selected",
        blocking: bool = True,
        threads: Threads = "parallel",
    ) -> Callable[[F], F]: ...

    def tool(self, function: Any = None, /, **options: Any) -> Any:
        """Register a tool; also usable bare, `@app.tool`.

        Without `input_schema` the schema comes from the type hints, without `description` from the
        docstring, without `output_schema` from the return type. An explicit schema reaches the wire
        verbatim. `meta` (also spelt `metadata`, also nested under `"_meta"`) travels as `_meta`;
        its `groups` and `stages` are what exposure profiles and filters go by. `asks` names what
        the client is asked before the body starts (`{"name": elicitation("Your name?", {…})}`); the
        answers come as parameters of these names, or in `ctx.answers`. `timeout` is in seconds.
        `mcp_structured` says how MCP peers get a structured result: as data, as JSON text, or as
        both; `mcp_handles` whether a large result stays on the server for them, as it does for
        native peers; the configuration decides what is not given. `listing` "always" shows the tool
        in every view, "unlisted" in none. `blocking=False` runs a sync handler inline,
        `threads="serial"` one at a time.
        """

        def register(handler: F) -> F:
            tool = building.tool(handler, **options)
            self.tools.add(tool.definition.name, tool, location(handler))
            return handler

        return register if function is None else register(function)

    def resource(
        self,
        uri: str,
        *,
        name: str | None = None,
        description: str | None = None,
        mime_type: str | None = None,
        title: str | None = None,
        size: int | None = None,
        annotations: Annotations | Mapping[str, Any] | None = None,
        icons: Iterable[Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        required_scopes: Iterable[str] = (),
        blocking: bool = True,
        threads: Threads = "parallel",
    ) -> Callable[[F], F]:
        """Register a resource: the handler returns str, bytes, contents, or a value sent as JSON
        under `mime_type`. It may take `uri`."""
        given = {key: value for key, value in locals().items() if key not in ("self", "uri")}

        def register(handler: F) -> F:
            self.resources.add(uri, building.resource(handler, uri, **given), location(handler))
            return handler

        return register

    def resource_template(
        self,
        uri_template: str,
        *,
        name: str | None = None,
        description: str | None = None,
        mime_type: str | None = None,
        title: str | None = None,
        annotations: Annotations | Mapping[str, Any] | None = None,
        icons: Iterable[Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        required_scopes: Iterable[str] = (),
        blocking: bool = True,
        threads: Threads = "parallel",
    ) -> Callable[[F], F]:
        """Register a family of resources (RFC 6570 `{name}`, `{+path}`): the handler takes `uri`
        (the full URI), any variable by name, or both."""
        given = {k: v for k, v in locals().items() if k not in ("self", "uri_template")}

        def register(handler: F) -> F:
            item = building.template(handler, uri_template, **given)
            self.templates.add(uri_template, item, location(handler))
            return handler

        return register

    @overload
    def prompt(self, function: F, /) -> F: ...

    @overload
    def prompt(
        self,
        /,
        *,
        name: str | None = None,
        description: str | None = None,
        arguments: Iterable[PromptArgument | Mapping[str, Any]] | None = None,
        title: str | None = None,
        icons: Iterable[Any] | None = None,
        meta: Mapping[str, Any] | None = None,
        required_scopes: Iterable[str] = (),
        blocking: bool = True,
        threads: Threads = "parallel",
    ) -> Callable[[F], F]: ...

    def prompt(self, function: Any = None, /, **options: Any) -> Any:
        """Register a prompt; also usable bare, `@app.prompt`.

        The handler returns text, bytes (an image or a sound), a list of `{role, content}`, messages
        or content blocks. Without `arguments` they come from its parameters.
        """

        def register(handler: F) -> F:
            prompt = building.prompt(handler, **options)
            self.prompts.add(prompt.descriptor.name, prompt, location(handler))
            return handler

        return register if function is None else register(function)

    def completion(self, ref: str) -> Callable[[F], F]:
        """Register completions for the arguments of a prompt (by name) or of a resource template
        (by URI): the handler takes a `CompletionRequest` and returns values."""

        def register(handler: F) -> F:
            self.completions.add(ref, building.completion(handler, ref), location(handler))
            return handler

        return register

    def task(
        self,
        kind: str,
        *,
        description: str | None = None,
        input_schema: Mapping[str, Any] | None = None,
        as_tool: bool = False,
        required_scopes: Iterable[str] = (),
        timeout: float | None = None,
        blocking: bool = True,
        threads: Threads = "parallel",
        attempts: int = 1,
        backoff: float = 1.0,
        deadline: float | None = None,
        priority: int = 0,
        concurrency: int | None = None,
        resumable: bool = False,
    ) -> Callable[[F], F]:
        """Register a task kind: the handler takes `payload`, the input with the
        `TaskExecutionContext` under `"task"`. `as_tool` also publishes it as a tool that only runs
        as a task, for planes that have no kinds.

        A handler that raises is tried `attempts` times in all, after `backoff` seconds, then twice
        that, and so on, until `deadline` seconds after the task was created. At most `concurrency`
        of this kind run at once in one process, the highest `priority` first. With a durable store
        a `resumable` kind runs again, from its start, when the process that ran it is gone (its
        `task.attempt` counts); others end as failed then.
        """
        given = {k: v for k, v in locals().items() if k not in ("self", "kind", "as_tool")}

        def register(handler: F) -> F:
            item = building.task_kind(handler, kind, **given)
            self.task_kinds.add(kind, item, location(handler))
            if as_tool:
                tool = building.tool_of_kind(item, input_schema)
                self.tools.add(kind, tool, location(handler))
            return handler

        return register
