"""Ids that can be typed into a command."""

from __future__ import annotations

from base64 import urlsafe_b64decode

from zcp_kernel.ids import new_id


def test_an_id_is_128_bits_that_no_command_takes_for_an_option() -> None:
    ids = [new_id() for _ in range(5_000)]
    assert len(set(ids)) == len(ids)
    assert not [text for text in ids if text.startswith("-")]
    assert {len(urlsafe_b64decode(text + "==")) for text in ids} == {16}
