"""The adapters under test."""

from __future__ import annotations

import pytest

from .models import MODELS, Model


@pytest.fixture(params=MODELS, ids=lambda m: f"{m.path[4:]}{'-stream' if m.streaming else ''}")
def model(request: pytest.FixtureRequest) -> Model:
    chosen: Model = request.param
    return chosen
