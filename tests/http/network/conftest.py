"""Pauses between attempts are short here."""

from __future__ import annotations

import pytest
from zcp_transport_http.client import streams


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FIRST_PAUSE_SECONDS", 0.002)
