"""Does a plugin's `Requires-Dist: zcp-kernel…` line admit this kernel?

The usual form (`zcp-kernel>=1.2,<2`, plain release numbers) is compared here; every other form the
packaging specifications allow goes to `packaging`, which takes tens of milliseconds to import.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

KERNEL = "zcp-kernel"

_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_USUAL = re.compile(
    r"\s*[\w.-]+?\s*\(?\s*((?:>=|<)\s*\d+(?:\.\d+)*(?:\s*,\s*(?:>=|<)\s*\d+(?:\.\d+)*)*)\s*\)?\s*"
)
_BOUND = re.compile(r"(>=|<)\s*([\d.]+)")
_PLAIN = re.compile(r"\d+(?:\.\d+)*")


def kernel_lines(requires: Sequence[str]) -> list[str]:
    """The lines among `Requires-Dist` values that speak of the kernel and apply here."""
    named = [line for line in requires if _names_kernel(line)]
    return [line for line in named if ";" not in line or _applies(line)]


def admits(line: str, version: str) -> bool:
    """Whether requirement `line` admits kernel `version`. Raises `ValueError` if unreadable."""
    usual = _USUAL.fullmatch(line)
    if usual and _PLAIN.fullmatch(version):
        return all(
            _within(version, operator, bound) for operator, bound in _BOUND.findall(usual[1])
        )
    from packaging.requirements import Requirement

    return Requirement(line).specifier.contains(version, prereleases=True)


def specifier(line: str) -> str:
    """The version part of a requirement line, as written: `>=1,<2`."""
    rest = line.split(";")[0][len(_NAME.match(line)[0]) :]  # type: ignore[index]
    return re.sub(r"\[.*?\]", "", rest).strip(" ()") or "any version"


def _names_kernel(line: str) -> bool:
    match = _NAME.match(line)
    return match is not None and re.sub(r"[-_.]+", "-", match[1]).lower() == KERNEL


def _applies(line: str) -> bool:
    from packaging.requirements import Requirement

    marker = Requirement(line).marker
    return marker is None or marker.evaluate({"extra": ""})


def _within(version: str, operator: str, bound: str) -> bool:
    left, right = _release(version), _release(bound)
    return left >= right if operator == ">=" else left < right


def _release(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in version.split(".")]
    while parts and parts[-1] == 0:
        parts.pop()
    return tuple(parts)
