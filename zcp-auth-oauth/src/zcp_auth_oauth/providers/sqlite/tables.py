"""The tables that hold one class each."""

from __future__ import annotations

from ...models import (
    AccessToken,
    AuthorizationCode,
    BrowserSession,
    Consent,
    Grant,
    OAuthClient,
    RefreshToken,
    SigningKey,
    User,
)
from .rows import Table

CLIENTS = Table("clients", OAuthClient)
GRANTS = Table("grants", Grant)
CODES = Table("codes", AuthorizationCode)
ACCESS = Table("access_tokens", AccessToken)
REFRESH = Table("refresh_tokens", RefreshToken)
USERS = Table("users", User)
SESSIONS = Table("sessions", BrowserSession)
CONSENTS = Table("consents", Consent)
KEYS = Table("signing_keys", SigningKey)
