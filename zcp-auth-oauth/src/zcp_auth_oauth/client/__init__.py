"""Logging in to servers: `OAuthAuthorizer` and the ways it gets and keeps tokens."""

from __future__ import annotations

from .authorizer import OAuthAuthorizer
from .errors import (
    AuthorizationRefused,
    DiscoveryFailed,
    FetchFailed,
    LoginNeeded,
    OAuthError,
    RegistrationFailed,
    TokenRefused,
)
from .fetching.web import WebOptions
from .grants.assertions import EnterpriseGrant, WorkloadGrant
from .grants.contract import Grant
from .grants.credentials import ClientCredentialsGrant
from .grants.user import UserGrant
from .redirect.callback import CallbackRedirect
from .redirect.contract import Landing, Redirect
from .redirect.loopback import LoopbackRedirect, open_browser, print_address
from .session import ClientIdentity, Session, Tokens
from .storage.contract import TokenStorage
from .storage.file import FileTokenStorage
from .storage.keyring import KeyringTokenStorage
from .storage.memory import MemoryTokenStorage

__all__ = [
    "AuthorizationRefused", "CallbackRedirect", "ClientCredentialsGrant", "ClientIdentity",
    "DiscoveryFailed", "EnterpriseGrant", "FetchFailed", "FileTokenStorage", "Grant",
    "KeyringTokenStorage", "Landing", "LoginNeeded", "LoopbackRedirect", "MemoryTokenStorage",
    "OAuthAuthorizer", "OAuthError", "Redirect", "RegistrationFailed", "Session", "TokenRefused",
    "TokenStorage", "Tokens", "UserGrant", "WebOptions", "WorkloadGrant", "open_browser",
    "print_address",
]  # fmt: skip
