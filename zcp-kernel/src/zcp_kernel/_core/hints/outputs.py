"""The output schema a return hint promises."""

from __future__ import annotations

from typing import Any, get_args, get_origin

from . import kinds
from .describe import Describer, UndescribableError
from .inline import assembled

_SAY_NOTHING: tuple[Any, ...] = (None, type(None), Any, object, str, bytes, dict, list, tuple)
_CONTENT = "zcp_kernel.model"


def output_schema(hint: Any) -> dict[str, Any] | None:
    """The schema of a result hinted `hint`.

    None where the hint promises no particular JSON: no hint, `None`, `Any`, str and bytes (they
    are content), bare containers, content blocks and other protocol shapes, types without a JSON
    Schema.
    """
    if _is_content(hint) or kinds.bare(hint) in _SAY_NOTHING:
        return None
    describer = Describer()
    try:
        schema = describer.schema(hint)
    except (UndescribableError, NameError, AttributeError):
        return None
    return assembled(schema, describer.definitions) if _promises(schema) else None


def _is_content(hint: Any) -> bool:
    """Whether protocol shapes or bytes are anywhere in the hint."""
    hint = kinds.bare(hint)
    if hint is bytes or getattr(hint, "__module__", "").startswith(_CONTENT):
        return True
    return get_origin(hint) is not None and any(
        _is_content(part) for part in get_args(hint) if isinstance(part, type) or get_origin(part)
    )


def _promises(schema: dict[str, Any]) -> bool:
    """`{"type": "object"}` and the like say nothing worth checking."""
    bare = schema.keys() <= {"type", "uniqueItems"} and schema.get("type") in ("object", "array")
    return bool(schema) and not bare
