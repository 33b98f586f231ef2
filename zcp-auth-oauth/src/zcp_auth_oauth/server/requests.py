"""A request, and an answer, as the core sees them: no framework, no event loop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from .toolkit import InvalidRequestError, OAuth2Payload, OAuth2Request, plain

WORDS = ("client_id", "response_type", "grant_type", "scope", "code_challenge_method", "prompt")
REPEATABLE = frozenset({"resource", "audience"})
"""Parameters that may come several times (RFC 8707, section 2; RFC 8693, section 2.1)."""


class Parameters(OAuth2Payload):
    """The parameters of a query or a form, in order."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            # A parameter without a value counts as left out (RFC 6749, section 3.1).
            if value:
                self._lists[name].append(value)
        self._first = {name: values[0] for name, values in self._lists.items()}

    @property
    def data(self) -> dict[str, str]:
        return self._first

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self._lists

    def all(self, name: str) -> list[str]:
        return self._lists.get(name, [])

    def check(self) -> None:
        """No parameter comes twice (RFC 6749, sections 3.1 and 3.2), and those whose values are
        words hold nothing else (appendix A). Raises `InvalidRequestError`."""
        for name, values in self._lists.items():
            if len(values) > 1 and name not in REPEATABLE:
                raise InvalidRequestError(plain(f"the parameter {name} came more than once"))
        for name in WORDS:
            value = self._first.get(name, "")
            if plain(value) != value:
                raise InvalidRequestError(f"the parameter {name} is malformed")


class CoreRequest(OAuth2Request):
    """A request to an endpoint. `jkt` is the thumbprint of the key a DPoP proof showed."""

    def __init__(
        self, method: str, pairs: Iterable[tuple[str, str]], headers: Mapping[str, str]
    ) -> None:
        # Whether the server is reached safely is checked where its issuer is configured.
        super().__init__(method, "https://this.server/", headers=dict(headers))
        self.payload = Parameters(pairs)
        self.jkt: str | None = None

    @property
    def form(self) -> dict[str, str]:
        data: dict[str, str] = self.payload.data
        return data


@frozen
class CoreResponse:
    """An answer: JSON, unless `body` is None."""

    status: int
    body: dict[str, Any] | None = None
    headers: tuple[tuple[str, str], ...] = field(default=())


NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))
