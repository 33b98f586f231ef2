"""The exact engine: jsonschema-rs, JSON Schema 2020-12 in full and the drafts before it.

Nothing is ever fetched: a reference out of the document reaches a retriever that refuses.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import jsonschema_rs

from ...errors import Fault, SchemaRefused
from . import bounds, messages
from .dialects import dialect_of
from .rs_faults import render

BACKTRACK_LIMIT = 100_000
"""Steps a pattern that needs backtracking (look-around, back-reference) may take on one text;
past it the text counts as not matching. Patterns without those run in linear time anyway."""

_VALIDATORS = {
    "2020-12": jsonschema_rs.Draft202012Validator,
    "2019-09": jsonschema_rs.Draft201909Validator,
    "draft-07": jsonschema_rs.Draft7Validator,
    "draft-06": jsonschema_rs.Draft6Validator,
    "draft-04": jsonschema_rs.Draft4Validator,
}


class RsEngine:
    """Compiles with jsonschema-rs; `format` is an annotation, as 2020-12 has it."""

    name = "rs"

    def compile(self, schema: dict[str, Any] | bool) -> RsSchema:
        """Raises `SchemaRefused`: not a valid schema, too large, an unknown dialect, or a
        reference that leads out of the document."""
        plain = bounds.plain_schema(schema)
        validator_class = _VALIDATORS[dialect_of(plain)]
        circular = bounds.survey(plain)
        try:
            validator = validator_class(
                plain,
                validate_formats=False,
                retriever=_refuse,
                mask="value",
                pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT),
            )
        except jsonschema_rs.ValidationError as error:
            raise _refused(error) from None
        except (ValueError, jsonschema_rs.ReferencingError) as error:
            raise SchemaRefused(f"not a schema that can be checked: {error}") from None
        return RsSchema(plain, validator, guard_depth=circular)


def _refuse(uri: str) -> Any:
    raise ValueError(f"remote $ref are never fetched: {uri}")


def _refused(error: jsonschema_rs.ValidationError) -> SchemaRefused:
    where = messages.path_of(error.instance_path)
    if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.Referencing):
        return SchemaRefused(
            f"$ref leads out of the document or nowhere: {error.message}; "
            "schemas must be self-contained, put what they refer to under $defs",
            "$ref",
        )
    keyword = next((str(part) for part in reversed(error.instance_path)), None)
    reason = f"not a valid JSON Schema at {where or 'its root'}: {error.message}"
    return SchemaRefused(reason, keyword)


class RsSchema:
    """A schema compiled by jsonschema-rs."""

    def __init__(self, schema: Any, validator: Any, *, guard_depth: bool) -> None:
        self._schema = schema
        self._validator = validator
        self._fits = validator.is_valid
        self._guard_depth = guard_depth

    def is_valid(self, value: Any) -> bool:
        """Whether `value` fits; what is no JSON never does."""
        try:
            if self._guard_depth and bounds.too_deep(value):
                return False
            return bool(self._fits(value))
        except ValueError:
            return False

    def faults(self, value: Any) -> list[Fault]:
        """Every fault, at most `bounds.MAX_FAULTS`; of very large values the first alone."""
        if self.is_valid(value):
            return []
        if bounds.too_deep(value):
            return [messages.TOO_DEEP]
        try:
            errors = self._errors(value)
        except ValueError:
            errors = []
        faults = [fault for error in errors for fault in render(error, self._schema, value)]
        if faults:
            return faults[: bounds.MAX_FAULTS]
        return [messages.unsayable(value) or Fault("", "schema", "does not fit the schema")]

    def _errors(self, value: Any) -> list[jsonschema_rs.ValidationError]:
        if not bounds.many_nodes(value):
            return list(islice(self._validator.iter_errors(value), bounds.MAX_FAULTS))
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []
