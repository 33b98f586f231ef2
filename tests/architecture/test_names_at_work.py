"""The public names are the classes a running server and its clients work with, not copies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from attrs import define, field

from zcp import (
    PROTOCOL_VERSION,
    AuthProfile,
    CallRequest,
    CallResult,
    CanonicalValidator,
    Capabilities,
    Context,
    FastZCP,
    HandleRef,
    ProgressToken,
    PromptArgument,
    PromptDescriptor,
    RegistryView,
    ResourceDescriptor,
    ResourceTemplate,
    RuntimeExecutor,
    SemanticWorkflowProfile,
    SessionState,
    TaskDescriptor,
    TaskExecutionContext,
    ToolDefinition,
    ToolRegistry,
    ValidationFailure,
    ZCPClientSession,
    ZCPServerSession,
    stdio_client,
    stdio_server,
)

pytestmark = pytest.mark.anyio


@define
class Seen:
    """What handlers got to see."""

    contexts: list[Context] = field(factory=list)
    tasks: list[Any] = field(factory=list)


def make_app(seen: Seen) -> FastZCP:
    app = FastZCP("Demo", auth_profile=AuthProfile(issuer="https://auth.example.com"))

    @app.tool(name="demo.look", meta={"groups": ["workflow"]})
    async def look(times: int, ctx: Context) -> int:
        seen.contexts.append(ctx)
        return times

    @app.tool(name="demo.big", output_mode="handle")
    async def big() -> list[int]:
        return list(range(1000))

    @app.task("demo.kind")
    async def kind(payload: dict[str, Any]) -> str:
        seen.tasks.append(payload["task"])
        return "done"

    def prompt(city: str) -> str:
        return city

    app.prompt(name="demo.prompt", arguments=[PromptArgument(name="city", required=True)])(prompt)

    @app.resource("demo://all", name="all")
    def everything() -> str:
        return "all"

    @app.resource_template("demo://{name}", name="one")
    def one(name: str) -> str:
        return name

    return app


@asynccontextmanager
async def connected(app: FastZCP) -> AsyncIterator[ZCPClientSession]:
    async with stdio_server(app) as server, stdio_client(server) as client:
        assert isinstance(client, ZCPClientSession)
        yield client


async def context_of(client: ZCPClientSession, seen: Seen) -> Context:
    """The context of one call, alive as long as its session."""
    await client.call_tool("demo.look", {"times": 1})
    return seen.contexts[-1]


async def test_a_handler_meets_the_servers_working_classes() -> None:
    seen = Seen()
    async with connected(make_app(seen)) as client:
        ctx = await context_of(client, seen)
        assert isinstance(ctx, Context)
        assert isinstance(ctx.session, ZCPServerSession)
        assert isinstance(ctx.session.state, SessionState)
        assert isinstance(ctx.session.state.capabilities, Capabilities)
        assert isinstance(ctx.kernel.executor, RuntimeExecutor)
        assert isinstance(ctx.kernel.registry.tools, ToolRegistry)
        view = ctx.kernel.exposure.base("native")
        assert isinstance(view, RegistryView)
        assert all(isinstance(tool, ToolDefinition) for tool in view.tools)


async def test_a_call_inside_the_server_speaks_in_the_public_shapes() -> None:
    seen = Seen()
    async with connected(make_app(seen)) as client:
        ctx = await context_of(client, seen)
        small = await ctx.kernel.executor.call(CallRequest("demo.look", {"times": 2}), ctx)
        assert isinstance(small, CallResult)
        large = await ctx.kernel.executor.call(CallRequest("demo.big"), ctx)
        assert isinstance(large, CallResult)
        assert isinstance(large.handle, HandleRef)
        with pytest.raises(ValidationFailure) as caught:
            await ctx.kernel.executor.call(CallRequest("demo.look", {"times": "many"}), ctx)
        assert [fault.path for fault in caught.value.faults] == ["times"]


async def test_a_progress_token_is_what_its_type_says() -> None:
    seen = Seen()
    async with connected(make_app(seen)) as client:
        await client.call_tool("demo.look", {"times": 1}, progress=lambda notice: None)
        assert isinstance((seen.contexts[-1].meta or {})["progressToken"], ProgressToken)


async def test_what_is_registered_is_kept_in_the_public_shapes() -> None:
    app = make_app(Seen())
    assert isinstance(app.tools, ToolRegistry)
    (prompt,), (resource,), (template,) = app.prompts, app.resources, app.templates
    assert isinstance(prompt.descriptor, PromptDescriptor)
    assert prompt.descriptor.arguments == [PromptArgument(name="city", required=True)]
    assert isinstance(resource.descriptor, ResourceDescriptor)
    assert isinstance(template.descriptor, ResourceTemplate)


async def test_a_task_is_made_of_the_public_shapes() -> None:
    seen = Seen()
    async with connected(make_app(seen)) as client:
        created = await client.create_task("demo.kind", {})
        assert await client.get_task_result(created["task"]["taskId"]) == "done"
        (task,) = seen.tasks
        assert isinstance(task, TaskExecutionContext)
        ctx = await context_of(client, seen)
        kept = await ctx.kernel.tasks.get(created["task"]["taskId"], ctx.owner)
        assert isinstance(kept, TaskDescriptor)


async def test_a_native_handshake_names_the_protocol_and_the_way_to_a_token() -> None:
    async with connected(make_app(Seen())) as client:
        agreed = await client.initialize()
        assert agreed["protocolVersion"] == PROTOCOL_VERSION
        assert agreed["auth"] == {"issuer": "https://auth.example.com"}


async def test_the_workflow_profile_gives_the_arguments_of_list_tools() -> None:
    async with connected(make_app(Seen())) as client:
        arguments = SemanticWorkflowProfile().as_list_tools_params()
        names = [tool["name"] for tool in (await client.list_tools(**arguments))["tools"]]
        assert names == ["demo.look"]
        assert len((await client.list_tools())["tools"]) == 2


async def test_the_validator_that_checks_arguments_checks_any_value() -> None:
    validator = CanonicalValidator({"type": "object", "properties": {"n": {"type": "integer"}}})
    assert validator.validate({"n": "3"}) == {"n": 3}
    with pytest.raises(ValidationFailure) as caught:
        validator.validate({"n": "three"})
    assert [fault.path for fault in caught.value.faults] == ["n"]
