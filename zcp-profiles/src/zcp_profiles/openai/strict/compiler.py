"""`OpenAIStrictSchemaCompiler`: a tool's input schema as Structured Outputs take it, and back.

What the subset cannot say is said in other words, and undone in the arguments that come:

- an optional property becomes a required one that may be null; null means it was left out;
- a map becomes a list of `{key, value}`; an object that is open beside its known properties has the
  others as such a list; a list with a schema for each place becomes an object of places;
- a value without a schema is a scalar, or JSON text;
- arguments that are no plain object (a union at the top) stand in one property, `input`;
- `allOf` is merged, `oneOf` becomes `anyOf`, lengths become patterns, references keep their names.

What remains (`not`, `if`, `uniqueItems` …) stands in `notes`: the server still checks it, and its
answer tells the model what to mend.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from zcp_kernel.jsontext import is_object

from .build import Builder
from .failures import Inexpressible
from .limits import beyond_limits
from .nodes import Node, Record, Wrapped

INPUT = "input"


@frozen(eq=False)
class StrictSchema:
    """A compiled schema.

    `schema` is what to send, `strict` whether it is in the strict subset (else it is the original,
    and `reason` says why). `notes` lists, as `path: keyword`, what only the server checks; without
    notes every value the strict form accepts is, decoded, one the original accepts.
    """

    schema: dict[str, Any]
    strict: bool
    notes: tuple[str, ...]
    reason: str | None
    _node: Node | None

    def decode(self, arguments: Any) -> Any:
        """Arguments in the form of `schema` as the tool takes them. Never raises: what does not fit
        stays as it is."""
        return arguments if self._node is None else self._node.decode(arguments)


class OpenAIStrictSchemaCompiler:
    """Compiles input schemas.

    With `handle_bytes`, an argument whose schema allows for more bytes than that may also be given
    as `{"$handle": id, "pointer"?}`, a reference to a kept result.
    """

    def __init__(self, *, handle_bytes: int | None = None) -> None:
        self._handle_bytes = handle_bytes

    def compile(self, schema: Mapping[str, Any]) -> StrictSchema:
        """The strict form; the original with `strict` False where there is none: a reference that
        leaves the schema, a schema nothing fits, or one past the API's limits. Raises nothing."""
        original = dict(schema)
        try:
            build = Builder(original, self._handle_bytes)
            node = _arguments(build, original)
        except Inexpressible as why:
            return StrictSchema(original, False, (), str(why), None)
        except RecursionError:
            return StrictSchema(original, False, (), "nested too deep", None)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A foreign server's schema may be no JSON Schema at all.
            reason = f"no JSON Schema: {type(error).__name__}: {error}"
            return StrictSchema(original, False, (), reason, None)
        strict = dict(node.schema)
        if build.definitions:
            strict["$defs"] = build.strict_definitions()
        beyond = beyond_limits(strict)
        if beyond:
            return StrictSchema(original, False, (), "; ".join(beyond), None)
        return StrictSchema(strict, True, tuple(build.notes), None, node)


def _arguments(build: Builder, schema: dict[str, Any]) -> Node:
    """The root must be an object, and neither a union nor a reference."""
    root = build.refs.follow(schema)
    if is_object(root) and root.get("type", "object") == "object":
        root = {"type": "object", **root}
    node = build.node(root, "")
    if isinstance(node, Record):
        node.schema = {name: item for name, item in node.schema.items() if name != "description"}
        return node
    wrapped = {
        "type": "object",
        "properties": {INPUT: node.schema},
        "required": [INPUT],
        "additionalProperties": False,
    }
    return Wrapped(wrapped, INPUT, node)
