"""Ids nobody can guess."""

from __future__ import annotations

import secrets

__all__ = ["new_id"]

RANDOM_BYTES = 16


def new_id() -> str:
    """22 characters of base64url (RFC 4648, section 5) from 128 random bits.

    The first is never `-`: people hand ids to commands, which would take such a one for an option.
    """
    while (text := secrets.token_urlsafe(RANDOM_BYTES)).startswith("-"):
        pass
    return text
