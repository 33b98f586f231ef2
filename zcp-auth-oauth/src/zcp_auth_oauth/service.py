"""One configuration's authorization, put together: what all hooks of the plugin share."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from zcp_kernel.errors import ConfigError
from zcp_kernel.security import AuthProfile

from .config import OAuthConfig, ResourceServerConfig
from .dpop.nonces import Nonces
from .dpop.proofs import Proofs
from .fetch.cache import DocumentCache
from .fetch.guard import resolve
from .fetch.https import Fetcher
from .jose.keys import SigningKeys
from .policy.resources import Resources
from .providers.announcing import announcing
from .providers.contract import OAuthProvider
from .providers.memory import InMemoryOAuthProvider
from .providers.sqlite.provider import SQLiteOAuthProvider
from .resource.authenticator import TokenAuthenticator
from .resource.foreign import Introspected, IssuedJWTs
from .resource.liveness import Liveness
from .resource.metadata import ResourceMetadata
from .resource.own import OwnTokens
from .resource.verifying import VerifiedToken, Verifier
from .resource.watching import Running
from .secret import seal_of
from .server.parts import Parts
from .signin.contract import SignIn
from .signin.local import LocalSignIn
from .surroundings import base_url, endpoint_paths, required_scopes
from .threads import Threads

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.runtime import Kernel

CORE_THREADS, LOOKUP_THREADS = 8, 8


class Service:
    """Authorization as one configuration has it: our own tokens, others', or both."""

    def __init__(self, config: ServerConfig) -> None:
        self.settings: OAuthConfig = config.section(OAuthConfig)
        self.others: ResourceServerConfig = config.section(ResourceServerConfig)
        stated = self.settings.resource_url or self.others.resource_url
        base = base_url(config, stated, self.settings.issuer)
        if base is None:
            raise ConfigError("[resource_server] needs resource_url, or [http] public_url")
        self.paths = endpoint_paths(config)
        self.resources = Resources.of(base, self.paths)
        self.provider: OAuthProvider = announcing(_provider(self.settings), self._changed)
        self.liveness: Liveness[VerifiedToken] = Liveness(self.provider)
        self.running: Running = set()
        self.core_threads, self.lookups = Threads(CORE_THREADS), Threads(LOOKUP_THREADS)
        self.registry_of: Kernel | None = None
        seal = seal_of(config)
        nonces = Nonces(seal) if self.settings.dpop_nonces else None
        self.parts = Parts(
            self.settings,
            self.provider,
            self.resources,
            Proofs(self.provider.first_use, self.settings.dpop_proof_seconds, nonces),
            DocumentCache(Fetcher()),
            seal,
            self._keys(config, seal),
            self.scopes,
        )
        self.authenticator = self._authenticator()

    def scopes(self) -> Iterable[str]:
        """Every scope the server asks for now."""
        return () if self.registry_of is None else required_scopes(self.registry_of)

    @property
    def metadata(self) -> ResourceMetadata:
        """What the server says of itself as a resource."""
        own = (self.settings.issuer,) if self.settings.enabled else ()
        others = [each.issuer for each in self.others.issuers] if self.others.enabled else []
        if self.others.enabled and self.others.introspection_issuer:
            others.append(self.others.introspection_issuer)
        servers = tuple(dict.fromkeys(one for one in (*own, *others) if one))
        required = self.settings.enabled and self.settings.dpop == "required"
        return ResourceMetadata(self.resources, self.paths, servers, self._told_scopes, required)

    def auth_profile(self) -> AuthProfile:
        """Where native clients get a token."""
        scopes = list(self._told_scopes())
        if not self.settings.enabled:
            return AuthProfile(self.metadata.servers[0], scopes=scopes)
        parts = self.parts
        return AuthProfile(
            parts.issuer,
            parts.endpoint("authorize"),
            parts.endpoint("token"),
            scopes,
            None if self.settings.registration == "closed" else parts.endpoint("register"),
        )

    def sign_in(self) -> SignIn:
        """How users sign in. Raises `ConfigError` for something that is no way to."""
        named: Any = self.settings.sign_in
        if named is None:
            return LocalSignIn(
                self.provider,
                threads=self.core_threads,
                queue=self.settings.sign_in_queue,
                attempts=self.settings.sign_in_attempts,
            )
        found = _imported(named) if isinstance(named, str) else named
        if not isinstance(found, SignIn):
            raise ConfigError(
                f"[oauth] sign_in: {named!r} is no SignIn (name, begin, finish, resumed); see "
                "zcp_auth_oauth.signin.contract"
            )
        return found

    # -- parts of it -------------------------------------------------------------------------------

    def _told_scopes(self) -> Sequence[str]:
        if self.settings.enabled:
            return self.parts.supported()
        return self.others.scopes or tuple(self.scopes())

    def _changed(self) -> None:
        self.liveness.look()

    def _keys(self, config: ServerConfig, seal: bytes) -> SigningKeys | None:
        settings = self.settings
        if not settings.enabled or settings.access_tokens != "jwt":
            return None
        lasting = not isinstance(_provider(settings), InMemoryOAuthProvider)
        if lasting and not config.section("keys").secrets:
            raise ConfigError(
                "[oauth] access_tokens = 'jwt' keeps signing keys, encrypted: give a secret to "
                "encrypt them with, [keys] secrets or ZCP_KEYS__SECRETS"
            )
        return SigningKeys(
            self.provider, seal, algorithm=settings.signing_algorithm,
            rotation=settings.key_rotation_seconds, overlap=settings.access_token_seconds,
        )  # fmt: skip

    def _authenticator(self) -> TokenAuthenticator:
        verifiers: list[Verifier] = []
        settings, others = self.settings, self.others
        if settings.enabled:
            verifiers.append(
                OwnTokens(
                    self.provider, self.liveness, self.resources, self.lookups, self.parts.issuer
                )
            )
        # Who is asked about tokens was named by the operator, and may well be in the same network.
        trusted = Fetcher(resolve)
        if others.enabled and others.issuers:
            documents = DocumentCache(trusted, others.jwks_seconds)
            verifiers.append(IssuedJWTs(others, documents, self.resources, self.lookups))
        if others.enabled and others.introspection_url is not None:
            verifiers.append(Introspected.of(others, trusted, self.resources, self.lookups))
        proofs = self.parts.proofs
        if not settings.enabled:
            proofs = Proofs(self.provider.first_use, others.dpop_proof_seconds)
        return TokenAuthenticator(
            "oauth" if settings.enabled else "resource_server",
            verifiers,
            proofs,
            self.metadata,
            self.lookups,
            dpop_required=settings.enabled and settings.dpop == "required",
            initial_scopes=settings.default_scopes if settings.enabled else (),
        )


_SERVICES: dict[int, Service] = {}


def service_of(config: ServerConfig) -> Service | None:
    """The service of a configuration, None where authorization is not enabled. Hooks are called
    with the same configuration, and get the same service."""
    if not (config.section(OAuthConfig).enabled or config.section(ResourceServerConfig).enabled):
        return None
    key = id(config)
    service = _SERVICES.get(key)
    if service is None:
        service = _SERVICES[key] = Service(config)
        weakref.finalize(config, _SERVICES.pop, key, None)
    return service


def _provider(settings: OAuthConfig) -> OAuthProvider:
    if settings.provider is not None:
        found: Any = settings.provider
        if not isinstance(found, OAuthProvider):
            raise ConfigError(
                f"[oauth] provider: {found!r} is no OAuthProvider; see zcp_auth_oauth.testing"
            )
        return found
    if settings.database is not None:
        return SQLiteOAuthProvider(settings.database)
    return InMemoryOAuthProvider()


def _imported(name: str) -> Any:
    module, _, attribute = name.partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"[oauth] sign_in = {name!r} cannot be imported: {error}") from error
