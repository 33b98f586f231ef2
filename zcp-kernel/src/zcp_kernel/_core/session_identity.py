"""Whom a session is with, and in whose name it keeps things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .speaking import Speaker

if TYPE_CHECKING:
    from ..contracts import Channel
    from ..security import Principal
    from .kernel import Kernel


class SessionIdentity(Speaker):
    """The facts of a session that others go by: its id, its owner, its dialect."""

    def __init__(self, kernel: Kernel, channel: Channel, principal: Principal) -> None:
        super().__init__(kernel, channel)
        self.principal = principal
        self._id: str | None = None
        # Set where work outlives the session it came from.
        self.acts_for: str | None = None
        # A transport that serves one message without a session says so here.
        self.lasting = True

    @property
    def id(self) -> str:
        """128 random bits at least, made when first asked for."""
        if self._id is None:
            self._id = self.kernel.mint_id()
        return self._id

    @id.setter
    def id(self, known: str) -> None:
        self._id = known

    @property
    def owner(self) -> str:
        """Whom tasks and handles made here belong to: this session; where there is none beyond one
        message, its caller, and nobody in particular if that is anonymous."""
        if self.acts_for is not None:
            return self.acts_for
        if not self.lasting or (self.revision is not None and self.revision.stateless):
            subject = self.principal.subject
            return f"principal:{subject}" if subject else ""
        return f"session:{self.id}"

    @property
    def surface(self) -> str:
        """The dialect spoken here; exposure defaults go by it."""
        return self.revision.dialect if self.revision is not None else ""

    @property
    def task_mode(self) -> str | None:
        """Who decides here that a call becomes a task: see `Revision`."""
        return self.revision.task_mode if self.revision is not None else None

    @property
    def takes_tasks(self) -> bool:
        """Whether this client can be answered with a task."""
        return self.revision is not None and self.revision.takes_tasks(self.state.capabilities)
