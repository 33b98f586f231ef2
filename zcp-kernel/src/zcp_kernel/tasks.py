"""Tasks: the engine, what a handler sees of its task, and how a task reaches its client."""

from ._core.memory.task_store import MemoryTaskStore
from ._core.tasks.context import BlockingTask, TaskExecutionContext
from ._core.tasks.engine import TaskEngine
from ._core.tasks.link import TaskLink

__all__ = ["BlockingTask", "MemoryTaskStore", "TaskEngine", "TaskExecutionContext", "TaskLink"]
