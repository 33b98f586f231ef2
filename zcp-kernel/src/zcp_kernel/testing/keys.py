"""The contracts of key rings and of stores of their secrets, as suites to subclass:

class TestMyKeyRing(KeyRingContract):
    @pytest.fixture
    def rings(self):
        return MyKeyRing("one secret"), MyKeyRing("another secret")


class TestMyKeyStore(KeyStoreContract):
    @pytest.fixture
    def stores(self):
        return MyKeyStore(place), MyKeyStore(place)
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import pytest

from ..contracts import KeyRing, KeyStore

Rings = tuple[KeyRing, KeyRing]
KeyStores = tuple[KeyStore, KeyStore]

LEAST_LENGTH = 16
"""Characters of a secret, which are random."""


class KeyRingContract:
    """What every `KeyRing` does. The subclass gives the fixture `rings`: two that share nothing."""

    def test_fulfils_the_protocol(self, rings: Rings) -> None:
        assert all(isinstance(ring, KeyRing) for ring in rings)
        assert all(ring.name for ring in rings)

    @pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 40, b"long" * 50_000])
    @pytest.mark.parametrize("binding", [b"", b"call", b"\x00\xff"])
    def test_opens_what_it_sealed(self, rings: Rings, data: bytes, binding: bytes) -> None:
        ring, _ = rings
        assert ring.unseal(ring.seal(data, binding), binding) == data

    def test_nobody_reads_what_is_sealed(self, rings: Rings) -> None:
        ring, _ = rings
        data = b"a secret of some length"
        sealed = [ring.seal(data, b"call") for _ in range(10)]
        assert not any(data in each or data[:8] in each for each in sealed)
        # Alike, they would tell that the same was sealed twice.
        assert len(set(sealed)) == 10

    def test_opens_for_no_other_binding(self, rings: Rings) -> None:
        ring, _ = rings
        sealed = ring.seal(b"data", b"call")
        for binding in (b"", b"cal", b"call ", b"Call", b"datacall"):
            assert ring.unseal(sealed, binding) is None
        assert ring.unseal(ring.seal(b"data", b""), b"call") is None
        assert ring.unseal(ring.seal(b"ab", b"c"), b"bc") is None

    def test_opens_nothing_that_was_changed(self, rings: Rings) -> None:
        ring, _ = rings
        sealed = ring.seal(b"data", b"call")
        for place in range(len(sealed)):
            for bit in (1, 128):
                changed = bytearray(sealed)
                changed[place] ^= bit
                assert ring.unseal(bytes(changed), b"call") is None, place

    def test_opens_nothing_that_was_cut_or_made_up(self, rings: Rings) -> None:
        ring, _ = rings
        sealed = ring.seal(b"data", b"call")
        for length in range(len(sealed)):
            assert ring.unseal(sealed[:length], b"call") is None
        for made_up in (sealed + b"\x00", sealed * 2, b"\x00" + sealed, b"\x00" * 200, b"\xff"):
            assert ring.unseal(made_up, b"call") is None

    def test_opens_nothing_of_another(self, rings: Rings) -> None:
        ring, other = rings
        assert other.unseal(ring.seal(b"data", b"call"), b"call") is None


@pytest.mark.anyio
class KeyStoreContract:
    """What every `KeyStore` does. The subclass gives the fixture `stores`: two views of one new,
    empty store, as two processes have them."""

    async def test_fulfils_the_protocol(self, stores: KeyStores) -> None:
        assert all(isinstance(store, KeyStore) for store in stores)
        assert all(store.name for store in stores)

    async def test_the_first_call_makes_one(self, stores: KeyStores) -> None:
        one, _ = stores
        (secret,) = await one.secrets()
        assert isinstance(secret, str)
        assert len(secret) >= LEAST_LENGTH
        assert len(set(secret)) > 4, "secrets are random"

    async def test_all_have_the_same_and_go_on_having_it(self, stores: KeyStores) -> None:
        one, other = stores
        first = list(await one.secrets())
        for store in (other, one, other, one):
            assert list(await store.secrets()) == first

    async def test_of_many_first_calls_one_makes_it(self, stores: KeyStores) -> None:
        found: list[Sequence[str]] = []

        async def ask(store: KeyStore) -> None:
            found.append(tuple(await store.secrets()))

        async with anyio.create_task_group() as group:
            for store in stores * 10:
                group.start_soon(ask, store)
        assert len(found) == 20
        assert len(set(found)) == 1
        assert len(found[0]) == 1
