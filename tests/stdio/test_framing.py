"""Framing: what a stream means does not depend on how it was cut."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zcp_transport_stdio.framing import TOO_LONG, FrameDecoder, LineDecoder, TooLong, encode_line
from zcp_transport_stdio.outbox import Outbox

LIMIT = 8
PIECES = st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"{}", b'"a"', b"12345678", b"\xef\xbb\xbf"])
STREAMS = st.lists(PIECES | st.binary(max_size=3), max_size=40).map(b"".join)


def decode(decoder: FrameDecoder | LineDecoder, chunks: list[bytes]) -> list[bytes | TooLong]:
    return [frame for chunk in chunks for frame in decoder.feed(chunk)] + decoder.end()


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


@given(STREAMS, st.lists(st.integers(min_value=0), max_size=20))
def test_any_chunking_gives_the_same_frames(stream: bytes, places: list[int]) -> None:
    assert decode(FrameDecoder(LIMIT), cut(stream, places)) == decode(FrameDecoder(LIMIT), [stream])


@given(STREAMS, st.lists(st.integers(min_value=0), max_size=20))
def test_lines_are_what_splitting_the_whole_stream_gives(stream: bytes, places: list[int]) -> None:
    *lines, last = stream.split(b"\n")
    expected = [line if len(line) <= LIMIT else TOO_LONG for line in lines + [last] * bool(last)]
    assert decode(LineDecoder(LIMIT), cut(stream, places)) == expected


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=10))
def test_what_is_encoded_is_decoded(texts: list[bytes]) -> None:
    frames = [text.hex().encode() for text in texts]
    stream = b"".join(map(encode_line, frames))
    assert decode(FrameDecoder(40), [stream]) == frames


@pytest.mark.parametrize(
    ("stream", "frames"),
    [
        (b"{}\r\n[]\r\n", [b"{}", b"[]"]),
        (b"\n\r\n \t\r\n{}\n\n", [b"{}"]),
        (b"{}", [b"{}"]),
        (b"\xef\xbb\xbf{}\n[]\n", [b"{}", b"[]"]),
        (b"\xef\xbb\xbf\n", []),
        (b"  { }  \n", [b"{ }"]),
        (b'"\xef\xbb\xbf"\n', [b'"\xef\xbb\xbf"']),
        (b"12345678\n123456789\n1\n", [b"12345678", TOO_LONG, b"1"]),
        (b"123456789", [TOO_LONG]),
        (b"", []),
    ],
)
def test_what_a_decoder_takes(stream: bytes, frames: list[bytes | TooLong]) -> None:
    assert decode(FrameDecoder(LIMIT), [stream]) == frames


def test_a_line_that_never_ends_takes_no_memory() -> None:
    limit, chunk = 1 << 20, b"x" * (1 << 16)
    decoder = FrameDecoder(limit)
    tracemalloc.start()
    try:
        seen = [frame for _ in range(512) for frame in decoder.feed(chunk)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == [TOO_LONG]
    assert peak < 3 * limit
    assert decoder.feed(b"\n{}\n") == [b"{}"]


def test_a_line_break_inside_a_text_becomes_a_space() -> None:
    assert encode_line(b'{\n  "a":\r\n 1}') == b'{   "a":   1}\n'


@given(st.lists(st.binary(max_size=30), max_size=300), st.lists(st.integers(0, 100), min_size=1))
def test_an_outbox_writes_everything_in_order_however_little_is_taken(
    lines: list[bytes], takes: list[int]
) -> None:
    outbox, written = Outbox(), bytearray()
    for line in lines:
        outbox.append(line)
    for take in [*takes, *[1000] * 10]:

        def write(buffers: Sequence[bytes | memoryview], take: int = take) -> int:
            data = b"".join(buffers)[:take]
            written.extend(data)
            return len(data)

        outbox.write_some(write)
        assert outbox.size == sum(map(len, lines)) - len(written)
    assert bytes(written) == b"".join(lines)
