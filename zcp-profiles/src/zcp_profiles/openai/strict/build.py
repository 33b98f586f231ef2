"""From a JSON Schema to nodes: which kind of schema it is, and the kinds that combine others."""

from __future__ import annotations

import json
from typing import Any

from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.validation import CanonicalValidator

from ...adapters.tools.sizes import Sizes
from .containers import list_node, object_node
from .disjoint import disjoint
from .failures import Impossible, Inexpressible
from .merge import CONDITIONS, MAX_BRANCHES, merged, substance
from .nodes import NULL, Anything, HandleReference, Lookup, Node, Reference, Schema, Union
from .refs import References
from .scalars import described, enum_type, scalar_node

MAX_NODES = 20_000
"""Most parts a schema may have once references and unions are worked out."""

_COMBINERS = {"allOf", "anyOf", "oneOf", "$ref"}
_OBJECT_WORDS = {"properties", "required", "additionalProperties", "patternProperties",
                 "propertyNames", "minProperties", "maxProperties"}  # fmt: skip
_ARRAY_WORDS = {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}
_STRING_WORDS = {"pattern", "minLength", "maxLength", "format"}
_NUMBER_WORDS = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
_SCALARS = {"string", "number", "integer", "boolean", "null"}


class Builder:
    """Builds the nodes of one schema document.

    `notes` lists what the strict form does not hold: the server checks it when the call comes.
    `handle_bytes` is the size hint above which an argument may also be a handle, None for never.
    """

    def __init__(self, document: Schema, handle_bytes: int | None = None) -> None:
        self.refs = References(document)
        self.notes: list[str] = []
        self.definitions: dict[str, Node] = {}
        self._open: dict[str, str] = {}
        self._nodes = 0
        self._sizes = Sizes(document)
        self._handle_bytes = handle_bytes
        self._handle_name: str | None = None

    def strict_definitions(self) -> dict[str, Schema]:
        return {name: node.schema for name, node in self.definitions.items()}

    def note(self, path: str, what: str) -> None:
        self.notes.append(f"{path or 'arguments'}: {what}")

    # -- kinds -------------------------------------------------------------------------------------

    def node(self, schema: Any, path: str) -> Node:
        """Raises `Impossible` for a schema that no value fits, `Inexpressible` where the subset has
        no form for it."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise Inexpressible(f"more than {MAX_NODES} parts")
        if schema is True:
            return Anything()
        if not is_object(schema):
            raise Impossible(f"{path}: no value fits")
        schema = self._weighed(schema, path)
        core = substance(schema)
        if not core:
            return described(Anything(), schema)
        if "$ref" in core:
            return self._reference(schema, core, path)
        if "allOf" in core:
            return self.node(self._all_of(schema, path), path)
        for word in ("anyOf", "oneOf"):
            if word in core:
                return self._union(schema, word, path)
        if "const" in core:
            rest = {name: item for name, item in schema.items() if name != "const"}
            return self.node(merged(rest, {"enum": [schema["const"]]}), path)
        if "enum" in core:
            return self._enum(schema, path)
        return self._typed(schema, path)

    def _weighed(self, schema: Schema, path: str) -> Schema:
        """Without the conditions that have no strict form, each noted."""
        found = [word for word in CONDITIONS if word in schema]
        if not found:
            return schema
        kept = {name: item for name, item in schema.items() if name not in found}
        if schema.get("unevaluatedProperties") is False and not _COMBINERS & schema.keys():
            found.remove("unevaluatedProperties")
            kept.setdefault("additionalProperties", False)
        if found:
            self.note(path, ", ".join(found))
        return kept

    def _typed(self, schema: Schema, path: str) -> Node:
        kind = schema.get("type")
        if is_list(kind):
            return self._of_several_types(schema, kind, path)
        if kind is None:
            kind = _implied(schema)
        if kind == "object":
            return object_node(self, schema, path)
        if kind == "array":
            return list_node(self, schema, path)
        if kind in _SCALARS:
            return scalar_node({**schema, "type": kind}, lambda what: self.note(path, what))
        if kind is None:
            return described(Anything(), schema)
        raise Inexpressible(f"{path}: type {kind!r} is none of JSON Schema's")

    def _of_several_types(self, schema: Schema, kinds: list[Any], path: str) -> Node:
        if len(kinds) == 1:
            return self._typed({**schema, "type": kinds[0]}, path)
        bare = {name: item for name, item in schema.items() if name != "description"}
        branches = [self._typed({**bare, "type": kind}, path) for kind in kinds]
        return described(self._either(branches), schema)

    # -- references --------------------------------------------------------------------------------

    def _reference(self, schema: Schema, core: Schema, path: str) -> Node:
        reference = schema["$ref"]
        if len(core) > 1:
            return self.node(self.refs.follow(schema), path)
        self.refs.follow(schema)
        name = self.refs.name(reference)
        if name not in self.definitions and name not in self._open:
            self._open[name] = path
            self.definitions[name] = self.node(self.refs.target(reference), name)
            del self._open[name]
        node = Reference({"$ref": f"#/$defs/{name}"}, lambda: self.definitions[name])
        return described(node, schema)

    # -- combinations ------------------------------------------------------------------------------

    def _all_of(self, schema: Schema, path: str) -> Schema:
        whole = {name: item for name, item in schema.items() if name != "allOf"}
        solid = [part for part in schema["allOf"] if is_object(part) and substance(part)]
        if len(solid) == 1 and not substance(whole) and False not in schema["allOf"]:
            return {**solid[0], **whole}  # a reference stays one: it may contain itself
        for part in schema["allOf"]:
            try:
                whole = merged(self.refs.follow(whole), self.refs.follow(part))
            except Impossible:
                raise
            except Inexpressible as why:
                self.note(path, f"allOf ({why})")
        return whole

    def _union(self, schema: Schema, word: str, path: str) -> Node:
        base = {name: item for name, item in schema.items() if name != word}
        parts = schema[word]
        if substance(base):
            parts = self._multiplied(base, parts, path)
        branches: list[Node] = []
        for number, part in enumerate(parts):
            try:
                branches.append(self.node(part, f"{path}.{word}[{number}]"))
            except Impossible:
                continue
        if not branches:
            raise Impossible(f"{path}: no branch of {word} can be met")
        if word == "oneOf" and not disjoint(map(self.refs.follow, parts)):
            self.note(path, "oneOf: exactly one branch may fit")
        return described(self._either(branches), base)

    def _multiplied(self, base: Schema, parts: list[Any], path: str) -> list[Any]:
        bare = {name: item for name, item in base.items() if name not in ("description", "title")}
        products: list[Any] = []
        for part in parts[:MAX_BRANCHES]:
            try:
                products.append(merged(self.refs.follow(part), bare))
            except Inexpressible:
                continue
        if len(parts) > MAX_BRANCHES:
            self.note(path, f"{len(parts) - MAX_BRANCHES} more branches")
        return products

    def _either(self, branches: list[Node]) -> Node:
        if len(branches) == 1:
            return branches[0]
        flat: list[Schema] = []
        for branch in branches:
            inner = branch.schema
            only = set(inner) == {"anyOf"}
            flat += [one for one in (inner["anyOf"] if only else [inner]) if one not in flat]
        if len(flat) == 2 and NULL in flat:
            other = next(one for one in flat if one is not NULL and one != NULL)
            if isinstance(other.get("type"), str) and other["type"] in _SCALARS - {"null"}:
                flat = []
                schema = {**other, "type": [other["type"], "null"]}
                if "enum" in other:
                    schema["enum"] = [*other["enum"], None]
                return Union(schema, branches, self.strict_definitions)
        return Union({"anyOf": flat}, branches, self.strict_definitions)

    def _enum(self, schema: Schema, path: str) -> Node:
        values = schema["enum"]
        rest = {name: item for name, item in substance(schema).items() if name != "enum"}
        if rest:
            values = self._fitting(values, rest, path)
        if not values:
            raise Impossible(f"{path}: an enum of nothing")
        fixed = [value for value in values if enum_type(value) is None]
        table = {json.dumps(value, ensure_ascii=False): value for value in fixed}
        sent = [json.dumps(v, ensure_ascii=False) if enum_type(v) is None else v for v in values]
        by_type: dict[str, list[Any]] = {}
        for value in sent:
            by_type.setdefault(str(enum_type(value)), []).append(value)
        branches: list[Node] = [
            Node(NULL if kind == "null" else {"type": kind, "enum": each})
            for kind, each in by_type.items()
        ]
        node = self._either(branches)
        return described(Lookup(node.schema, table) if table else node, schema)

    def _fitting(self, values: list[Any], rest: Schema, path: str) -> list[Any]:
        if "$ref" in json.dumps(rest):
            self.note(path, "enum with references beside it")
            return values
        return [v for v in values if CanonicalValidator(rest, coerce=False).is_valid(v)]

    # -- handles -----------------------------------------------------------------------------------

    def argument(self, schema: Any, path: str) -> Node:
        """A property's node; one that may be large can also be given as a handle."""
        node = self.node(schema, path)
        if self._handle_bytes is None or self._sizes.of(schema) <= self._handle_bytes:
            return node
        kept = Reference({"$ref": f"#/$defs/{self._handle()}"}, self._kept)
        text = node.schema.get("description")
        bare = {name: item for name, item in node.schema.items() if name != "description"}
        node.schema = bare
        union = self._either([node, kept])
        return described(union, {"description": text} if text else {})

    def _kept(self) -> Node:
        return self.definitions[self._handle()]

    def _handle(self) -> str:
        if self._handle_name is None:
            name = self._handle_name = self.refs.name("zcp:/handle")
            self.definitions[name] = HandleReference(
                {
                    "type": "object",
                    "description": "a kept result, passed on without reading it",
                    "properties": {
                        "$handle": {"type": "string"},
                        "pointer": {"type": ["string", "null"]},
                    },
                    "required": ["$handle", "pointer"],
                    "additionalProperties": False,
                }
            )
        return self._handle_name


def _implied(schema: Schema) -> str | None:
    """The type that keywords without a `type` speak of."""
    for kind, words in (
        ("object", _OBJECT_WORDS),
        ("array", _ARRAY_WORDS),
        ("string", _STRING_WORDS),
        ("number", _NUMBER_WORDS),
    ):
        if words & schema.keys():
            return kind
    return None
