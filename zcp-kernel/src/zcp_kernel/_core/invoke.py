"""Calling a handler: what it is given, where it runs. Worked out once, at registration."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from copy import copy
from typing import TYPE_CHECKING, Any, Literal, get_type_hints

if TYPE_CHECKING:
    from ..context import Context

Threads = Literal["parallel", "serial"]
INJECTED = ("ctx", "task")


def location(function: Callable[..., Any]) -> str:
    """`file:line` of a handler, for messages about it."""
    target: Any = inspect.unwrap(function)
    target = getattr(target, "__func__", target)
    code = getattr(target, "__code__", None) or getattr(type(target).__call__, "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else repr(function)


def injected_parameters(
    function: Callable[..., Any], taken: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Which parameters the SDK fills: parameter name -> "ctx" or "task".

    Recognised by name, or by an annotation of `Context` or `TaskExecutionContext`; names in `taken`
    (properties of an explicit schema) belong to the caller.
    """
    hints = _hints(function)
    found: dict[str, str] = {}
    for name in inspect.signature(function).parameters:
        if name in taken:
            continue
        if name in INJECTED:
            found[name] = name
        elif (kind := _kind_of(hints.get(name))) is not None:
            found[name] = kind
    return found


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except Exception:  # unresolvable hints are reported where a schema is derived from them
        return {}


def _kind_of(hint: Any) -> str | None:
    candidates = getattr(hint, "__args__", None) or (hint,)
    for candidate in candidates:
        for base in getattr(candidate, "__mro__", ()):
            if base.__module__.startswith("zcp_kernel") and base.__name__ in _INJECTED_TYPES:
                return _INJECTED_TYPES[base.__name__]
    return None


_INJECTED_TYPES = {"Context": "ctx", "TaskExecutionContext": "task"}


def is_async(function: Callable[..., Any]) -> bool:
    """Whether calling `function` gives a coroutine: also for callable objects and partials."""
    target = inspect.unwrap(getattr(function, "func", function))
    return inspect.iscoroutinefunction(target) or inspect.iscoroutinefunction(
        getattr(target, "__call__", None)  # noqa: B004 - the method itself is wanted
    )


class Invocation:
    """A handler with everything known about how to call it.

    `await invocation(arguments, ctx)` calls it with keyword arguments; sync handlers run in a
    worker thread, unless `blocking=False` says they never block.
    """

    __slots__ = (
        "_asked",
        "_coerce",
        "_context",
        "_run",
        "_serial",
        "_task",
        "function",
        "is_async",
        "where",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        taken: frozenset[str] = frozenset(),
        structure: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
        asks: Iterable[str] = (),
        blocking: bool = True,
        threads: Threads = "parallel",
    ) -> None:
        self.function = function
        self.where = location(function)
        self.is_async = is_async(function)
        injected = injected_parameters(function, taken)
        self._context = next((name for name, kind in injected.items() if kind == "ctx"), None)
        self._task = next((name for name, kind in injected.items() if kind == "task"), None)
        self._coerce = structure
        parameters = inspect.signature(function).parameters
        self._asked = tuple(name for name in asks if name in parameters)
        self._serial = threads == "serial"
        self._run: Callable[[dict[str, Any], Context], Awaitable[Any]]
        if self.is_async:
            self._run = self._run_async
        else:
            self._run = self._run_in_thread if blocking else self._run_inline

    def as_tool(self) -> Invocation:
        """This task handler as a tool: its arguments are the payload, with the task in it."""
        twin = copy(self)
        run, is_async = self._run, self.is_async

        async def run_with_payload(arguments: dict[str, Any], ctx: Context) -> Any:
            task = ctx.task
            given = task if is_async or task is None else task.blocking()
            return await run({"payload": {**arguments, "task": given}}, ctx)

        twin._run = run_with_payload
        return twin

    def __call__(self, arguments: dict[str, Any], ctx: Context) -> Awaitable[Any]:
        if self._coerce is not None:
            arguments = self._coerce(arguments)
        if self._asked:
            arguments = {**arguments, **{name: ctx.answers[name] for name in self._asked}}
        return self._run(arguments, ctx)

    async def _run_async(self, arguments: dict[str, Any], ctx: Context) -> Any:
        if self._context is not None:
            arguments = {**arguments, self._context: ctx}
        if self._task is not None:
            arguments = {**arguments, self._task: ctx.task}
        return await self.function(**arguments)

    async def _run_in_thread(self, arguments: dict[str, Any], ctx: Context) -> Any:
        if self._context is not None:
            arguments = {**arguments, self._context: ctx.blocking()}
        if self._task is not None:
            task = ctx.task
            arguments = {**arguments, self._task: task and task.blocking()}
        value = await ctx.kernel.threads.run(self.function, arguments, serial=self._serial)
        return await value if inspect.isawaitable(value) else value

    async def _run_inline(self, arguments: dict[str, Any], ctx: Context) -> Any:
        if self._context is not None:
            arguments = {**arguments, self._context: ctx.inline()}
        if self._task is not None:
            arguments = {**arguments, self._task: ctx.task}
        value = self.function(**arguments)
        return await value if inspect.isawaitable(value) else value
