"""Running a checklist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio
from zcp_kernel.errors import ZCPError

from .bench import Bench
from .outcome import Check, Failed, NotApplicable, Report, Verdict

CHECK_SECONDS = 30.0
"""How long one check may take, on top of the idle time it was told."""


async def run_checks(
    bench: Bench,
    checks: Sequence[Check],
    *,
    limit: float = CHECK_SECONDS,
    told: Callable[[Report], object] = lambda _: None,
) -> list[Report]:
    """Run `checks` in their order; `told` hears of each as it ends. The bench is closed then."""
    reports: list[Report] = []
    try:
        for check in checks:
            reports.append(await _run(check, bench, limit + bench.idle_seconds))
            told(reports[-1])
    finally:
        await bench.aclose()
    return reports


async def _run(check: Check, bench: Bench, limit: float) -> Report:
    try:
        with anyio.fail_after(limit):
            return Report(check.name, "pass", await check.run(bench))
    except NotApplicable as reason:
        return Report(check.name, "not applicable", str(reason))
    except Failed as reason:
        return Report(check.name, "fail", str(reason))
    except ZCPError as error:
        return Report(check.name, "fail", error.message, error.code)
    except TimeoutError:
        return Report(check.name, "fail", f"no end after {limit:g} s")
    except OSError as error:
        return Report(check.name, "fail", str(error) or type(error).__name__)


def count(reports: Sequence[Report], verdict: Verdict) -> int:
    return sum(report.verdict == verdict for report in reports)
