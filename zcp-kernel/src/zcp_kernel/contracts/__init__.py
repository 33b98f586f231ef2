"""What plugins implement. Objects are matched by shape: no base class need be inherited.

`zcp_kernel.testing` holds a suite for each contract; a plugin author subclasses it.
"""

from .dialects import Dialect, Match, Message, Method, Peer, Revision
from .links import Channel, ExchangeChannel, Transport
from .operations import Handler, Operation, Stage
from .policy import Authenticator, CompiledSchema, ExposureProfile, SchemaEngine
from .stores import (
    Bus,
    EventLog,
    HandleStore,
    KeyRing,
    Lagged,
    LoggedEvent,
    StoredHandle,
    TaskRecord,
    TaskStore,
)

__all__ = [
    "Authenticator",
    "Bus",
    "Channel",
    "CompiledSchema",
    "Dialect",
    "EventLog",
    "ExchangeChannel",
    "ExposureProfile",
    "HandleStore",
    "Handler",
    "KeyRing",
    "Lagged",
    "LoggedEvent",
    "Match",
    "Message",
    "Method",
    "Operation",
    "Peer",
    "Revision",
    "SchemaEngine",
    "Stage",
    "StoredHandle",
    "TaskRecord",
    "TaskStore",
    "Transport",
]
