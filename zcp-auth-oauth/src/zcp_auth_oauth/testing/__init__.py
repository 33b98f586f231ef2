"""For those who write providers: the suite every provider passes."""

from .provider import OAuthProviderContract

__all__ = ["OAuthProviderContract"]
