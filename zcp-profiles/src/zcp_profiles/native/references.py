"""Arguments by reference: `{"$handle": id, "pointer"?}` stands for a kept value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from attrs import evolve
from zcp_kernel.context import Context
from zcp_kernel.contracts import Handler
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.handles import handle_meant
from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.model import CallRequest

SURFACE = "native"
HANDLE, STEP, POINTER = "$handle", "$step", "pointer"

Resolve = Callable[[dict[str, Any]], Awaitable[Any]]


def resolve_handles(params: CallRequest, ctx: Context, proceed: Handler) -> Awaitable[Any]:
    """The stage on `tools/call`. Only on the native plane: to any other peer such an object is a
    value like any other."""
    if not params.arguments or not _holds(params.arguments) or ctx.session.surface != SURFACE:
        return proceed(params, ctx)
    return _resolved(params, ctx, proceed)


async def _resolved(params: CallRequest, ctx: Context, proceed: Handler) -> Any:
    handles = ctx.kernel.handles
    left: int = handles.settings.max_reference_bytes

    async def resolve(reference: dict[str, Any]) -> Any:
        nonlocal left
        handle = handle_meant(reference[HANDLE], ctx.session)
        pointer = reference.get(POINTER, "")
        value, size = await handles.value(handle, pointer, ctx.owner, ctx.principal, left)
        left -= size
        return value

    arguments = await replaced(params.arguments, HANDLE, resolve)
    return await proceed(evolve(params, arguments=arguments), ctx)


def _holds(value: Any) -> bool:
    """Whether there is a reference to a handle anywhere in a value."""
    items: Iterable[Any] = value.values() if is_object(value) else value
    for item in items:
        kind = type(item)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        # What is decoded JSON holds nothing but these; every call comes through here.
        if kind is dict:
            if HANDLE in item or _holds(item):
                return True
        elif kind is list and _holds(item):
            return True
    return False


def is_reference(value: Any, name: str) -> bool:
    """Whether a value is an object with exactly the keys of a reference of this name. Raises
    `InvalidParams` for one whose members are no strings."""
    if not is_object(value) or name not in value or value.keys() - {name, POINTER}:
        return False
    for key, member in value.items():
        if not isinstance(member, str):
            message = f"{key} of a reference must be a string"
            raise InvalidParams(f"invalid:{name}: {message}", [Fault(key, "type", message)])
    return True


async def replaced(value: Any, name: str, resolve: Resolve) -> Any:
    """The value with every reference of this name in it replaced; what it is replaced by is not
    looked at again."""
    if is_reference(value, name):
        return await resolve(value)
    if is_object(value):
        return {key: await replaced(item, name, resolve) for key, item in value.items()}
    if is_list(value):
        return [await replaced(item, name, resolve) for item in value]
    return value
