"""Spans and metrics of operations, by OpenTelemetry's semantic conventions for MCP.

Imported only where the OpenTelemetry API is installed and configuration lets it be used. Which SDK
exports what is the program's own affair.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping
from typing import Any

from opentelemetry import metrics, propagate, trace
from opentelemetry.context import Context
from zcp_kernel.contracts import Handler
from zcp_kernel.errors import ZCPError

_tracer = trace.get_tracer("zcp")
_duration = metrics.get_meter("zcp").create_histogram(
    "mcp.server.operation.duration",
    unit="s",
    description="Time an operation took.",
    explicit_bucket_boundaries_advisory=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
)
LOOK_SECONDS = 1.0
"""How long nobody is taken to record: an SDK set up while serving is used this soon."""

_CARRIED = ("traceparent", "tracestate", "baggage")


class Observer:
    """Watches the operations of one server."""

    def __init__(self) -> None:
        self._look_again = 0.0

    def observe(self, params: Any, ctx: Any, proceed: Handler) -> Awaitable[Any]:
        """The stage around every operation."""
        if self._nobody_watches():
            return proceed(params, ctx)
        return _recorded(params, ctx, proceed)

    def _nobody_watches(self) -> bool:
        """`_nobody_records` as of a moment ago: asking it costs more than all else here."""
        now = time.monotonic()
        if now < self._look_again:
            return True
        nobody = _nobody_records()
        if nobody:
            self._look_again = now + LOOK_SECONDS
        return nobody


async def _recorded(params: Any, ctx: Any, proceed: Handler) -> Any:
    """The parent span is the one `traceparent` names in `_meta` (MCP 2026-07-28, basic, `_meta`),
    else the one in the request's header."""
    attributes = _attributes(params, ctx)
    target = attributes.get("gen_ai.tool.name") or attributes.get("gen_ai.prompt.name")
    name = f"{ctx.operation} {target}" if target else ctx.operation
    begun = time.perf_counter()
    with _tracer.start_as_current_span(
        name, _parent(ctx), kind=trace.SpanKind.SERVER, attributes=attributes
    ) as span:
        try:
            result = await proceed(params, ctx)
            if getattr(result, "is_error", False):
                _failed(span, attributes, "tool_error")
            return result
        except ZCPError as error:
            _failed(span, attributes, str(error.code))
            raise
        finally:
            kept = {key: value for key, value in attributes.items() if key in _MEASURED}
            _duration.record(time.perf_counter() - begun, kept)


_MEASURED = ("mcp.method.name", "mcp.protocol.version", "gen_ai.tool.name", "error.type")


def _nobody_records() -> bool:
    """Whether no SDK was set up: the providers are the API's own stand-ins."""
    tracers, meters = trace.get_tracer_provider(), metrics.get_meter_provider()
    return type(tracers).__module__.startswith("opentelemetry.trace") and type(
        meters
    ).__module__.startswith("opentelemetry.metrics")


def _attributes(params: Any, ctx: Any) -> dict[str, str]:
    attributes = {"mcp.method.name": ctx.operation, "mcp.session.id": ctx.session_id}
    if ctx.session.revision is not None:
        attributes["mcp.protocol.version"] = ctx.session.revision.name
    if ctx.request_id is not None:
        attributes["jsonrpc.request.id"] = str(ctx.request_id)
    if ctx.operation == "tools/call":
        attributes["gen_ai.tool.name"] = params.name
    elif ctx.operation == "prompts/get":
        attributes["gen_ai.prompt.name"] = params.name
    return attributes


def _parent(ctx: Any) -> Context | None:
    """The remote span to hang this one under; None is whatever is current here."""
    for source in (ctx.meta, ctx.headers):
        if source and "traceparent" in source:
            return propagate.extract(_carrier(source))
    return None


def _carrier(source: Mapping[str, Any]) -> dict[str, str]:
    return {key: source[key] for key in _CARRIED if isinstance(source.get(key), str)}


def _failed(span: trace.Span, attributes: dict[str, str], kind: str) -> None:
    attributes["error.type"] = kind
    span.set_attribute("error.type", kind)
    span.set_status(trace.StatusCode.ERROR)
