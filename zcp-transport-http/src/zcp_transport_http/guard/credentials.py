"""From what a request presents to the principal it stands for, or to a challenge."""

from __future__ import annotations

from collections.abc import Sequence

from zcp_kernel.contracts import Authenticator
from zcp_kernel.errors import Forbidden, ZCPError
from zcp_kernel.security import Challenge, Credentials, Principal

from ..wire import Headers
from .refusal import Refused

ANONYMOUS = Principal()
AUTHORIZATION = "authorization"


class Gate:
    """Verifies credentials with every authenticator in force.

    Without any, every caller is anonymous and holds no scope. With some, a credential is shown to
    the authenticators of its header and scheme; one that none of them verifies is refused, never
    taken for something else, nor its bearer for anonymous. Queries are not looked at.
    """

    def __init__(self, authenticators: Sequence[Authenticator]) -> None:
        self.authenticators = tuple(authenticators)
        self._by_place: dict[tuple[str, str], list[Authenticator]] = {}
        for each in self.authenticators:
            for scheme in each.schemes:
                self._by_place.setdefault((_header_of(each), scheme), []).append(each)
        self._headers = sorted({header for header, _ in self._by_place})

    @property
    def closed(self) -> bool:
        """Whether callers have to present something."""
        return bool(self.authenticators)

    @property
    def names(self) -> list[str]:
        return [each.name for each in self.authenticators]

    async def admit(self, headers: Headers) -> Principal:
        """Whoever this is. Raises `Refused` (401) with a challenge for each way in."""
        if not self.authenticators:
            return ANONYMOUS
        presented = False
        for header in self._headers:
            for text in headers.all(header):
                presented = True
                principal = await self._verified(header, text)
                if principal is not None:
                    return principal
        message = "the credentials do not verify" if presented else "credentials are needed"
        error = "invalid_token" if presented else None
        raise Refused(401, message, headers=self.challenges(error))

    async def _verified(self, header: str, text: str) -> Principal | None:
        scheme, _, value = text.partition(" ")
        ways = [(scheme.lower(), value.strip()), ("", text)]
        for name, credential in ways:
            for each in self._by_place.get((header, name), ()):
                principal = await each.authenticate(Credentials(name, credential))
                if principal is not None:
                    return principal
        return None

    def challenges(self, error: str | None = None, **more: str) -> list[tuple[bytes, bytes]]:
        """A `WWW-Authenticate` field for each way in (RFC 9110, section 11.6.1)."""
        return [
            (b"www-authenticate", _written(each.challenge(error), more).encode("latin-1"))
            for each in self.authenticators
        ]

    def step_up(self, error: ZCPError, principal: Principal) -> list[tuple[bytes, bytes]]:
        """The challenge that goes with an answer of status 403: what to ask a token for (RFC 6750,
        section 3.1), all that is held as well as all that is missing, since a new token replaces
        the old one. Nothing for other errors."""
        if not isinstance(error, Forbidden):
            return []
        scopes = sorted({*(principal.scopes or ()), *error.missing})
        return self.challenges("insufficient_scope", scope=" ".join(scopes))


def _header_of(authenticator: Authenticator) -> str:
    return str(getattr(authenticator, "header_name", AUTHORIZATION)).lower()


def _written(challenge: Challenge, more: dict[str, str]) -> str:
    members = {**challenge.parameters, **more}
    listed = ", ".join(f'{name}="{_quoted(value)}"' for name, value in members.items())
    return f"{challenge.scheme} {listed}" if listed else challenge.scheme


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
