"""The key ring: what it sealed opens unaltered, for its binding, under a key it still has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_kernel.contracts import KeyRing
from zcp_kernel.errors import ConfigError
from zcp_kernel.testing.keys import KeyRingContract, Rings
from zcp_profiles.mcp.keyring import SecretKeyRing

OLD, NEW = "an older secret, long enough", "a newer secret, long enough"
RING = SecretKeyRing([NEW])


class TestContract(KeyRingContract):
    @pytest.fixture
    def rings(self) -> Rings:
        return SecretKeyRing([OLD]), SecretKeyRing([NEW])


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_what_was_sealed_opens(data: bytes, binding: bytes) -> None:
    ring: KeyRing = RING
    assert ring.unseal(ring.seal(data, binding), binding) == data


@given(st.binary(max_size=60), st.binary(max_size=20), st.binary(max_size=20))
def test_another_binding_opens_nothing(data: bytes, binding: bytes, other: bytes) -> None:
    opened = RING.unseal(RING.seal(data, binding), other)
    assert opened == (data if other == binding else None)


@given(st.data(), st.binary(max_size=40), st.binary(max_size=20))
def test_one_changed_bit_anywhere_breaks_the_seal(
    draw: st.DataObject, data: bytes, binding: bytes
) -> None:
    sealed = bytearray(RING.seal(data, binding))
    place = draw.draw(st.integers(0, len(sealed) - 1))
    sealed[place] ^= 1 << draw.draw(st.integers(0, 7))
    assert RING.unseal(bytes(sealed), binding) is None


@given(st.binary(max_size=40), st.integers(1, 80), st.binary(max_size=20))
def test_a_shortened_or_lengthened_seal_is_broken(data: bytes, cut: int, more: bytes) -> None:
    sealed = RING.seal(data, b"b")
    assert RING.unseal(sealed[:-cut], b"b") is None
    assert RING.unseal(sealed + more, b"b") == (None if more else data)


@given(st.binary(max_size=120))
def test_anything_else_is_no_seal(garbage: bytes) -> None:
    assert RING.unseal(garbage, b"b") is None


def test_rotation() -> None:
    old, both = SecretKeyRing([OLD]), SecretKeyRing([NEW, OLD])
    sealed = old.seal(b"x", b"b")
    assert both.unseal(sealed, b"b") == b"x"
    assert RING.unseal(sealed, b"b") is None
    assert RING.unseal(both.seal(b"y", b"b"), b"b") == b"y"
    assert old.unseal(both.seal(b"y", b"b"), b"b") is None


def test_processes_with_the_same_secrets_understand_each_other() -> None:
    assert SecretKeyRing([NEW]).unseal(RING.seal(b"x", b""), b"") == b"x"


def test_without_secrets_every_ring_is_alone() -> None:
    one, other = SecretKeyRing(), SecretKeyRing()
    sealed = one.seal(b"x", b"")
    assert one.unseal(sealed, b"") == b"x"
    assert other.unseal(sealed, b"") is None


def test_two_seals_of_the_same_differ() -> None:
    assert RING.seal(b"x", b"") != RING.seal(b"x", b"")


def test_a_secret_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"\[keys\] secrets"):
        SecretKeyRing([NEW, "hunter2"])
