"""The guides speak of a server with the product's own plugins and no others."""

import pytest


@pytest.fixture(autouse=True)
def _without_third_parties(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of all tests has a third-party plugin installed; its tool is not ours."""
    monkeypatch.setenv("ZCP_PLUGINS_DISABLED", "acme")
