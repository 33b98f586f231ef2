"""Hypothesis strategies for schemas and values."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "c", "a-b", "ab", "A", 'q"', "{x}", "$ref", "id", "é"])
SCALARS: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.0, 1.0, 1.5, -2.5, 10**20, 1e20, 2**53 + 1, 1e300]),
    st.sampled_from(["", "a", "ab", "1", "3.5", "true", "null", "{x}", "é", "a\n"]),
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3))


VALUES: st.SearchStrategy[Any] = st.recursive(SCALARS, _containers, max_leaves=6)

_TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
_COUNT = st.integers(0, 3)
_NUMBER = st.sampled_from([-2, 0, 1, 1.5, 2**53, 10**20])
_LEAVES: dict[str, st.SearchStrategy[Any]] = {
    "type": st.one_of(_TYPES, st.lists(_TYPES, min_size=1, max_size=3, unique=True)),
    "enum": st.lists(VALUES, max_size=3),
    "const": VALUES,
    "minimum": _NUMBER,
    "maximum": _NUMBER,
    "exclusiveMinimum": _NUMBER,
    "exclusiveMaximum": _NUMBER,
    "multipleOf": st.sampled_from([1, 2, 3, 7]),
    "minLength": _COUNT,
    "maxLength": _COUNT,
    "pattern": st.sampled_from(["^a", "b$", r"^\d+$", "^[^a]*$"]),
    "minItems": _COUNT,
    "maxItems": _COUNT,
    "uniqueItems": st.booleans(),
    "minProperties": _COUNT,
    "maxProperties": _COUNT,
    "required": st.lists(NAMES, max_size=3, unique=True),
    "dependentRequired": st.dictionaries(
        NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2
    ),
    "title": st.just("a title"),
    "default": SCALARS,
    "$ref": st.sampled_from(["#/$defs/a", "#/$defs/A", "#/$defs/a-b"]),
}


def _schema(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    parts: dict[str, st.SearchStrategy[Any]] = {
        **_LEAVES,
        "properties": named,
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "b$", "."]), inner, max_size=2),
        "additionalProperties": inner,
        "propertyNames": inner,
        "items": inner,
        "prefixItems": several,
        "contains": inner,
        "allOf": several,
        "anyOf": several,
        "oneOf": several,
        "not": inner,
        "if": inner,
        "then": inner,
        "else": inner,
        "dependentSchemas": named,
    }
    chosen = st.sets(st.sampled_from(sorted(parts)), max_size=4)
    return chosen.flatmap(lambda names: st.fixed_dictionaries({n: parts[n] for n in names}))


def _schema_tree() -> st.SearchStrategy[Any]:
    return st.recursive(st.one_of(st.booleans(), _schema(st.booleans())), _schema, max_leaves=4)


SCHEMAS: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda top, a, upper, dashed: {
        **(top if isinstance(top, dict) else {"allOf": [top]}),
        "$defs": {"a": a, "A": upper, "a-b": dashed},
    },
    *[_schema_tree()] * 4,
)
"""Schemas of the keywords both engines know, with three definitions to refer to, which may refer to
each other."""
