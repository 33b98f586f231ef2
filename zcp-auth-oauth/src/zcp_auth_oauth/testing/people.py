"""What every `OAuthProvider` keeps of users: who they are, what they agreed to, where they are
signed in."""

from __future__ import annotations

import pytest
from attrs import evolve

from ..models import BrowserSession, Consent
from ..providers.contract import OAuthProvider
from .samples import NOW, user


class PeopleContract:
    """The part of `OAuthProviderContract` about users."""

    def test_users(self, provider: OAuthProvider) -> None:
        provider.add_user(user("bob", scopes=None, display_name="Bob"))
        provider.add_user(user("alice"))
        with pytest.raises(ValueError, match="alice"):
            provider.add_user(user("alice", subject="another"))
        assert provider.get_user("bob") == user("bob", scopes=None, display_name="Bob")
        assert provider.get_user("Bob") is None
        provider.replace_user(evolve(user("alice"), disabled=True))
        with pytest.raises(ValueError, match="bob"):
            provider.replace_user(evolve(user("alice"), username="bob"))
        names = [(each.username, each.disabled) for each in provider.list_users()]
        assert names == [("alice", True), ("bob", False)]
        assert [each.username for each in provider.list_users("alice", 1)] == ["bob"]

    def test_a_consent_replaces_the_one_before(self, provider: OAuthProvider) -> None:
        first = Consent("alice", "c1", "https://a/cb", ("read",), ("https://r",), NOW, NOW + 60)
        second = evolve(first, scopes=("read", "write"))
        provider.save_consent(first)
        provider.save_consent(second)
        assert provider.get_consent("alice", "c1", "https://a/cb") == second
        assert provider.get_consent("alice", "c1", "https://b/cb") is None
        assert provider.get_consent("bob", "c1", "https://a/cb") is None

    def test_a_browser_session_is_deleted(self, provider: OAuthProvider) -> None:
        session = BrowserSession(b"s", "alice", "Alice", None, NOW, NOW + 60, "upstream")
        provider.save_session(session)
        assert provider.get_session(b"s") == session
        provider.delete_session(b"s")
        provider.delete_session(b"s")
        assert provider.get_session(b"s") is None
