"""What holds for every shape and every input, in every revision."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import fields_dict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from zcp_kernel import model
from zcp_kernel.contracts import Method
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import dumps, is_object, loads
from zcp_kernel.methods import CodecRevision
from zcp_kernel.model import wire_name
from zcp_kernel.testing.echo import EchoDialect
from zcp_profiles.mcp.history import HANDSHAKE, R3, R4, REVISIONS
from zcp_profiles.mcp.revisions import make_revision
from zcp_profiles.native.revision import make_revision as make_native

from .strategies import TEXT, VALUES, call_results, elicitations, mcp_shapes, native_shapes

SLOW = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)
QUICK = settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
SPECIAL = (model.CallResult, model.ElicitationRequest, model.TaskPayload, model.PingResult)
"""Classes with strategies or tests of their own."""


def classes_of(revision: CodecRevision) -> list[type[Any]]:
    entries = [*revision.request_entries.values(), *revision.peer_entries.values()]
    found = {cls for entry in entries for cls in (entry.params, entry.result)}
    found |= set(revision.notice_classes.values())
    return sorted(found - set(SPECIAL), key=lambda cls: cls.__name__)


MADE: dict[str, CodecRevision] = {name: make_revision(name) for name in REVISIONS}
NATIVE: CodecRevision = make_native()
EVERY = [
    pytest.param(MADE[name], cls, id=f"{name}-{cls.__name__}")
    for name in REVISIONS
    for cls in classes_of(MADE[name])
]


def returned(revision: CodecRevision, shape: Any) -> Any:
    sent = loads(dumps(revision.codec.encode(shape)))
    return revision.codec.decoder(shape.__class__)(sent)


@pytest.mark.parametrize(("revision", "cls"), EVERY)
@QUICK
@given(data=st.data())
def test_mcp_shapes_come_back_as_they_were(revision: CodecRevision, cls: type, data: Any) -> None:
    shape = data.draw(mcp_shapes(revision.codec, revision.name).of(cls))
    if isinstance(shape, model.Cacheable) and not revision.stateless:
        assert shape.ttl_ms is None
    back = returned(revision, shape)
    if revision.stateless and isinstance(shape, model.Cacheable):
        shape.ttl_ms, shape.cache_scope = shape.ttl_ms or 0, shape.cache_scope or "private"
    assert back == shape


@pytest.mark.parametrize("cls", classes_of(NATIVE))
@QUICK
@given(data=st.data())
def test_native_shapes_come_back_as_they_were(cls: type, data: Any) -> None:
    shape = data.draw(native_shapes(NATIVE.codec).of(cls))
    if isinstance(shape, model.CreateTaskResult):
        # The descriptor's members and the result's are one flat object.
        shape.extras = shape.meta = None
    back = returned(NATIVE, shape)
    if isinstance(shape, model.InitializeResult) and shape.capabilities.handles is None:
        # Every server of this plane keeps handles: none says so, and its client knows.
        shape.capabilities.handles = {}
    assert back == shape


@pytest.mark.parametrize("name", REVISIONS)
@QUICK
@given(data=st.data())
def test_results_and_elicitations_come_back_as_they_were(name: str, data: Any) -> None:
    shapes = mcp_shapes(MADE[name].codec, name)
    result = data.draw(call_results(shapes, name))
    assert returned(MADE[name], result) == result
    if name >= R3:
        request = data.draw(elicitations(name))
        assert returned(MADE[name], request) == request


def methods_of(revision: CodecRevision) -> list[Method]:
    return [
        *revision.requests.values(),
        *revision.peer_requests.values(),
        *revision.notifications.values(),
    ]


NAMES = sorted(
    {wire_name(name) for cls in classes_of(NATIVE) for name in fields_dict(cls)} | {"type"}
)
MEMBERS = st.sampled_from(NAMES) | TEXT
GARBAGE = st.recursive(
    VALUES | st.none() | st.sampled_from(["text", "resource", "tool_result", "form", "info"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner, max_size=6),
    max_leaves=15,
)
ALL = [*MADE.values(), NATIVE, EchoDialect().revision()]


@pytest.mark.parametrize("revision", ALL, ids=lambda revision: revision.name)
@settings(max_examples=80, deadline=None, suppress_health_check=SLOW)
@given(raw=GARBAGE)
def test_garbage_is_refused_in_one_way(revision: CodecRevision, raw: Any) -> None:
    for method in methods_of(revision):
        for decode in (method.decode_params, method.decode_result):
            refused(decode, raw)


def refused(decode: Any, raw: Any) -> list[Fault]:
    """The faults, if any; another exception than `InvalidParams` fails the test."""
    found: list[Fault] = []
    try:
        decode(raw)
    except InvalidParams as error:
        found = error.faults or [Fault("", "", "told nothing")]
        dumps(error.data)
    assert all(fault.code and fault.message for fault in found)
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_one_wrong_value_in_a_good_message_is_refused_in_one_way(data: Any) -> None:
    revision = NATIVE
    cls = data.draw(st.sampled_from(classes_of(revision)))
    sent = loads(dumps(revision.codec.encode(data.draw(native_shapes(revision.codec).of(cls)))))
    if is_object(sent) and sent:
        sent[data.draw(st.sampled_from(sorted(sent)))] = data.draw(GARBAGE)
    refused(revision.codec.decoder(cls), sent)


@pytest.mark.parametrize("revision", ALL, ids=lambda revision: revision.name)
def test_deep_nesting_is_refused_not_fatal(revision: CodecRevision) -> None:
    block: dict[str, Any] = {"type": "text", "text": "x"}
    for _ in range(5000):
        block = {"type": "tool_result", "toolUseId": "1", "content": [block]}
    decode = revision.requests["tools/call"].decode_result
    faults = refused(decode, {"content": [block]})
    assert [fault.code for fault in faults] == ["depth"]


@pytest.mark.parametrize("name", HANDSHAKE)
def test_a_strict_revision_sends_no_member_of_another(name: str) -> None:
    raw: dict[str, Any] = {
        "name": "x",
        "inputSchema": {"type": "object"},
        "title": "X",
        "icons": [],
        "x-own": 1,
    }
    tool = MADE[name].codec.decode(model.ToolDefinition, raw)
    sent = MADE[name].codec.encode(tool)
    assert ("title" in sent) is (name >= R3)
    assert ("icons" in sent) is (name >= R4)
    assert sent["x-own"] == 1
    # Nothing is lost on the way to a peer that understands more.
    assert MADE[R4].codec.encode(tool)["title"] == "X"
