"""The configuration section `native`."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen
from attrs.validators import ge, gt

_MIB = 1024 * 1024


def _setting(default: Any, help: str, unit: str | None = None, check: Any = None) -> Any:
    metadata = {"help": help} if unit is None else {"help": help, "unit": unit}
    return field(default=default, validator=check, metadata=metadata)


@frozen
class NativeSection:
    """Searching tools, pipelines, and the tools that offer these to every peer."""

    search_limit: int = _setting(10, "Tools a search finds if it names no limit.", "tools", gt(0))
    remembered_views: int = _setting(
        64,
        "Views of the catalogue kept to answer with what changed since; 0 always sends the whole.",
        "views",
        ge(0),
    )
    pipeline_steps: int = _setting(32, "Most steps of a pipeline.", "steps", gt(0))
    pipeline_timeout: float = _setting(
        60.0, "Time a pipeline may take, all steps together.", "seconds", gt(0)
    )
    pipeline_bytes: int = _setting(
        64 * _MIB, "Most that the results of a pipeline's steps may be together.", "bytes", gt(0)
    )
    pipeline_tool: bool = _setting(
        False, "Offer pipelines to every peer, as the tool `run_pipeline`."
    )
    reader_tool: bool = _setting(
        False, "Offer the reading of handles to every peer, as the tool `read_handle`."
    )
