"""Events as bytes, there and back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from zcp_transport_http.sse import Event, EventParser, encode_event

LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=20)
DATA = st.lists(LINES, min_size=1, max_size=4).map("\n".join)
IDS = st.none() | st.from_regex(r"\d{1,3}-\d{1,3}", fullmatch=True)


@given(
    st.lists(
        st.tuples(DATA, IDS, st.none() | st.integers(0, 10**6), st.sampled_from(["message", "x"])),
        max_size=5,
    ),
    st.integers(1, 7),
)
def test_what_is_written_is_read_however_it_is_cut(
    events: list[tuple[str, str | None, int | None, str]], size: int
) -> None:
    text = b""
    wanted: list[Event] = []
    last: str | None = None
    for data, id, retry, name in events:
        text += encode_event(data.encode(), id=id, retry=retry, name=name)
        last = id if id is not None else last
        wanted.append(Event(data.encode(), name, last, retry))
    parser = EventParser()
    found: list[Event] = []
    for start in range(0, len(text), size):
        found += parser.feed(text[start : start + size])
    assert found == wanted


def test_comments_and_unknown_fields_are_passed_over() -> None:
    text = b":hello\n\nfoo: bar\ndata:a\ndata: b\n\n"
    assert EventParser().feed(text) == [Event(b"a\nb")]


def test_line_ends_of_every_kind() -> None:
    assert EventParser().feed(b"data: a\r\n\r\ndata: b\n\ndata: c\r\rdata: d\r\n\r\n") == [
        Event(b"a"),
        Event(b"b"),
        Event(b"c"),
        Event(b"d"),
    ]


def test_an_event_with_an_id_alone_is_given() -> None:
    assert EventParser().feed(b"id: 1-0\nretry: 5\ndata: \n\n") == [Event(b"", "message", "1-0", 5)]


def test_an_unfinished_event_is_not() -> None:
    parser = EventParser()
    assert parser.feed(b"data: a\n") == []
    assert parser.feed(b"\n") == [Event(b"a")]
