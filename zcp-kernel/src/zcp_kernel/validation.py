"""Checking values against JSON Schema: tool arguments, tool results, answers to a form.

No library is imported before the first schema is compiled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._core.schema.coerce import coerce as _coerced
from ._core.schema.engine import default_engine
from .errors import Fault, InvalidArguments, SchemaRefused

if TYPE_CHECKING:
    from .contracts import SchemaEngine

__all__ = ["CanonicalValidator", "SchemaRefused", "ValidationFailure", "default_engine"]

_NAMED = 5


class ValidationFailure(InvalidArguments):
    """A value does not fit its schema; `faults` lists what is wrong, where, and what would fit."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(_headline(faults), faults)


def _headline(faults: list[Fault]) -> str:
    named = "; ".join(
        f"{fault.path}: {fault.message}" if fault.path else fault.message
        for fault in faults[:_NAMED]
    )
    more = len(faults) - _NAMED
    return f"invalid: {named}" + (f"; and {more} more" if more > 0 else "")


class CanonicalValidator:
    """One schema, compiled, ready to check values.

    `schema` is JSON Schema (2020-12, or the draft its `$schema` names) as a dict or boolean, and
    stays as given. With `coerce` a value that does not fit is read leniently once more: strings
    that spell a number, `true`, `false` or `null` count as such where the schema wants one and no
    string. A value that fits is never changed. Raises `SchemaRefused` for a schema `engine`
    (default: `default_engine()`) cannot check.
    """

    __slots__ = ("_compiled", "_lenient", "is_valid", "schema")

    def __init__(
        self,
        schema: dict[str, Any] | bool,
        *,
        engine: SchemaEngine | None = None,
        coerce: bool = True,
    ) -> None:
        self.schema = schema
        self._compiled = (engine or default_engine()).compile(schema)
        self._lenient = coerce
        self.is_valid = self._compiled.is_valid
        """Whether a value fits as it is: `is_valid(value) -> bool`."""

    def check(self, value: Any) -> list[Fault]:
        """Every fault of `value` as it is, nothing coerced; empty when it fits."""
        return self._compiled.faults(value)

    def validate(self, value: Any) -> Any:
        """`value`, or its lenient reading. Raises `ValidationFailure` with the faults of `value`
        when neither fits."""
        if self.is_valid(value):
            return value
        if self._lenient:
            reading = _coerced(self.schema, value)
            if reading is not value and self.is_valid(reading):
                return reading
        raise ValidationFailure(self._compiled.faults(value))
