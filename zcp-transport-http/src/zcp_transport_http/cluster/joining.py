"""What a worker process is told by its parent, and what it makes of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zcp_kernel.contracts import EventLog, KeyStore, SessionStore

from .cluster import Cluster

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from ..sessions import HTTPSessions

__all__ = ["FOLDER", "SECRET", "joined", "shares_sessions"]

FOLDER = "ZCP_WORKERS_FOLDER"
SECRET = "ZCP_WORKERS_SECRET"
"""Variables of the environment: where the workers' sockets are, and what they vouch with. Names
without a double underscore are no settings."""


def shares_sessions(kernel: Kernel) -> bool:
    """Whether what sessions need is configured to be in a place all processes see."""
    return all(kernel.stores.shared(contract) for contract in (SessionStore, EventLog, KeyStore))


def joined(kernel: Kernel, sessions: HTTPSessions) -> Cluster | None:
    """This process as one of several; None where it is the only one, or they share no sessions."""
    folder, secret = os.environ.get(FOLDER), os.environ.get(SECRET)
    if not folder or not secret or not shares_sessions(kernel):
        return None
    store = cast(SessionStore, kernel.stores.shared(SessionStore))
    return Cluster(kernel, store, sessions, Path(folder), secret, secrets.token_hex(4))
