"""Errors only MCP has: those of the stateless revision (2026-07-28, basic/index, "Error Codes")."""

from __future__ import annotations

from collections.abc import Sequence

from zcp_kernel.errors import InvalidParams, ZCPError

HEADER_MISMATCH = -32020
MISSING_CLIENT_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

RESOURCE_NOT_FOUND = -32002
"""Of the handshake revisions; later ones say invalid params."""

URL_ELICITATION_REQUIRED = -32042
"""Of 2025-11-25 alone."""


class HeaderMismatch(ZCPError):
    """An HTTP header is missing, malformed, or says something else than the body."""

    code = HEADER_MISMATCH


class UnsupportedVersion(ZCPError):
    """A request in a revision that is not served; `data` names those that are."""

    code = UNSUPPORTED_VERSION

    def __init__(self, requested: str, supported: Sequence[str]) -> None:
        super().__init__(
            f"invalid: requests cannot be made in revision {requested}",
            {"supported": list(supported), "requested": requested},
        )


class MalformedMetadata(InvalidParams):
    """A request's `_meta` lacks what every request must say, or says it wrongly."""
