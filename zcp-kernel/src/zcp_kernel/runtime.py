"""The composed server and what runs its tools."""

from ._core.exchange import Memo
from ._core.executor import RuntimeExecutor
from ._core.kernel import Kernel

__all__ = ["Kernel", "Memo", "RuntimeExecutor"]
