"""The lifespan an app was given, as context managers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...app import FastZCP


def app_lifespans(app: FastZCP) -> list[Any]:
    """None or one: `app.lifespan` gives a context manager, or is an async generator."""
    if app.lifespan is None:
        return []
    lifespan = app.lifespan(app)
    if hasattr(lifespan, "__aenter__"):
        return [lifespan]
    return [asynccontextmanager(app.lifespan)(app)]
