"""The operations only the native plane has, and the stages around those that all have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcp_kernel import model
from zcp_kernel.contracts import Operation, Stage

from .listing import Listing
from .pipeline import run_pipeline
from .references import resolve_handles
from .search import describe_tools, search_tools
from .section import NativeSection

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig


def native_operations() -> list[Operation]:
    return [
        Operation("tools/search", model.SearchToolsParams, model.FoundTools, search_tools),
        Operation("tools/describe", model.DescribeToolsParams, model.FoundTools, describe_tools),
        Operation("tools/pipeline", model.PipelineParams, model.PipelineResult, run_pipeline),
    ]


def native_stages(config: ServerConfig) -> list[Stage]:
    remembered: int = config.section(NativeSection).remembered_views
    return [
        Stage("native-listing", Listing(remembered).run, ("tools/list",), phase="shape"),
        Stage("native-references", resolve_handles, ("tools/call",), phase="shape"),
    ]
