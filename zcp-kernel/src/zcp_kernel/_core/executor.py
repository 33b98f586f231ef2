"""Running a tool: authorise, expose, validate, invoke, shape."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anyio

from ..errors import (
    Forbidden,
    MissingCapability,
    NotFound,
    TaskSupportMismatch,
    ToolError,
    ZCPError,
)
from ..model import CallRequest, CallResult, CreateTaskResult
from ..validation import ValidationFailure
from .exchange import report
from .handles.placing import kept, worth_keeping
from .shape import failure, to_result
from .task_runs import start_tool_task

if TYPE_CHECKING:
    from ..config import ToolsSection
    from ..context import Context
    from .exposure import Exposure
    from .registry.items import Carrier, Tool
    from .registry.registry import ToolRegistry

logger = logging.getLogger("zcp.tools")

_INLINE = ("scalar", "inline")


class RuntimeExecutor:
    """Runs tool calls against a registry, whatever plane they come from."""

    def __init__(
        self,
        tools: ToolRegistry,
        exposure: Exposure,
        settings: ToolsSection,
        mask_errors: bool,
        mcp_handles: bool = False,
    ) -> None:
        self._tools = tools
        self._exposure = exposure
        self._settings = settings
        self._mask_errors = mask_errors
        self._mcp_handles = mcp_handles

    async def call(self, request: CallRequest, ctx: Context) -> CallResult | CreateTaskResult:
        """Answer `tools/call`.

        Raises `NotFound` (unknown, or outside the view in force), `Forbidden`, `ValidationFailure`
        and what a handler raises of `ZCPError`; any other failure of a handler is a result with
        `is_error`.
        """
        tool = self.find(request.name, ctx)
        may_become_task = tool.definition.execution is not None or request.task is not None
        if may_become_task and self._becomes_task(tool, request, ctx):
            arguments = self._checked(tool, request)
            await self._collect(tool, ctx)
            return await start_tool_task(tool, arguments, request.task, ctx)
        return await self.run(tool, self._checked(tool, request), ctx)

    def find(self, name: str, ctx: Context) -> Tool:
        """The tool this caller may call by this name."""
        tool = self._tools.get(name)
        if tool is None or not self._exposure.shows(tool.definition.name, ctx.session.surface):
            raise NotFound("tool", name)
        required = tool.required_scopes
        if required and (missing := ctx.principal.lacks(required)):
            raise Forbidden(missing)
        return tool

    @staticmethod
    def _becomes_task(tool: Tool, request: CallRequest, ctx: Context) -> bool:
        """Whether this call becomes a task: because the client asked, or because it can take one
        and this revision leaves the choice to the server."""
        support = tool.task_support
        if ctx.nested and support != "required":
            return False
        if ctx.session.task_mode == "decided":
            able = ctx.session.takes_tasks
            if support == "required" and not able:
                raise MissingCapability("tasks")
            wanted = "required" if tool.on_request else "optional"
            return able and support in ("required", wanted)
        if request.task is not None and support == "forbidden":
            raise TaskSupportMismatch(f"invalid:task: {request.name} cannot run as a task")
        if request.task is None and support == "required":
            raise TaskSupportMismatch(
                f"missing:task: {request.name} only runs as a task; call it with task options"
            )
        return request.task is not None

    def _checked(self, tool: Tool, request: CallRequest) -> dict[str, Any]:
        arguments = {} if request.arguments is None else request.arguments
        if tool.check.is_valid(arguments):
            return arguments
        if not self._settings.validate_lenient:
            raise ValidationFailure(tool.check.check(arguments))
        checked: dict[str, Any] = tool.check.validate(arguments)
        return checked

    async def run(self, tool: Tool, arguments: dict[str, Any], ctx: Context) -> CallResult:
        """Invoke with checked arguments, and shape what comes back."""
        if tool.asks and not ctx.answers:
            await self._collect(tool, ctx)
        try:
            timeout = tool.timeout or self._settings.default_timeout
            if timeout is None:
                value = await tool.invoke(arguments, ctx)
            else:
                value = await self._timed(tool, arguments, ctx, timeout)
            result = to_result(value, tool, self.carrier_of(tool))
        except ToolError as error:
            return failure(error.message)
        except ZCPError:
            raise
        except BaseException as error:
            return self._broken(tool, error)
        if tool.check_output is not None and self._settings.output_check and not result.is_error:
            faults = tool.check_output.check(result.structured_content)
            if faults:
                return self._bad_output(tool, faults)
        if tool.output_mode not in _INLINE:
            large = worth_keeping(tool, result, self._settings.inline_max_bytes)
            if large is not None and self._may_stay(tool, ctx):
                return await kept(large, result, ctx, tool.required_scopes) or result
        return result

    def _may_stay(self, tool: Tool, ctx: Context) -> bool:
        """Whether this caller can do with a handle."""
        if ctx.whole:
            return False
        if ctx.session.offers_handles:
            return True
        wanted = self._mcp_handles if tool.mcp_handles is None else tool.mcp_handles
        return wanted and tool.check_output is None

    def carrier_of(self, tool: Tool) -> Carrier:
        """How an MCP peer gets this tool's structured results."""
        return tool.mcp_structured or self._settings.mcp_structured

    @staticmethod
    async def _collect(tool: Tool, ctx: Context) -> None:
        """Ask what the tool declared it needs, before its body starts."""
        if tool.asks:
            ctx.answers = await ctx.put(tool.asks, declared=True)

    @staticmethod
    async def _timed(tool: Tool, arguments: dict[str, Any], ctx: Context, timeout: float) -> Any:
        with anyio.move_on_after(timeout):
            return await tool.invoke(arguments, ctx)
        raise ToolError(f"deadline: {tool.definition.name} did not finish within {timeout:g} s")

    def _broken(self, tool: Tool, error: BaseException) -> CallResult:
        """A handler's own exception; cancellation is not one, an exit attempt is."""
        if isinstance(error, (anyio.get_cancelled_exc_class(), GeneratorExit)):
            raise error
        if self._mask_errors or not isinstance(error, Exception):
            return failure(str(report(error, f"tool {tool.definition.name}")))
        logger.warning("tool %s raised", tool.definition.name, exc_info=error)
        return failure(str(error) or type(error).__name__)

    def _bad_output(self, tool: Tool, faults: Any) -> CallResult:
        listed = "; ".join(f"{fault.path or 'result'}: {fault.message}" for fault in faults)
        logger.error("tool %s broke its output schema: %s", tool.definition.name, listed)
        return failure(f"invalid output of {tool.definition.name}: {listed}")
