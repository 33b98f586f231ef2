"""OpenTelemetry: spans and durations by its conventions, and nothing where it is not wanted."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from http_core import configured, site, weather
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from zcp_transport_http import observing
from zcp_transport_http.config import TelemetryConfig

pytestmark = pytest.mark.anyio

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MESSAGE = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"

_exporter = InMemorySpanExporter()
_reader = InMemoryMetricReader()


@pytest.fixture(scope="module", autouse=True)
def _sdk() -> None:
    """OpenTelemetry takes its providers once in a process."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(_exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([_reader]))


async def spans_of(*calls: tuple[str, Any, Any], header: str | None = None) -> list[Any]:
    _exporter.clear()
    async with site() as here:
        headers = {} if header is None else {"traceparent": header}
        client = here.client(**headers)
        await client.initialize()
        for tool, arguments, meta in calls:
            await client.post(client.tool(tool, arguments, **meta))
    return list(_exporter.get_finished_spans())


async def test_a_call_is_a_span_by_the_conventions_for_mcp() -> None:
    (span,) = await spans_of(("add", {"a": 1, "b": 2}, {}))
    assert span.name == "tools/call add"
    assert span.kind is trace.SpanKind.SERVER
    attributes = dict(span.attributes)
    assert attributes["mcp.method.name"] == "tools/call"
    assert attributes["gen_ai.tool.name"] == "add"
    assert attributes["mcp.protocol.version"] == "2025-11-25"
    assert attributes["jsonrpc.request.id"]
    assert len(attributes["mcp.session.id"]) >= 22
    assert span.parent is None


async def test_the_parent_is_in_the_message_or_else_in_the_header() -> None:
    in_header, in_message = await spans_of(
        ("add", {"a": 1, "b": 2}, {}),
        ("add", {"a": 1, "b": 2}, {"traceparent": MESSAGE}),
        header=HEADER,
    )
    assert f"{in_header.context.trace_id:032x}" == HEADER.split("-")[1]
    assert f"{in_header.parent.span_id:016x}" == HEADER.split("-")[2]
    assert f"{in_message.context.trace_id:032x}" == MESSAGE.split("-")[1]


@pytest.mark.parametrize(
    ("tool", "error"), [("refusing", "tool_error"), ("secret", "403"), ("no-such", "-32602")]
)
async def test_a_failure_is_marked(tool: str, error: str) -> None:
    (span,) = await spans_of((tool, {}, {}))
    assert span.attributes["error.type"] == error
    assert span.status.status_code is trace.StatusCode.ERROR


async def test_durations_are_recorded() -> None:
    await spans_of(("add", {"a": 1, "b": 2}, {}))
    data: Any = _reader.get_metrics_data()
    (metric,) = [
        each
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for each in scope.metrics
        if each.name == "mcp.server.operation.duration"
    ]
    assert metric.unit == "s"
    tools = {point.attributes.get("gen_ai.tool.name") for point in metric.data.data_points}
    assert "add" in tools
    assert all("mcp.session.id" not in point.attributes for point in metric.data.data_points)


def stages_of(**sections: Any) -> list[str]:
    kernel = configured(weather(), sections).kernel
    return [each.name for each in kernel._stages]  # pyright: ignore[reportPrivateUsage]


def test_it_can_be_turned_off() -> None:
    assert "opentelemetry" in stages_of()
    assert "opentelemetry" not in stages_of(telemetry=TelemetryConfig(enabled=False))


def test_without_its_api_there_is_no_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "find_spec", lambda name: None)
    assert "opentelemetry" not in stages_of()


def test_without_an_sdk_nothing_is_made() -> None:
    script = """
from zcp_transport_http import telemetry
assert telemetry._nobody_records()
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
trace.set_tracer_provider(TracerProvider())
assert not telemetry._nobody_records()
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
