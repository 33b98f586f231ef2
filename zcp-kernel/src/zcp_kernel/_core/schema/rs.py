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
from .effort import too_much
from .explain import Check, Checks, Explainer
from .pure_keywords import CHECKED
from .rs_faults import render
from .survey import Structure, survey
from .walk import LISTS, MAPS, SINGLES

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

_KEYWORDS = MAPS | LISTS | SINGLES | CHECKED.keys()


class RsEngine:
    """Compiles with jsonschema-rs; `format` is an annotation, as 2020-12 has it."""

    name = "rs"

    def compile(self, schema: dict[str, Any] | bool) -> RsSchema:
        """Raises `SchemaRefused`: not a valid schema, too large, an unknown dialect, or a
        reference that leads out of the document."""
        plain = bounds.plain_schema(schema)
        dialect = dialect_of(plain)
        structure = survey(plain)
        return RsSchema(plain, dialect, structure)


def _validator(schema: Any, dialect: str) -> Any:
    try:
        return _VALIDATORS[dialect](
            schema,
            validate_formats=False,
            retriever=_refuse,
            mask="value",
            pattern_options=jsonschema_rs.FancyRegexOptions(backtrack_limit=BACKTRACK_LIMIT),
        )
    except jsonschema_rs.ValidationError as error:
        raise _refused(error) from None
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise SchemaRefused(f"not a schema that can be checked: {error}") from None


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
    keyword = next((str(part) for part in reversed(error.instance_path) if part in _KEYWORDS), None)
    reason = f"not a valid JSON Schema at {where or 'its root'}: {error.message}"
    return SchemaRefused(reason, keyword)


class RsSchema:
    """A schema compiled by jsonschema-rs."""

    def __init__(self, schema: Any, dialect: str, structure: Structure) -> None:
        self._schema = schema
        self._dialect = dialect
        self._validator = _validator(schema, dialect)
        self._fits = self._validator.is_valid
        self._circular = structure.circular
        self._branching = structure.branching
        self._checks: Checks = {}

    def is_valid(self, value: Any) -> bool:
        """Whether `value` fits; what is no JSON never does."""
        try:
            if self._circular and self._out_of_bounds(value):
                return False
            return bool(self._fits(value))
        except ValueError:
            return False

    def faults(self, value: Any) -> list[Fault]:
        """Every fault, at most `bounds.MAX_FAULTS`; of very large values the first alone."""
        if self.is_valid(value):
            return []
        if self._out_of_bounds(value):
            return [messages.TOO_DEEP]
        try:
            faults = self._explained(value) if self._branching else self._listed(value)
        except ValueError:
            faults = []
        if faults:
            return list(dict.fromkeys(faults))[: bounds.MAX_FAULTS]
        return [messages.unsayable(value) or Fault("", "schema", "does not fit the schema")]

    def _out_of_bounds(self, value: Any) -> bool:
        return bounds.too_deep(value) or (self._branching and too_much(self._schema, value))

    def _listed(self, value: Any) -> list[Fault]:
        errors = self._errors(value)
        return [fault for error in errors for fault in render(error, self._schema, value)]

    def _errors(self, value: Any) -> list[jsonschema_rs.ValidationError]:
        if not bounds.many_nodes(value):
            return list(islice(self._validator.iter_errors(value), bounds.MAX_FAULTS))
        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []

    def _explained(self, value: Any) -> list[Fault]:
        """The library lists the faults of every alternative at every level, which doubles with each
        level here."""
        explainer = Explainer(self._schema, self._part, self._checks)
        return list(islice(explainer.explain(self._schema, value, ""), bounds.MAX_FAULTS))

    def _part(self, schema: dict[str, Any]) -> Check:
        """A check of a schema that stands in this document, as a resource of its own."""
        definitions = {**self._schema.get("$defs", {}), _PART: schema}
        document = {**self._schema, "$id": _HERE, "$defs": definitions}
        entry = {"$ref": f"{_HERE}#/$defs/{_PART}", "$defs": {"document": document}}
        check: Check = _validator(entry, self._dialect).is_valid
        return check


_HERE = "urn:zcp:document"
_PART = "zcp-part"
