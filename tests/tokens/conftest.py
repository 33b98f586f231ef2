"""Counting needs tables whose package still reads them the old way."""

from __future__ import annotations

import pytest

_OLD = "ignore:(open_binary|open_text|path) is deprecated:DeprecationWarning"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/tokens" in item.path.as_posix():
            item.add_marker(pytest.mark.filterwarnings(_OLD))
