"""What becomes of a call whose upstream fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import CONNECTION_LOST, ConnectionLost, ZCPError
from ...model import CallResult, TextContent

ERROR_META = "zcp/error"


class UpstreamError(ZCPError):
    """A mounted server could not be reached, or went away before it answered.

    `data` is `{backend, retryable}`: whose failure it is, and whether the same call may be sent
    again without the risk of doing it twice. A tool call is answered with a tool error that carries
    the same in `_meta["zcp/error"]`.
    """

    code = CONNECTION_LOST

    def __init__(self, backend: str, cause: BaseException | str, *, retryable: bool) -> None:
        told = str(cause) or type(cause).__name__
        hint = "it is safe to try again" if retryable else "it may have been done already"
        super().__init__(
            f"unavailable:{backend}: {told}; {hint}", {"backend": backend, "retryable": retryable}
        )
        self.backend = backend
        self.retryable = retryable

    def as_result(self, origin: Mapping[str, Any]) -> CallResult:
        """The tool error a model reads: one backend is down, the others are not."""
        told = {"code": self.code, "message": self.message, **self.data}
        return CallResult(
            [TextContent(self.message)],
            is_error=True,
            meta={"zcp/backend": dict(origin), ERROR_META: told},
        )


def upstream_error(backend: str, error: Exception, *, repeatable: bool) -> UpstreamError:
    """The failure of a link as the caller's error."""
    safe = error.retryable if isinstance(error, ConnectionLost) else repeatable
    return UpstreamError(backend, error, retryable=safe)
