"""The errors a peer sends."""

from __future__ import annotations

from typing import Any

from ..codec import PLAIN
from ..errors import INTERNAL_ERROR, InvalidParams, RemoteError
from ..jsontext import is_object
from ..model import CallError


def remote_error(failure: Any) -> RemoteError:
    """The error a peer sent, whatever shape it has."""
    try:
        error = PLAIN.decode(CallError, failure)
    except InvalidParams:
        return _misshapen(failure)
    return RemoteError(error.code, error.message, error.data)


def _misshapen(failure: Any) -> RemoteError:
    """What can be saved of an error that breaks JSON-RPC's rules."""
    if not is_object(failure):
        return RemoteError(INTERNAL_ERROR, str(failure))
    code = failure.get("code")
    return RemoteError(
        code if type(code) is int else INTERNAL_ERROR,
        str(failure.get("message", "")),
        failure.get("data"),
    )
