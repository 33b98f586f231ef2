"""What every `OAuthProvider` must do: subclass with a `provider` fixture that gives a fresh one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import evolve
from zcp_kernel.errors import LimitReached

from ..digests import digest_of
from ..models import BrowserSession, Consent, SigningKey
from ..providers.contract import OAuthProvider
from .people import PeopleContract
from .samples import NOW, access, client, code, grant, refresh, user

AT_ONCE = 16


class OAuthProviderContract(PeopleContract):
    """The suite. `provider` gives an open, empty provider."""

    @pytest.fixture
    def provider(self) -> OAuthProvider:
        raise NotImplementedError("give a provider")

    def test_it_fulfils_the_contract(self, provider: OAuthProvider) -> None:
        assert isinstance(provider, OAuthProvider)
        assert provider.name

    # -- clients -----------------------------------------------------------------------------------

    def test_a_client_comes_back_as_it_was(self, provider: OAuthProvider) -> None:
        stored = client(dpop_bound=True, secret_expires_at=NOW + 1, application_type="native")
        provider.add_client(stored)
        provider.add_client(bare := client("c2", scopes=None, jwks=None, secret_digest=None))
        assert provider.get_client("c1") == stored
        assert provider.get_client("c2") == bare
        assert provider.get_client("c3") is None

    def test_a_client_id_is_taken_once(self, provider: OAuthProvider) -> None:
        provider.add_client(client())
        with pytest.raises(ValueError, match="c1"):
            provider.add_client(client(client_name="Another"))

    def test_clients_of_one_origin_are_bounded(self, provider: OAuthProvider) -> None:
        provider.add_client(client("d1", origin="dynamic"), most=1)
        with pytest.raises(LimitReached):
            provider.add_client(client("d2", origin="dynamic"), most=1)
        provider.add_client(client("o1"), most=1)
        provider.delete_client("d1", NOW)
        provider.add_client(client("d2", origin="dynamic"), most=1)

    def test_clients_nobody_used_are_forgotten(self, provider: OAuthProvider) -> None:
        for name in ("unused", "granted", "agreed"):
            provider.add_client(client(name, origin="dynamic", created_at=NOW))
        provider.add_client(client("young", origin="dynamic", created_at=NOW + 1))
        provider.add_client(client("operator's", created_at=NOW))
        provider.save_code(grant(client_id="granted"), code(client_id="granted"))
        provider.save_consent(Consent("u", "agreed", "https://x.example/", (), (), NOW, NOW + 60))
        assert provider.forget_clients(NOW) == 1
        kept = [one.client_id for one in provider.list_clients()]
        assert kept == ["agreed", "granted", "operator's", "young"]
        assert provider.forget_clients(NOW + 1, limit=0) == 0
        assert provider.forget_clients(NOW + 1) == 1

    def test_a_client_is_replaced_and_listed_in_order(self, provider: OAuthProvider) -> None:
        for name in ("b", "a", "c"):
            provider.replace_client(client(name))
        provider.replace_client(client("b", client_name="New"))
        assert [one.client_id for one in provider.list_clients(limit=2)] == ["a", "b"]
        assert [one.client_id for one in provider.list_clients("b")] == ["c"]
        found = provider.get_client("b")
        assert found is not None
        assert found.client_name == "New"

    def test_a_client_that_goes_takes_its_grants_along(self, provider: OAuthProvider) -> None:
        provider.add_client(client())
        provider.save_tokens(access(), refresh(), grant())
        assert provider.delete_client("c1", NOW)
        assert provider.get_access(access().digest) is None
        assert not provider.delete_client("c1", NOW)

    # -- codes -------------------------------------------------------------------------------------

    def test_a_code_is_good_once(self, provider: OAuthProvider) -> None:
        provider.save_code(grant(), code())
        used = provider.consume_code(code().digest, "c1", NOW)
        assert (used.outcome, used.code) == ("accepted", code())
        assert provider.save_tokens(access(), refresh())
        assert provider.consume_code(code().digest, "c1", NOW).outcome == "replayed"
        assert provider.get_access(access().digest) is None, "a replay revokes what it issued"
        assert provider.get_refresh(refresh().digest) is None
        assert not provider.save_tokens(access("late")), "nor is anything issued any more"

    def test_a_code_of_another_client_is_unknown_and_stays(self, provider: OAuthProvider) -> None:
        provider.save_code(grant(), code())
        assert provider.consume_code(code().digest, "c2", NOW).outcome == "unknown"
        assert provider.consume_code(digest_of("other"), "c1", NOW).outcome == "unknown"
        assert provider.consume_code(code().digest, "c1", NOW).outcome == "accepted"

    def test_a_code_ends(self, provider: OAuthProvider) -> None:
        provider.save_code(grant(), code())
        assert provider.consume_code(code().digest, "c1", NOW + 60).outcome == "expired"

    def test_of_many_at_once_one_gets_the_code(self, provider: OAuthProvider) -> None:
        provider.save_code(grant(), code())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            uses = [
                pool.submit(provider.consume_code, code().digest, "c1", NOW) for _ in range(AT_ONCE)
            ]
            outcomes = [use.result().outcome for use in uses]
        assert sorted(outcomes) == ["accepted"] + ["replayed"] * (AT_ONCE - 1)

    # -- tokens ------------------------------------------------------------------------------------

    def test_tokens_come_back_as_they_were(self, provider: OAuthProvider) -> None:
        own = access("own", grant_id="g2", subject=None, jkt="thumb")
        assert provider.save_tokens(access(), refresh(), grant())
        assert provider.save_tokens(own, None, grant("g2", subject=None))
        assert provider.get_access(access().digest) == access()
        assert provider.get_access(own.digest) == own
        assert provider.get_refresh(refresh().digest) == refresh()
        assert provider.get_access(refresh().digest) is None
        assert provider.get_refresh(access().digest) is None

    def test_no_token_without_its_grant(self, provider: OAuthProvider) -> None:
        assert not provider.save_tokens(access())
        assert provider.get_access(access().digest) is None

    def _rotate(self, provider: OAuthProvider, old: str, new: str, at: float, **more: Any) -> Any:
        return provider.rotate_refresh(
            digest_of(old),
            refresh(new, **more),
            access(f"access for {new} at {at}"),
            salt=new.encode(),
            now=at,
            grace=10,
        )

    def test_a_refresh_token_is_rotated(self, provider: OAuthProvider) -> None:
        provider.save_tokens(access(), refresh("r1"), grant())
        assert self._rotate(provider, "r1", "r2", NOW).outcome == "rotated"
        used = provider.get_refresh(digest_of("r1"))
        assert used is not None
        assert used.used_at == NOW
        assert provider.get_refresh(digest_of("r2")) == refresh("r2")
        assert provider.get_access(digest_of(f"access for r2 at {NOW}")) is not None

    def test_a_lost_answer_is_given_once_more(self, provider: OAuthProvider) -> None:
        provider.save_tokens(access(), refresh("r1"), grant())
        self._rotate(provider, "r1", "r2", NOW)
        again = self._rotate(provider, "r1", "not stored", NOW + 10)
        assert (again.outcome, again.salt) == ("graced", b"r2")
        assert provider.get_refresh(digest_of("not stored")) is None
        assert provider.get_access(digest_of(f"access for not stored at {NOW + 10}")) is not None

    @pytest.mark.parametrize("late", [False, True])
    def test_a_replay_revokes_the_family(self, provider: OAuthProvider, late: bool) -> None:
        provider.save_tokens(access(), refresh("r1"), grant())
        self._rotate(provider, "r1", "r2", NOW)
        if not late:
            self._rotate(provider, "r2", "r3", NOW)
        at = NOW + 10.5 if late else NOW + 1
        assert self._rotate(provider, "r1", "x", at).outcome == "replayed"
        for token in ("r1", "r2", "r3"):
            assert provider.get_refresh(digest_of(token)) is None
        assert provider.get_access(access().digest) is None

    def test_of_many_at_once_one_rotates(self, provider: OAuthProvider) -> None:
        provider.save_tokens(access(), refresh("r1"), grant())
        with ThreadPoolExecutor(AT_ONCE) as pool:
            calls = [
                pool.submit(self._rotate, provider, "r1", f"s{n}", NOW + n / 100)
                for n in range(AT_ONCE)
            ]
            results = [call.result() for call in calls]
        outcomes = sorted(each.outcome for each in results)
        assert outcomes == ["graced"] * (AT_ONCE - 1) + ["rotated"]
        assert len({each.salt for each in results}) == 1, "everybody gets the same successor"

    def test_a_foreign_or_ended_refresh_token_is_none(self, provider: OAuthProvider) -> None:
        provider.save_tokens(access(), refresh("r1"), grant())
        assert self._rotate(provider, "r1", "r2", NOW, client_id="c2").outcome == "unknown"
        assert self._rotate(provider, "r0", "r2", NOW).outcome == "unknown"
        assert self._rotate(provider, "r1", "r2", NOW + 3600).outcome == "expired"

    # -- revocation --------------------------------------------------------------------------------

    def test_revocations_are_numbered(self, provider: OAuthProvider) -> None:
        assert provider.last_revocation() == 0
        provider.save_tokens(access(), refresh(), grant())
        provider.save_tokens(access("other"), None)
        assert provider.revoke_access(access().digest, NOW)
        assert not provider.revoke_access(access().digest, NOW)
        assert provider.get_access(digest_of("other")) is not None
        assert provider.revoke_grant("g1", NOW)
        assert not provider.revoke_grant("g1", NOW)
        assert provider.get_access(digest_of("other")) is None
        first, second = provider.revocations_after(0)
        assert (first.digest, first.grant_id) == (access().digest, None)
        assert (second.digest, second.grant_id) == (None, "g1")
        assert first.number < second.number == provider.last_revocation()
        assert provider.revocations_after(second.number) == []
        assert list(provider.revocations_after(0, 1)) == [first]

    def test_a_user_who_goes_leaves_nothing(self, provider: OAuthProvider) -> None:
        provider.add_user(alice := user())
        provider.save_tokens(access(), None, grant(subject=alice.subject))
        session = BrowserSession(b"s", alice.subject, "Alice", ("read",), NOW, NOW + 60)
        provider.save_session(session)
        consent = Consent(alice.subject, "c1", "https://a/cb", ("read",), (), NOW, NOW + 60)
        provider.save_consent(consent)
        assert provider.get_session(b"s") == session
        assert provider.delete_user("alice", NOW)
        assert provider.get_session(b"s") is None
        assert provider.get_consent(alice.subject, "c1", "https://a/cb") is None
        assert provider.get_access(access().digest) is None
        assert not provider.delete_user("alice", NOW)

    # -- replay, keys, time ------------------------------------------------------------------------

    def test_something_is_seen_first_once(self, provider: OAuthProvider) -> None:
        assert provider.first_use("dpop", b"1", NOW, NOW + 60)
        assert not provider.first_use("dpop", b"1", NOW + 59, NOW + 120)
        assert provider.first_use("assertion", b"1", NOW, NOW + 60)
        assert provider.first_use("dpop", b"1", NOW + 60, NOW + 120)
        assert not provider.first_use("dpop", b"1", NOW + 61, NOW + 120)

    def test_of_many_at_once_one_is_first(self, provider: OAuthProvider) -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            firsts = [
                pool.submit(provider.first_use, "dpop", b"1", NOW, NOW + 60) for _ in range(AT_ONCE)
            ]
            assert sum(first.result() for first in firsts) == 1

    def test_signing_keys(self, provider: OAuthProvider) -> None:
        old = SigningKey("a", "ES256", {"kty": "EC"}, b"sealed", NOW, NOW + 10, NOW + 20)
        new = SigningKey("0", "RS256", {"kty": "RSA"}, b"more", NOW + 1, NOW + 11, NOW + 21)
        provider.save_key(new)
        provider.save_key(old)
        assert list(provider.list_keys()) == [old, new]
        provider.save_key(evolve(old, retires_at=NOW))
        assert provider.list_keys()[0].retires_at == NOW
        provider.expire(NOW + 20)
        assert list(provider.list_keys()) == [new]

    def test_what_ended_is_removed(self, provider: OAuthProvider) -> None:
        provider.save_code(grant(expires_at=NOW), code(expires_at=NOW))
        provider.save_tokens(access(expires_at=NOW), refresh(expires_at=NOW))
        provider.save_tokens(access("lives", grant_id="g2"), None, grant("g2"))
        provider.first_use("dpop", b"1", NOW, NOW + 1)
        assert provider.expire(NOW + 1) == 3
        assert provider.get_access(access().digest) is None
        assert provider.get_access(digest_of("lives")) is not None
        assert provider.consume_code(code().digest, "c1", NOW + 1).outcome == "expired"
        assert provider.expire(NOW + 86_400) >= 2
        assert provider.consume_code(code().digest, "c1", NOW).outcome == "unknown"

    def test_it_can_be_opened_again(self, provider: OAuthProvider) -> None:
        provider.close()
        provider.close()
        provider.open()
        provider.add_client(client())
        assert provider.get_client("c1") == client()
