"""Values as JSON, for the `default` of a schema."""

from __future__ import annotations

from enum import Enum
from typing import Any

from ...jsontext import dumps, loads
from .members import MISSING


def json_form(value: Any) -> Any:
    """`value` as JSON has it, `MISSING` where it has no such form."""
    try:
        return loads(dumps(value.value if isinstance(value, Enum) else value))
    except ValueError:
        return MISSING
