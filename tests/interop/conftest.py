"""Interop tests meet programs in environments of their own; making one takes pip a while."""

import pytest

INSTALL_SECONDS = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A stuck peer must not hold the run up, the first installation may."""
    for item in items:
        if item.path.is_relative_to(__file__.rsplit("/", 1)[0]):
            item.add_marker(pytest.mark.timeout(INSTALL_SECONDS))
