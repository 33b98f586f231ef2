"""How the tasks of one kind are run."""

from __future__ import annotations

import random

from attrs import field, frozen
from attrs.validators import ge, gt, optional

MAX_BACKOFF_SECONDS = 300.0


@frozen
class TaskPolicy:
    """`attempts` in all, `backoff` seconds before the second, twice that before the third, and so
    on; none is begun later than `deadline` seconds after the task was created. Tasks of a higher
    `priority` start first, at most `concurrency` of a kind at once in one process. `resumable`: the
    body may run again, from its start, when the process that ran it is gone.
    """

    attempts: int = field(default=1, validator=ge(1))
    backoff: float = field(default=1.0, validator=ge(0))
    deadline: float | None = field(default=None, validator=optional(gt(0)))
    priority: int = 0
    concurrency: int | None = field(default=None, validator=optional(ge(1)))
    resumable: bool = False

    def pause(self, attempt: int) -> float:
        """Seconds to wait after this attempt failed; a little more or less for each task."""
        seconds = min(self.backoff * 2.0 ** (attempt - 1), MAX_BACKOFF_SECONDS)
        return seconds * random.uniform(0.75, 1.25)


ONCE = TaskPolicy()
"""What goes for a task that says nothing else."""
