"""What a client and its server have agreed on, as header fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .http import HTTPResponse

__all__ = ["SESSION_HEADERS", "Standing"]

SESSION_HEADERS = ("mcp-session-id", "x-zcp-session")
"""How servers name a session: MCP's way, and the native plane's."""

RESENDS = "x-zcp-resends"
"""A server that says so in the response that opens a session serves one request once, however often
it comes with the same `idempotency-key` (draft-ietf-httpapi-idempotency-key-header)."""

OUR_FIELDS = {
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
}


class Standing:
    """The header fields of one channel. `lasting` is whether there is a session whose streams may
    be resumed, `resends` whether a request may be sent again without being served twice; `on_gone`
    is called when the server says that it does not know the session."""

    def __init__(
        self,
        headers: Mapping[str, str],
        session_id: str | None = None,
        on_gone: Callable[[], None] | None = None,
    ) -> None:
        self._given = {name.lower(): value for name, value in headers.items()}
        self._agreed: dict[str, str] = {}
        self._session: dict[str, str] = {}
        self.lasting = session_id is not None
        self.resends = False
        self._on_gone = on_gone
        if session_id is not None:
            self._session = dict.fromkeys(SESSION_HEADERS, session_id)

    @property
    def session_id(self) -> str | None:
        """What the server calls the session; None without one."""
        return next(iter(self._session.values()), None)

    def opened(self, response: HTTPResponse) -> None:
        """This response opened a session, or shows that the server keeps none."""
        found = (name for name in SESSION_HEADERS if name in response.headers)
        self._session = {name: response.headers[name] for name in found}
        self.resends = bool(self._session) and RESENDS in response.headers

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """See `zcp_kernel.contracts.ExchangeChannel.agree`."""
        self._agreed = dict(headers)
        self.lasting = session
        if not session:
            self._session, self.resends = {}, False

    def fields(
        self, more: Mapping[str, str] | None = None, *, anew: bool = False
    ) -> dict[str, str]:
        """The fields of a request; those of `more` stand over the others. `anew`: of one that opens
        a session, so that it names none."""
        session = {} if anew else self._session
        return {**self._given, **self._agreed, **OUR_FIELDS, **session, **(more or {})}

    def gone(self) -> None:
        """The server does not know the session."""
        if self._on_gone is not None:
            self._on_gone()

    def end(self) -> None:
        """There is nothing to be told to the server any more."""
        self._session, self.lasting, self.resends = {}, False, False
