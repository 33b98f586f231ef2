"""Running a handler that may ask, for a client that can only be answered with "ask, then retry".

The body runs from its start on every retry. A question whose answer is recorded gets it; one that
has none ends the body by cancelling its scope, so that `except Exception` cannot swallow it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import anyio
from attrs import fields

from ...errors import InternalError, InvalidParams, MissingCapability
from ...jsontext import dumps, is_object, loads
from ...model import InputRequest, InputRequiredResult, Retried
from ..asking import CAPABILITY_OF, Question
from .transcript import Transcript, call_digest, digest, seal, unseal

if TYPE_CHECKING:
    from ...context import Context
    from ...contracts import Handler
    from ..kernel import Kernel
    from ..session import ZCPServerSession

_SETTLED = frozenset({str, int, float, bool, type(None)})
_BESIDE_THE_CALL = frozenset({"meta", "extras", "input_responses", "request_state"})


class Replay:
    """One run of a body: answers what it can, and notes what is missing."""

    __slots__ = (
        "_counted", "_responses", "_scope", "_session", "needs_state", "open", "transcript",
    )  # fmt: skip

    def __init__(
        self,
        transcript: Transcript,
        responses: Mapping[str, Any],
        session: ZCPServerSession,
        scope: anyio.CancelScope,
    ) -> None:
        self.open: dict[str, Question] = {}
        self.transcript = transcript
        self.needs_state = False
        self._responses = responses
        self._session = session
        self._scope = scope
        self._counted: dict[str, int] = {}

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
        for key, question in missing.items():
            lacking = self._session.lacks(question)
            if lacking is not None:
                raise MissingCapability(lacking)
            self.open[key] = question
        self.needs_state = self.needs_state or not declared
        self._scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError  # pragma: no cover - a cancelled scope does not let the sleep return

    def key_for(self, question: Question) -> str:
        """The key of a question its author did not name: its operation and how many came before.

        It is the same on every run as long as the body takes the same way; where it does not, the
        digest tells.
        """
        count = self._counted[question.operation] = self._counted.get(question.operation, 0) + 1
        return f"{CAPABILITY_OF[question.operation]}-{count}"

    async def once(self, key: str, function: Callable[[], Awaitable[Any]]) -> Any:
        if key not in self.transcript.done:
            self.transcript.done[key] = loads(dumps(await function()))
            self.needs_state = True
        return self.transcript.done[key]

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
            assert self._session.revision is not None
            return self._session.revision.peer_requests[question.operation].decode_result(raw)
        except InvalidParams:
            return None

    def asked(self) -> dict[str, str]:
        return {key: digest(question) for key, question in self.open.items()}


def replayed(handler: Handler) -> Handler:
    """`handler`, for a revision whose clients are asked by refusal and retry."""

    async def run(params: Retried, ctx: Context) -> Any:
        binding = _binding(params, ctx)
        kernel = ctx.kernel
        transcript = Transcript()
        if params.request_state is not None:
            state = params.request_state
            transcript = await unseal(state, binding(), kernel.keys, kernel.handles)
        scope = kernel.new_scope()
        replay = Replay(transcript, params.input_responses or {}, ctx.session, scope)
        ctx.asker = replay
        with scope:
            result = await handler(params, ctx)
            if replay.open:
                raise InternalError(
                    "the handler swallowed the end of its own run; let BaseException pass"
                )
            return result
        return await _input_required(replay, binding, kernel)

    return run


async def _input_required(
    replay: Replay, binding: Callable[[], bytes], kernel: Kernel
) -> InputRequiredResult:
    transcript = replay.transcript
    state = None
    if replay.needs_state or transcript.given or transcript.answered:
        transcript.asked = replay.asked()
        state = await seal(transcript, binding(), kernel.keys, kernel.handles)
    requests = {
        key: InputRequest(question.operation, question.params)
        for key, question in replay.open.items()
    }
    return InputRequiredResult(requests, state)


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
        if is_object(value):
            value = value.copy()
            settled = settled and _SETTLED.issuperset(map(type, value.values()))
        else:
            settled = settled and type(value) in _SETTLED
        identity.append(value)
    return identity, settled


@cache
def _members(cls: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.name not in _BESIDE_THE_CALL)
