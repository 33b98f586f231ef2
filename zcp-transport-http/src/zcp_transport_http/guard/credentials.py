"""From what a request presents to the principal it stands for, or to a challenge."""

from __future__ import annotations

from collections.abc import Sequence

from zcp_kernel.contracts import Authenticator
from zcp_kernel.errors import Forbidden, ZCPError
from zcp_kernel.security import (
    Challenge,
    Credentials,
    CredentialsRefused,
    Principal,
    RequestFacts,
)

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

    async def admit(self, headers: Headers, request: RequestFacts | None = None) -> Principal:
        """Whoever this is. Raises `Refused` (401) with a challenge for each way in."""
        if not self.authenticators:
            return ANONYMOUS
        presented = False
        error, message = "invalid_token", "the credentials do not verify"
        for header in self._headers:
            for text in headers.all(header):
                presented = True
                try:
                    principal = await self._verified(header, text, request)
                except CredentialsRefused as refused:
                    error, message = refused.error, refused.message
                    continue
                if principal is not None:
                    return principal
        if not presented:
            raise Refused(401, "credentials are needed", headers=self.challenges(None, request))
        raise Refused(401, message, headers=self.challenges(error, request))

    async def _verified(
        self, header: str, text: str, request: RequestFacts | None
    ) -> Principal | None:
        scheme, _, value = text.partition(" ")
        for name, credential in ((scheme.lower(), value.strip()), ("", text)):
            for each in self._by_place.get((header, name), ()):
                principal = await each.authenticate(Credentials(name, credential, request))
                if principal is not None:
                    return principal
        return None

    def challenges(
        self, error: str | None = None, request: RequestFacts | None = None, **more: str
    ) -> list[tuple[bytes, bytes]]:
        """A `WWW-Authenticate` field for each way in (RFC 9110, section 11.6.1), and what else an
        authenticator wants to go with the answer."""
        found: list[tuple[bytes, bytes]] = []
        for authenticator in self.authenticators:
            for each in _challenges_of(authenticator, error, request):
                found.append((b"www-authenticate", _written(each, more).encode("latin-1")))
                found += [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in each.fields.items()
                ]
        return found

    def step_up(
        self, error: ZCPError, principal: Principal, request: RequestFacts | None = None
    ) -> list[tuple[bytes, bytes]]:
        """The challenge that goes with an answer of status 403: what to ask a token for (RFC 6750,
        section 3.1), all that is held as well as all that is missing, since a new token replaces
        the old one. Nothing for other errors."""
        if not isinstance(error, Forbidden):
            return []
        scopes = sorted({*(principal.scopes or ()), *error.missing})
        return self.challenges("insufficient_scope", request, scope=" ".join(scopes))


def _challenges_of(
    authenticator: Authenticator, error: str | None, request: RequestFacts | None
) -> Sequence[Challenge]:
    """One for most; `challenges_for(error, request)` is for those who offer several schemes, or
    whose challenge depends on what was asked for."""
    several = getattr(authenticator, "challenges_for", None)
    if several is None:
        return (authenticator.challenge(error),)
    challenges: Sequence[Challenge] = several(error, request)
    return challenges


def _header_of(authenticator: Authenticator) -> str:
    return str(getattr(authenticator, "header_name", AUTHORIZATION)).lower()


def _written(challenge: Challenge, more: dict[str, str]) -> str:
    members = {**challenge.parameters, **more}
    listed = ", ".join(f'{name}="{_quoted(value)}"' for name, value in members.items())
    return f"{challenge.scheme} {listed}" if listed else challenge.scheme


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
