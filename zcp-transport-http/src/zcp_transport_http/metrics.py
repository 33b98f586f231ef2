"""Counts of what a server does, incremented in place, and their Prometheus text.

Memory is bounded: routes are a fixed set, statuses are few, and tools beyond `MAX_TOOLS` share one
label.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from zcp_kernel.errors import Forbidden, NotFound

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MAX_TOOLS = 500
FAILURES = ("error", "forbidden")
OTHER = "(other)"
UNKNOWN = "(unknown)"

Labels = Mapping[str, object]
Sample = tuple[str, Labels, float]


class Metrics:
    """Everything counted for one server.

    `durations` are the seconds from a request to the head of its answer, per route: for each bucket
    of `BUCKETS` and one beyond, how many; then their sum.
    """

    def __init__(self) -> None:
        self.requests: dict[tuple[str, int], int] = {}
        self.durations: dict[str, list[float]] = {}
        self.calls: dict[tuple[str, str], int] = {}
        self.streams = 0
        self._tools: set[str] = set()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """The head of an answer went out."""
        key = (route, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        buckets = self.durations.get(route)
        if buckets is None:
            buckets = self.durations[route] = [0.0] * (len(BUCKETS) + 2)
        buckets[bisect_left(BUCKETS, seconds)] += 1
        buckets[-1] += seconds

    async def observe(self, params: Any, ctx: Any, proceed: Callable[[Any, Any], Any]) -> Any:
        """The stage that counts tool calls by tool and outcome."""
        outcome = "cancelled"
        tool: str = params.name
        try:
            result = await proceed(params, ctx)
            outcome = "error" if getattr(result, "is_error", False) else "ok"
            return result
        except NotFound:
            tool, outcome = UNKNOWN, "error"
            raise
        except Forbidden:
            outcome = "forbidden"
            raise
        except Exception:
            outcome = "error"
            raise
        finally:
            self._called(tool, outcome)

    def _called(self, tool: str, outcome: str) -> None:
        if tool not in self._tools:
            if len(self._tools) >= MAX_TOOLS:
                tool = OTHER
            else:
                self._tools.add(tool)
        self.calls[tool, outcome] = self.calls.get((tool, outcome), 0) + 1

    def summary(self) -> dict[str, Any]:
        """The totals, for `/metadata`."""
        by_class: dict[str, int] = {}
        for (_, status), count in self.requests.items():
            name = f"{status // 100}xx"
            by_class[name] = by_class.get(name, 0) + count
        failed = sum(
            count
            for (_, outcome), count in self.calls.items()
            if outcome not in ("ok", "cancelled")
        )
        return {
            "requests": sum(self.requests.values()),
            "responses": dict(sorted(by_class.items())),
            "toolCalls": sum(self.calls.values()),
            "toolCallsFailed": failed,
        }

    def text(self, gauges: Mapping[str, tuple[str, str, float]]) -> bytes:
        """Prometheus text exposition format 0.0.4. `gauges` are further single values: name to
        type, help and value."""
        lines: list[str] = []
        lines += _family(
            "zcp_http_requests_total", "counter", "Answers by route and status.",
            [("", {"route": r, "status": s}, n) for (r, s), n in sorted(self.requests.items())],
        )  # fmt: skip
        lines += _family(
            "zcp_http_request_seconds", "histogram", "Seconds to the head of the answer.",
            [each for route in sorted(self.durations) for each in self._histogram(route)],
        )  # fmt: skip
        lines += _family(
            "zcp_tool_calls_total", "counter", "Calls by tool and outcome.",
            [("", {"tool": t, "outcome": o}, n) for (t, o), n in sorted(self.calls.items())],
        )  # fmt: skip
        for name, (kind, meaning, value) in gauges.items():
            lines += _family(name, kind, meaning, [("", {}, value)])
        return ("\n".join(lines) + "\n").encode()

    def _histogram(self, route: str) -> Iterable[Sample]:
        counts, total = self.durations[route], 0.0
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=False):
            total += count
            yield "_bucket", {"route": route, "le": bound}, total
        yield "_sum", {"route": route}, counts[-1]
        yield "_count", {"route": route}, total


def _family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> list[str]:
    lines = [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
    for suffix, labels, value in samples:
        listed = ",".join(f'{key}="{_escaped(str(label))}"' for key, label in labels.items())
        shown = f"{{{listed}}}" if listed else ""
        lines.append(f"{name}{suffix}{shown} {value:.15g}")
    return lines


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
