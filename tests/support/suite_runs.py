"""Running a contract suite by hand, to see which of its tests a store fails."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any

import anyio
import pytest

Fixtures = Mapping[str, Callable[[], Any]]


def failures(suite: type[Any], fixtures: Fixtures, chosen: str = "test_") -> set[str]:
    """The tests of a suite that fail, of those chosen, each run with fixtures of its own."""
    failed: set[str] = set()
    for name, test in inspect.getmembers(suite, inspect.isfunction):
        if name.startswith(chosen):
            for arguments in parameters(test):
                wanted = [each for each in inspect.signature(test).parameters if each in fixtures]
                given = {each: fixtures[each]() for each in wanted}
                try:
                    run(partial(getattr(suite(), name), **given, **arguments))
                except (Exception, pytest.fail.Exception):
                    failed.add(name)
    return failed


def parameters(test: Any) -> list[dict[str, Any]]:
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    rows = [[{mark.args[0]: value} for value in mark.args[1]] for mark in marks]
    return [{name: value for each in row for name, value in each.items()} for row in product(*rows)]


def run(test: Callable[[], Any]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(10):
            await test()

    if inspect.iscoroutinefunction(test.func):  # type: ignore[attr-defined]
        anyio.run(bounded)
    else:
        test()
