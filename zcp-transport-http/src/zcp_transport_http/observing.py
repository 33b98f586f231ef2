"""Which stages watch operations: none that is not wanted, so that nothing is paid for them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from typing import TYPE_CHECKING

from zcp_kernel.contracts import Stage

from .config import HTTPConfig, TelemetryConfig

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig

    from .metrics import Metrics

_counting: ContextVar[Metrics | None] = ContextVar("zcp_http_counting", default=None)


@contextmanager
def counting(metrics: Metrics | None) -> Generator[None]:
    """What is composed meanwhile counts its tool calls in `metrics`. Only a server that shows them
    does: the hook that hands stages over knows the configuration, not who composes."""
    token = _counting.set(metrics)
    try:
        yield
    finally:
        _counting.reset(token)


def stages(config: ServerConfig) -> Sequence[Stage]:
    """The stages of phase `observe` this configuration asks for."""
    chosen: list[Stage] = []
    metrics = _counting.get()
    if metrics is not None and config.section(HTTPConfig).metrics_path:
        chosen.append(Stage("metrics", metrics.observe, ("tools/call",), "observe"))
    if config.section(TelemetryConfig).enabled and has_opentelemetry():
        from .telemetry import Observer

        chosen.append(Stage("opentelemetry", Observer().observe, ("*",), "observe"))
    return chosen


def has_opentelemetry() -> bool:
    """Whether the OpenTelemetry API is installed."""
    try:
        return find_spec("opentelemetry.trace") is not None
    except (ModuleNotFoundError, ValueError):
        # ValueError: somebody put a stand-in without a spec into sys.modules.
        return False
