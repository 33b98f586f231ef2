"""What plugins implement. Objects are matched by shape: no base class need be inherited.

`zcp_kernel.testing` holds a suite for each contract; a plugin author subclasses it.
"""

from .authorizing import AnswerReader, Authorizer, OutgoingRequest, Refusal
from .client_sides import ClientSide, Objection
from .dialects import Dialect, Match, Message, Method, Peer, Revision
from .links import Attachable, Channel, ExchangeChannel, PromptChannel, Transport
from .operations import Handler, Operation, Stage
from .policy import Authenticator, CompiledSchema, ExposureProfile, SchemaEngine
from .sessions import RateStore, SessionStore, StoredCall, StoredSession
from .stores import (
    REFRESH_SECONDS,
    Bus,
    EventLog,
    HandleStore,
    KeyRing,
    KeyStore,
    Lagged,
    LoggedEvent,
    OnceStore,
    SharedTaskStore,
    StoredHandle,
    TaskRecord,
    TaskStore,
)

__all__ = [
    "REFRESH_SECONDS",
    "AnswerReader",
    "Attachable",
    "Authenticator",
    "Authorizer",
    "Bus",
    "Channel",
    "ClientSide",
    "CompiledSchema",
    "Dialect",
    "EventLog",
    "ExchangeChannel",
    "ExposureProfile",
    "HandleStore",
    "Handler",
    "KeyRing",
    "KeyStore",
    "Lagged",
    "LoggedEvent",
    "Match",
    "Message",
    "Method",
    "Objection",
    "OnceStore",
    "Operation",
    "OutgoingRequest",
    "Peer",
    "PromptChannel",
    "RateStore",
    "Refusal",
    "Revision",
    "SchemaEngine",
    "SessionStore",
    "SharedTaskStore",
    "Stage",
    "StoredCall",
    "StoredHandle",
    "StoredSession",
    "TaskRecord",
    "TaskStore",
    "Transport",
]
