"""`tools/pipeline`: several calls in a row, without a model between them."""

from .operation import as_tool_result, run_pipeline

__all__ = ["as_tool_result", "run_pipeline"]
