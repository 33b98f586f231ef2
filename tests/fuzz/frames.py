"""What a peer may send: good frames, frames bent in one place, frames broken altogether."""

import json
from typing import Any

from hypothesis import strategies as st

METHODS = (
    "initialize",
    "initialized",
    "notifications/initialized",
    "notifications/cancelled",
    "notifications/progress",
    "notifications/roots/list_changed",
    "ping",
    "tools/list",
    "tools/call",
    "tools/describe",
    "tools/search",
    "tools/pipeline",
    "handles/list",
    "handles/get",
    "handles/read",
    "handles/count",
    "handles/release",
    "resources/list",
    "resources/templates/list",
    "resources/read",
    "resources/subscribe",
    "resources/unsubscribe",
    "prompts/list",
    "prompts/get",
    "completion/complete",
    "completions/complete",
    "logging/setLevel",
    "tasks/create",
    "tasks/list",
    "tasks/get",
    "tasks/cancel",
    "tasks/answer",
    "server/discover",
    "subscriptions/listen",
)
MEMBERS = (
    "name",
    "arguments",
    "uri",
    "cursor",
    "level",
    "ref",
    "argument",
    "value",
    "task",
    "taskId",
    "kind",
    "input",
    "handle",
    "requestId",
    "protocolVersion",
    "capabilities",
    "clientInfo",
    "_meta",
    "progressToken",
    "profile",
    "groups",
    "detail",
    "text",
    "point",
    "$handle",
)
WORDS = ("echo", "anything", "shapes", "report", "greet", "note://one", "note://by-name/x", "job")

text = st.one_of(st.sampled_from(WORDS), st.text(max_size=8), st.just("\ud800"), st.just("\x00"))
numbers = st.one_of(
    st.integers(-3, 3),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**63, 2**64, -(2**64), 10**40, 10**400]),
    st.floats(),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, text)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(MEMBERS), text), inner, max_size=4),
    ),
    max_leaves=8,
)
members = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=5)
ids = st.one_of(
    st.integers(-2, 3),
    st.integers(),
    st.sampled_from(["a", "b", "", "\ud800", "1"]),
    st.sampled_from([2**63, 10**40]),
    values,
)


def _call(name: str, **arguments: Any) -> tuple[str, dict[str, Any]]:
    return "tools/call", {"name": name, "arguments": arguments, "_meta": {"progressToken": 1}}


def _stateless(method: str, **params: Any) -> tuple[str, dict[str, Any]]:
    """As 2026-07-28 writes it: the session's facts travel with every request."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        "io.modelcontextprotocol/clientInfo": {"name": "n", "version": "v"},
        "io.modelcontextprotocol/logLevel": "debug",
    }
    return method, {**params, "_meta": meta}


GOOD: list[tuple[str, dict[str, Any]]] = [
    _call("echo", text="t"),
    _call("anything", value=[1, "2", {"three": None}]),
    _call("shapes", point={"x": 1, "y": "2"}, tags=["a"], ratio="0.5"),
    _call("report", steps=2),
    _stateless("server/discover"),
    _stateless("tools/call", name="report", arguments={"steps": 2}),
    ("tools/list", {"cursor": "", "profile": "everything", "groups": ["a"], "detail": "brief"}),
    ("resources/read", {"uri": "note://by-name/x"}),
    ("resources/subscribe", {"uri": "note://one"}),
    ("prompts/get", {"name": "greet", "arguments": {"name": "n"}}),
    (
        "completion/complete",
        {
            "ref": {"type": "ref/prompt", "name": "greet"},
            "argument": {"name": "name", "value": "v"},
            "context": {"arguments": {"name": "w"}},
        },
    ),
    ("logging/setLevel", {"level": "info"}),
    ("tasks/create", {"kind": "job", "input": {"a": 1}, "task": {"ttl": 1000}}),
    ("tasks/get", {"taskId": "t"}),
    ("handles/read", {"handle": "#S1", "pointer": "/a", "offset": 0, "limit": 5}),
    ("notifications/cancelled", {"requestId": 1, "reason": "enough"}),
    (
        "initialize",
        {
            "protocolVersion": "2025-06-18",
            "capabilities": {"roots": {"listChanged": True}, "sampling": {}, "elicitation": {}},
            "clientInfo": {"name": "n", "version": "v"},
        },
    ),
]


def good_messages() -> st.SearchStrategy[dict[str, Any]]:
    """Messages most revisions understand."""
    return st.builds(
        lambda each, request_id: {
            "jsonrpc": "2.0",
            "id": request_id,
            "method": each[0],
            "params": json.loads(json.dumps(each[1])),
        },
        st.sampled_from(GOOD),
        ids,
    )


@st.composite
def bent(draw: st.DrawFn) -> dict[str, Any]:
    """A good message with one member, at any depth, replaced, removed or added."""
    message = draw(good_messages())
    place: Any = message
    while True:
        key = draw(st.sampled_from(sorted(place)))
        if isinstance(place[key], dict) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        break
    match draw(st.sampled_from(("replace", "remove", "add"))):
        case "replace":
            place[key] = draw(values)
        case "remove":
            del place[key]
        case _:
            place[draw(st.sampled_from(MEMBERS))] = draw(values)
    return message


messages = st.one_of(
    good_messages(),
    bent(),
    st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0"), "id": ids, "method": st.sampled_from(METHODS)},
        optional={"params": st.one_of(members, values)},
    ),
    st.fixed_dictionaries(
        {"jsonrpc": st.just("2.0"), "method": st.sampled_from(METHODS)},
        optional={"params": st.one_of(members, values)},
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "jsonrpc": st.one_of(st.just("2.0"), values),
            "id": ids,
            "method": st.one_of(st.sampled_from(METHODS), values),
            "params": values,
            "result": values,
            "error": values,
        },
    ),
)


def encoded(value: Any) -> bytes:
    """As the standard library writes it: NaN and Infinity as such, lone surrogates escaped."""
    return json.dumps(value).encode()


@st.composite
def cut(draw: st.DrawFn) -> bytes:
    """A message's bytes, with some lost, doubled or overwritten."""
    frame = bytearray(encoded(draw(messages)))
    at = draw(st.integers(0, len(frame)))
    to = draw(st.integers(at, min(len(frame), at + 12)))
    match draw(st.sampled_from(("truncate", "lose", "double", "overwrite"))):
        case "truncate":
            del frame[at:]
        case "lose":
            del frame[at:to]
        case "double":
            frame[at:at] = frame[at:to]
        case _:
            frame[at:to] = draw(st.binary(max_size=6))
    return bytes(frame)


def _wrapped(params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":"w","method":"tools/call","params":' + params + b"}"


def _deep(depth: int) -> list[bytes]:
    lists, objects = b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth
    return [lists, objects, b"[" * depth, _wrapped(lists), _wrapped(objects)]


SPECIAL = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"[[]]",
    b"{}",
    b"NaN",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping"}',
    b'{"jsonrpc":"2.0","id":"\\ud800","method":"ping","params":{"a":Infinity}}',
    b'{"jsonrpc":"2.0","id":1,"method":"\\udfff"}',
    b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"\\ud800":1}}',
    b'{"jsonrpc":"2.0","id":1e999,"method":"ping"}',
    b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}',
    b'{"jsonrpc":"2.0","id":"n","method":"ping","params":{"n":' + b"9" * 5000 + b"}}",
    b'{"jsonrpc":"2.0","id":"n","method":"tools/call","params":{"name":"anything",'
    b'"arguments":{"value":1e999}}}',
    *(frame for depth in (100, 255, 256, 300, 2000, 100_000) for frame in _deep(depth)),
]

batches = st.lists(st.one_of(messages, values), max_size=4)

frames = st.one_of(
    messages.map(encoded),
    cut(),
    batches.map(encoded),
    st.sampled_from(SPECIAL),
    st.binary(max_size=30),
    values.map(encoded),
)
