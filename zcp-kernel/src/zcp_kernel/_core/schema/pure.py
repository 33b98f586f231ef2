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
from .explain import Check, Checks, Explainer
from .pure_memo import remembering
from .pure_prepare import ADVICE, Prepared, check_dialect, prepare
from .survey import Structure, survey
from .values import is_array, is_object

_EXACT = 2.0**53


class PureEngine:
    """Compiles with fastjsonschema; `format` is an annotation, as 2020-12 has it."""

    name = "pure"

    def compile(self, schema: dict[str, Any] | bool) -> PureSchema:
        """Raises `SchemaRefused`: not a valid schema, too large, or beyond this engine."""
        plain = bounds.plain_schema(schema)
        check_dialect(plain)
        structure = survey(plain)
        return PureSchema(plain, structure)


def _compile(prepared: Prepared, *, branching: bool) -> Check:
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
    check = remembering(run) if branching else _checker(run)
    return _exactly(check) if prepared.exact_floats else check


def _refuse(uri: str) -> Any:
    raise fastjsonschema.JsonSchemaDefinitionException(f"remote $ref are never fetched: {uri}")


def _checker(run: Callable[[Any], Any]) -> Check:
    def check(value: Any) -> bool:
        try:
            run(value)
        except (fastjsonschema.JsonSchemaValueException, ArithmeticError, RecursionError):
            return False
        return True

    return check


def _exactly(check: Check) -> Check:
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

    def __init__(self, schema: Any, structure: Structure) -> None:
        self._schema = schema
        self._circular = structure.circular
        self._branching = structure.branching
        self._check = self._part(schema)
        self._checks: Checks = {}

    def is_valid(self, value: Any) -> bool:
        """Whether `value` fits."""
        if self._circular and bounds.too_deep(value):
            return False
        return self._check(value)

    def faults(self, value: Any) -> list[Fault]:
        """Every fault, at most `bounds.MAX_FAULTS`. Sub-schemas are compiled when first needed."""
        if self.is_valid(value):
            return []
        if bounds.too_deep(value):
            return [messages.TOO_DEEP]
        explainer = Explainer(self._schema, self._part, self._checks)
        try:
            found = explainer.explain(self._schema, value, "")
            faults = list(dict.fromkeys(islice(found, bounds.MAX_FAULTS)))
        except RecursionError:
            faults = [messages.TOO_DEEP]
        return faults or [messages.TOO_DEEP]

    def _part(self, schema: dict[str, Any] | bool) -> Check:
        return _compile(prepare(self._schema, schema), branching=self._branching)
