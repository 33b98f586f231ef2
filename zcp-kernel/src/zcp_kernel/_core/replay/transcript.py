"""What has been asked and answered so far, and how it travels: sealed, in the client's hands.

Rules of this file:
- An answer counts for exactly the question it was given to: both carry the question's digest.
- What comes back from a client is an attacker's until the seal says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
import time
from typing import TYPE_CHECKING, Any

from attrs import define, field

from ...codec import PLAIN
from ...errors import InternalError, InvalidParams, LimitReached, ParseError
from ...jsontext import dumps, loads
from ..asking import Question

if TYPE_CHECKING:
    from ...contracts import KeyRing
    from ..handles.service import Handles

MAX_ROUNDS = 8
MAX_STATE_BYTES = 16 * 1024
LIFETIME_SECONDS = 3600.0

_BY_HANDLE = b"handle:"


def digest(question: Question) -> str:
    """What identifies a question: its operation, message and schema."""
    text = dumps([question.operation, PLAIN.encode(question.params)])
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def call_digest(principal: str, operation: str, identity: Any) -> bytes:
    """What a state is bound to: who calls what, with which arguments."""
    return hashlib.blake2b(dumps([principal, operation, identity]), digest_size=32).digest()


@define(slots=True)
class Transcript:
    """`answered` maps a key to `[digest, answer]`, `asked` one still open to its digest, `done` a
    key of `ctx.once` to its value; `id` tells the call from others like it, once it matters."""

    answered: dict[str, list[Any]] = field(factory=dict[str, list[Any]])
    asked: dict[str, str] = field(factory=dict[str, str])
    done: dict[str, Any] = field(factory=dict[str, Any])
    rounds: int = 0
    given: bool = False
    id: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.answered or self.asked or self.done)


async def seal(
    transcript: Transcript, binding: bytes, keys: KeyRing | None, handles: Handles
) -> str:
    """The transcript as `requestState`; one too large for that stays here, under a handle.

    Raises `LimitReached` after too many rounds.
    """
    if transcript.rounds >= MAX_ROUNDS:
        raise LimitReached(f"invalid: the call asked for input {MAX_ROUNDS} times; giving up")
    plain = dumps(
        [
            time.time() + LIFETIME_SECONDS,
            transcript.rounds + 1,
            transcript.answered,
            transcript.asked,
            transcript.done,
            transcript.id,
        ]
    )
    if keys is None:
        raise InternalError("no key ring is installed; zcp-profiles brings one")
    sealed = keys.seal(plain, binding)
    if len(sealed) > MAX_STATE_BYTES:
        ref = await handles.keep(sealed, owner="", kind="bytes", summary="request state")
        sealed = keys.seal(_BY_HANDLE + ref.id.encode(), binding)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


async def unseal(state: str, binding: bytes, keys: KeyRing | None, handles: Handles) -> Transcript:
    """The transcript a retry brings.

    Raises `InvalidParams` for a state that is not ours, expired, or of another call or caller.
    """
    if keys is None:
        raise _refusal()
    plain = keys.unseal(_decoded(state), binding)
    if plain is not None and plain.startswith(_BY_HANDLE):
        stored = await handles.store.get(plain[len(_BY_HANDLE) :].decode())
        plain = None if stored is None else keys.unseal(stored.data, binding)
    if plain is None:
        raise _refusal()
    try:
        expires, rounds, answered, asked, done, call = loads(plain)
    except (ParseError, ValueError):
        raise _refusal() from None
    if expires < time.time():
        raise InvalidParams("expired:requestState: start the call again")
    return Transcript(answered, asked, done, rounds, given=True, id=call)


def _decoded(state: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(state.encode("ascii") + b"=" * (-len(state) % 4))
    except (ValueError, UnicodeEncodeError):
        raise _refusal() from None


def _refusal() -> InvalidParams:
    return InvalidParams(
        "invalid:requestState: it was not issued for this call; start the call again without it"
    )
