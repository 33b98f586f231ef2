"""Questions inside a result, and the retry with their answers (MCP 2026-07-28,
basic/patterns/mrtr)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import evolve

from ....contracts import Revision
from ....errors import InputRequired, InvalidParams, MissingCapability
from ....jsontext import is_object
from ....model import InputRequest, InputRequiredResult, Retried
from ..hooks import ClientHooks

MOST_ROUNDS = 16
"""How often one call may come back with questions."""

R = TypeVar("R", bound=Retried)


class Rounds:
    """The questions of one call, round after round."""

    def __init__(self, operation: str, revision: Revision, hooks: ClientHooks) -> None:
        self._operation = operation
        self._revision = revision
        self._hooks = hooks
        self._left = MOST_ROUNDS

    async def next(self, params: R, needed: InputRequiredResult) -> R:
        """The parameters to try again with, every question answered by its hook.

        Raises `InputRequired` for a question without a hook, and for the round too many; a hook's
        own error is the caller's: there is no other way to decline.
        """
        self._left -= 1
        if self._left < 0:
            raise _unmet(
                f"{self._operation} still needs input after {MOST_ROUNDS} rounds",
                needed,
                self._revision,
            )
        try:
            responses = await answered(needed.input_requests, self._revision, self._hooks)
        except MissingCapability as error:
            raise _unmet(
                f"{self._operation} needs {error.capability} of this client, which has no hook "
                f"for it",
                needed,
                self._revision,
            ) from error
        # What the server gave no state for must be retried without one.
        return evolve(params, input_responses=responses or None, request_state=needed.request_state)


async def answered(
    requests: Mapping[str, InputRequest], revision: Revision, hooks: ClientHooks
) -> dict[str, Any]:
    """Responses by the keys of these requests, as they travel. Raises `MissingCapability`, and what
    a hook raises."""
    responses: dict[str, Any] = {}
    for key, request in requests.items():
        method = revision.peer_requests.get(request.operation)
        if method is None:
            raise MissingCapability(request.operation)
        answer = await hooks.answer(request.operation, request.params)
        responses[key] = method.encode_result(answer)
    return responses


def asked(revision: Revision, raw: Any) -> InputRequest:
    """A request as it stands in a task. Raises `InvalidParams`, and `MissingCapability` for one of
    no operation a client has."""
    if not is_object(raw):
        raise InvalidParams("invalid: not a request")
    for operation, method in revision.peer_requests.items():
        if method.method == raw.get("method"):
            return InputRequest(operation, method.decode_params(raw.get("params")))
    raise MissingCapability(str(raw.get("method")))


def _unmet(message: str, needed: InputRequiredResult, revision: Revision) -> InputRequired:
    questions = {
        key: {
            "method": method.method,
            "params": method.encode_params(request.params),
        }
        for key, request in needed.input_requests.items()
        if (method := revision.peer_requests.get(request.operation)) is not None
    }
    return InputRequired(message, questions, needed.request_state)
