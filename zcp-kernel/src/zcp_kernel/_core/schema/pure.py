"""The kernel's own engine: fastjsonschema, held to what it checks as JSON Schema 2020-12 does.

It generates Python code from the schema and runs it: never for schemas of strangers. A keyword it
would get wrong is refused by name (`pure_keywords.REFUSED`); a differential run over the
JSON-Schema-Test-Suite holds that list to the truth.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import fastjsonschema

from ...errors import Fault, SchemaRefused
from . import bounds, messages
from .pure_faults import Explainer
from .pure_prepare import ADVICE, Prepared, check_dialect, prepare
from .values import is_array, is_object

_EXACT = 2.0**53


class PureEngine:
    """Compiles with fastjsonschema; `format` is an annotation, as 2020-12 has it."""

    name = "pure"

    def compile(self, schema: dict[str, Any] | bool) -> PureSchema:
        """Raises `SchemaRefused`: not a valid schema, too large, or beyond this engine."""
        plain = bounds.plain_schema(schema)
        check_dialect(plain)
        circular = bounds.survey(plain)
        return PureSchema(plain, _compile(prepare(plain, plain)), guard_depth=circular)


def _compile(prepared: Prepared) -> Callable[[Any], bool]:
    try:
        run = fastjsonschema.compile(
            prepared.schema,
            handlers={"http": _refuse, "https": _refuse, "file": _refuse, "ftp": _refuse},
            use_default=False,
            use_formats=False,
            detailed_exceptions=False,
        )
    except Exception as error:  # whatever the generator trips over, the schema cannot be checked
        reason = f"fastjsonschema cannot compile it ({type(error).__name__}: {error})"
        raise SchemaRefused(f"{reason}; {ADVICE}") from error
    return _exactly(run) if prepared.exact_floats else _checker(run)


def _refuse(uri: str) -> Any:
    raise fastjsonschema.JsonSchemaDefinitionException(f"remote $ref are never fetched: {uri}")


def _checker(run: Callable[[Any], Any]) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        try:
            run(value)
        except (fastjsonschema.JsonSchemaValueException, ArithmeticError, RecursionError):
            return False
        return True

    return check


def _exactly(run: Callable[[Any], Any]) -> Callable[[Any], bool]:
    check = _checker(run)
    return lambda value: check(_whole_floats_as_integers(value))


def _whole_floats_as_integers(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if abs(value) >= _EXACT and value.is_integer() else value
    if is_object(value):
        return {name: _whole_floats_as_integers(item) for name, item in value.items()}
    if is_array(value):
        return [_whole_floats_as_integers(item) for item in value]
    return value


class PureSchema:
    """A schema compiled by fastjsonschema."""

    def __init__(self, schema: Any, check: Callable[[Any], bool], *, guard_depth: bool) -> None:
        self._schema = schema
        self._check = check
        self._guard_depth = guard_depth
        self._explainer: Explainer | None = None

    def is_valid(self, value: Any) -> bool:
        """Whether `value` fits."""
        if self._guard_depth and bounds.too_deep(value):
            return False
        return self._check(value)

    def faults(self, value: Any) -> list[Fault]:
        """Every fault, at most `bounds.MAX_FAULTS`. Sub-schemas are compiled when first needed."""
        if self.is_valid(value):
            return []
        if bounds.too_deep(value):
            return [messages.TOO_DEEP]
        if self._explainer is None:
            self._explainer = Explainer(self._schema, _compile)
        try:
            found = self._explainer.explain(self._schema, value, "")
            faults = list(islice(found, bounds.MAX_FAULTS))
        except RecursionError:
            faults = [messages.TOO_DEEP]
        return faults or [Fault("", "schema", "does not fit the schema")]
