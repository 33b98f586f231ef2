"""The native plane's economies: less of the catalogue, changes of it, calls in a row."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field

from .base import Described, Shape
from .calls import CallError, CallResult, HandleRef
from .catalogue import Detail, ToolDefinition


@define(slots=True)
class ToolChange(Shape):
    """A tool that is new, changed or elsewhere than before; `at` is its place in the new view."""

    at: int
    tool: ToolDefinition


@define(slots=True)
class ViewChange(Described):
    """The answer to a `tools/list` that named the view it knows.

    `unchanged` says that it still is that view. Otherwise take the view `base`, drop the tools
    named in `removed` and those that are in `changed`, then put each of `changed`, in order, where
    `at` says: that is the view `hash`.
    """

    unchanged: bool = False
    hash: str | None = None
    base: str | None = None
    changed: list[ToolChange] = field(factory=list[ToolChange])
    removed: list[str] = field(factory=list[str])


@define(slots=True)
class DescribeToolsParams(Described):
    """Parameters of `tools/describe`."""

    names: list[str]


@define(slots=True)
class SearchToolsParams(Described):
    """Parameters of `tools/search`; `limit` is the most tools to return, `detail` is "brief" if not
    given."""

    query: str
    limit: int | None = None
    detail: Detail | None = None


@define(slots=True)
class FoundTools(Described):
    """Tools that were searched for, best first, or described, in the order they were named."""

    tools: list[ToolDefinition]


@define(slots=True)
class PipelineStep(Shape):
    """One call of a pipeline. In `arguments` an object `{"$step": id, "pointer"?}` stands for the
    result of an earlier step, or the part of it a JSON Pointer (RFC 6901) names."""

    id: str
    tool: str
    arguments: dict[str, Any] | None = None


@define(slots=True)
class PipelineParams(Described):
    """Parameters of `tools/pipeline`.

    `returns` (on the wire `return`) says what comes back: the id of a step (the last if not given),
    a list of ids (an object of results by id), or a reference `{"$step": id, "pointer"?}`.
    """

    steps: list[PipelineStep]
    returns: Any = None


@define(slots=True)
class StepReport(Shape):
    """What became of one step; `error` says why it failed. The result of a step that was done is
    kept as `handle`, so that the work is not lost."""

    id: str
    status: Literal["done", "failed", "skipped"]
    error: CallError | None = None
    handle: HandleRef | None = None


@define(slots=True)
class PipelineResult(CallResult):
    """The result of `tools/pipeline`: what was to be returned, as a single call would return it.

    When a step failed, `is_error` is set and `steps` reports on every one; absent, all were done.
    """

    steps: list[StepReport] | None = None
