"""Each part of a value once: for schemas whose references branch.

fastjsonschema makes a function of every referenced schema and looks it up by name to call it. Here
those functions remember, for the length of one check, which parts they have seen.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from fastjsonschema import JsonSchemaValueException

_PREFIX = "validate"
_seen: ContextVar[dict[tuple[str, int], bool]] = ContextVar("seen")


def remembering(run: Callable[..., Any]) -> Callable[[Any], bool]:
    """A check that runs `run`, a function made by fastjsonschema, and remembers within one call."""
    scope: dict[str, Any] = getattr(run, "__globals__", {})
    for name in [name for name in scope if name.startswith(_PREFIX)]:
        scope[name] = _once(name, scope[name])
    entry = scope[run.__name__]

    def check(value: Any) -> bool:
        token = _seen.set({})
        try:
            entry(value)
        except (JsonSchemaValueException, ArithmeticError, RecursionError):
            return False
        finally:
            _seen.reset(token)
        return True

    return check


def _once(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
    def validate(data: Any, *more: Any) -> Any:
        seen, key = _seen.get(), (name, id(data))
        if key not in seen:
            try:
                run(data, *more)
            except JsonSchemaValueException:
                seen[key] = False
                raise
            seen[key] = True
        elif not seen[key]:
            raise JsonSchemaValueException("seen to fail before")
        return data

    return validate
