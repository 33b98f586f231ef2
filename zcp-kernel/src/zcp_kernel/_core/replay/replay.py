"""Running a handler that may ask, for a client that can only be answered with "ask, then retry".

The body runs from its start on every retry. A question whose answer is recorded gets it; one that
has none ends the body by cancelling its scope, so that `except Exception` cannot swallow it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from attrs import fields

from ...errors import InvalidParams, MissingCapability
from ...model import InputRequest, InputRequiredResult, Retried
from ..asking import CAPABILITY_OF, Question
from ..sharing.once import at_most_once
from .transcript import Transcript, call_digest, digest, seal, unseal

if TYPE_CHECKING:
    from ...context import Context
    from ...contracts import Handler

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_SETTLED = frozenset({str, int, float, bool, type(None)})
_BESIDE_THE_CALL = frozenset({"meta", "extras", "input_responses", "request_state"})


class Replay:
    """One run of a body: answers what it can, and notes what is missing."""

    __slots__ = ("_binding", "_counted", "_ctx", "_needs_state", "_responses", "_transcript")

    def __init__(self, params: Retried, ctx: Context) -> None:
        self._binding = _binding(params, ctx)
        self._responses = params.input_responses or _NOTHING
        self._ctx = ctx
        self._needs_state = False
        self._transcript: Transcript | None = None
        self._counted: dict[str, int] | None = None

    @property
    def transcript(self) -> Transcript:
        if self._transcript is None:
            self._transcript = Transcript()
        return self._transcript

    async def recall(self, state: str) -> None:
        """Take up what former runs left. Raises `InvalidParams`."""
        kernel = self._ctx.kernel
        self._transcript = await unseal(state, self._binding(), kernel.keys, kernel.handles)

    async def ask(self, questions: Mapping[str, Question], *, declared: bool = False) -> Any:
        """The answers by key; does not return when one is missing.

        Answers to `declared` questions, which are the same for every run of a tool, count without
        a state that proves what was asked.
        """
        answers = {
            key: self._answer(key, question, declared) for key, question in questions.items()
        }
        missing = {key: questions[key] for key, answer in answers.items() if answer is None}
        if not missing:
            return answers
        for question in missing.values():
            lacking = self._ctx.session.lacks(question)
            if lacking is not None:
                raise MissingCapability(lacking)
        self._needs_state = self._needs_state or not declared
        assert self._ctx.exchange is not None
        return await self._ctx.exchange.suspend(partial(self._input_required, missing))

    def key_for(self, question: Question) -> str:
        """The key of a question its author did not name: its operation and how many came before.

        It is the same on every run as long as the body takes the same way; where it does not, the
        digest tells.
        """
        counted = self._counted = self._counted or {}
        count = counted[question.operation] = counted.get(question.operation, 0) + 1
        return f"{CAPABILITY_OF[question.operation]}-{count}"

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
        transcript = self.transcript
        if key not in transcript.done:
            transcript.id = transcript.id or secrets.token_urlsafe(16)
            self._needs_state = True
            name = f"call:{transcript.id}:{key}"
            transcript.done[key] = await at_most_once(self._ctx.kernel.stores, name, function)
        return transcript.done[key]

    def _answer(self, key: str, question: Question, declared: bool) -> Any | None:
        identity = digest(question)
        recorded = self.transcript.answered.get(key)
        if recorded is not None and recorded[0] == identity:
            return self._decoded(question, recorded[1])
        if key not in self._responses:
            return None
        known = self.transcript.asked.get(key)
        if known != identity and not (declared and known is None):
            return None
        answer = self._decoded(question, self._responses[key])
        if answer is not None:
            self.transcript.answered[key] = [identity, self._responses[key]]
        return answer

    def _decoded(self, question: Question, raw: Any) -> Any | None:
        """The answer as a shape; an unusable one is no answer, so it is asked for again."""
        try:
            revision = self._ctx.session.revision
            assert revision is not None
            return revision.peer_requests[question.operation].decode_result(raw)
        except InvalidParams:
            return None

    async def _input_required(self, missing: Mapping[str, Question]) -> InputRequiredResult:
        transcript, kernel = self.transcript, self._ctx.kernel
        state = None
        if self._needs_state or transcript.given or transcript.answered:
            transcript.asked = {key: digest(question) for key, question in missing.items()}
            state = await seal(transcript, self._binding(), kernel.keys, kernel.handles)
        requests = {
            key: InputRequest(question.operation, question.params)
            for key, question in missing.items()
        }
        return InputRequiredResult(requests, state)


def replayed(handler: Handler) -> Handler:
    """`handler`, for a revision whose clients are asked by refusal and retry."""

    def run(params: Retried, ctx: Context) -> Awaitable[Any]:
        replay = ctx.asker = Replay(params, ctx)
        if params.request_state is None:
            return handler(params, ctx)
        return recalled(params, params.request_state, ctx, replay)

    async def recalled(params: Retried, state: str, ctx: Context, replay: Replay) -> Any:
        await replay.recall(state)
        return await handler(params, ctx)

    return run


def _binding(params: Retried, ctx: Context) -> Callable[[], bytes]:
    """What a state of this call is bound to; most calls never need it.

    It is that of the call as it came, though its body may alter lists and objects it is given: only
    where there are none can the digest wait.
    """
    principal, operation = ctx.principal.subject or "", ctx.operation
    identity, settled = _identity(params)
    if settled:
        return lambda: call_digest(principal, operation, identity)
    made = call_digest(principal, operation, identity)
    return lambda: made


def _identity(params: Retried) -> tuple[list[Any], bool]:
    """What makes a retry the same call: every parameter but the retry's own; and whether nothing
    in it can change any more."""
    identity: list[Any] = []
    settled = True
    shape: Any = type(params)
    for name in _members(shape):
        value = getattr(params, name)
        # Every call of these revisions comes through here: `is_object` would be a call more.
        if value.__class__ is dict:
            value = value.copy()
            settled = settled and _SETTLED.issuperset(map(type, value.values()))
        else:
            settled = settled and value.__class__ in _SETTLED
        identity.append(value)
    return identity, settled


@cache
def _members(cls: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.name not in _BESIDE_THE_CALL)
