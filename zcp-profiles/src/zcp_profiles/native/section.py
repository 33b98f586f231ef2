"""The configuration section `native`."""

from __future__ import annotations

from attrs import frozen
from attrs.validators import ge, gt
from zcp_kernel.config import setting

_MIB = 1024 * 1024


@frozen
class NativeSection:
    """Searching tools, pipelines, and the tools that offer these to every peer."""

    search_limit: int = setting(10, "Tools a search finds if it names no limit.", "tools", gt(0))
    remembered_views: int = setting(
        64,
        "Views of the catalogue kept to answer with what changed since; 0 always sends the whole.",
        "views",
        ge(0),
    )
    pipeline_steps: int = setting(32, "Most steps of a pipeline.", "steps", gt(0))
    pipeline_timeout: float = setting(
        60.0, "Time a pipeline may take, all steps together.", "seconds", gt(0)
    )
    pipeline_bytes: int = setting(
        64 * _MIB, "Most that the results of a pipeline's steps may be together.", "bytes", gt(0)
    )
    pipeline_tool: bool = setting(
        False, "Offer pipelines to every peer, as the tool `run_pipeline`."
    )
    reader_tool: bool = setting(
        False, "Offer the reading of handles to every peer, as the tool `read_handle`."
    )
