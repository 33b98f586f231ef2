"""Hypothesis strategies for shapes that a revision can carry without loss."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from attrs import NOTHING, fields, has, resolve_types
from hypothesis import strategies as st
from zcp_kernel import model
from zcp_kernel.codec import ModelCodec
from zcp_kernel.model import wire_name
from zcp_profiles.mcp.history import BLOCKS, R1, R3, R4, R5

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT, VALUES | st.none(), max_size=3)
UNKNOWN = st.dictionaries(TEXT.map(lambda name: f"x-{name}"), VALUES, min_size=1, max_size=3)

Own = dict[tuple[type, str], st.SearchStrategy[Any]]


def _prompt_reference(name: str) -> dict[str, Any]:
    return {"type": "ref/prompt", "name": name}


def _object_schema(more: dict[str, Any]) -> dict[str, Any]:
    return {**more, "type": "object"}


def _experimental(flags: dict[str, Any]) -> model.Capabilities:
    return model.Capabilities(experimental={"x": flags})


class Shapes:
    """Strategies for the classes of one codec; `own` says what a class allows beyond its types."""

    def __init__(self, codec: ModelCodec, own: Own, blocks: tuple[type, ...]) -> None:
        self._codec = codec
        self._own = own
        self._blocks = blocks

    def of(self, cls: type) -> st.SearchStrategy[Any]:
        resolve_types(cls)
        known = self._codec.plan(cls).own
        members = {
            attribute.name: self._member(cls, attribute)
            for attribute in fields(cls)
            if attribute.name != "extras" and wire_name(attribute.name) in known
        }
        required = {a.name for a in fields(cls) if a.default is NOTHING} & set(members)
        extras = UNKNOWN if issubclass(cls, model.Shape) else st.none()
        return st.fixed_dictionaries(
            {name: strategy for name, strategy in members.items() if name in required},
            optional={
                **{name: strategy for name, strategy in members.items() if name not in required},
                "extras": extras,
            },
        ).map(lambda values: cls(**values))

    def _member(self, cls: type, attribute: Any) -> st.SearchStrategy[Any]:
        for owner in cls.__mro__:
            if (owner, attribute.name) in self._own:
                return self._own[(owner, attribute.name)]
        return self._typed(attribute.type)

    def _typed(self, kind: Any) -> st.SearchStrategy[Any]:
        simple = {str: TEXT, int: st.integers(), float: NUMBERS, bool: st.booleans(), Any: VALUES}
        if kind in simple:
            return simple[kind]
        if has(kind):
            return self._later(kind)
        origin, args = get_origin(kind), get_args(kind)
        if origin is Literal:
            return st.sampled_from(args)
        if origin is list:
            return st.lists(self._typed(args[0]), max_size=3)
        if origin is dict:
            return OBJECTS if args[1] is Any else st.dictionaries(TEXT, self._typed(args[1]))
        assert origin in (Union, UnionType)
        if model.TextContent in args:
            return self.block()
        return st.one_of([self._typed(arg) for arg in args if arg is not NoneType])

    def _later(self, cls: type) -> st.SearchStrategy[Any]:
        return st.deferred(lambda: self.of(cls))

    def block(self) -> st.SearchStrategy[Any]:
        return st.one_of([self._later(cls) for cls in self._blocks])


OPAQUE = TEXT.filter(lambda kind: kind not in model.CONTENT_TYPES)
TEXT_BLOCKS = st.lists(st.builds(model.TextContent, TEXT), max_size=2)
PLAIN_BLOCKS = (model.TextContent, model.ImageContent, model.EmbeddedResource, model.OpaqueContent)
COMMON: Own = {
    (model.OpaqueContent, "type"): OPAQUE,
    (model.ToolResultContent, "content"): TEXT_BLOCKS,
    (model.CompletionRequest, "ref"): st.builds(_prompt_reference, TEXT),
}


def native_shapes(codec: ModelCodec) -> Shapes:
    return Shapes(codec, COMMON, (*PLAIN_BLOCKS, *BLOCKS))


def mcp_shapes(codec: ModelCodec, revision: str) -> Shapes:
    blocks = (*PLAIN_BLOCKS, *(cls for cls, span in BLOCKS.items() if revision in span))
    own: Own = {**COMMON, **_capabilities(), **_sampled(codec, revision)}
    own[(model.TaskDescriptor, "kind")] = st.just("tools/call")
    own[(model.TaskDescriptor, "status")] = st.sampled_from(["working", "completed", "failed"])
    # With a block, so that no mirror is added.
    said = st.builds(model.CallResult, st.just([model.TextContent("x")]), OBJECTS)
    own[(model.DetailedTask, "result")] = st.none() | said
    own[(model.Cacheable, "ttl_ms")] = st.integers(0, 2**31)
    if revision <= R3:
        own[(model.ElicitationResult, "content")] = st.dictionaries(TEXT, TEXT | st.integers())
    if revision < R5:
        schema = st.builds(_object_schema, OBJECTS)
        own[(model.ToolDefinition, "output_schema")] = schema
        own[(model.ToolResultContent, "structured_content")] = OBJECTS
    return Shapes(codec, own, blocks)


def _capabilities() -> Own:
    """Flags whose names have no history."""
    flags = st.dictionaries(st.sampled_from("ab"), st.booleans(), max_size=2)
    some = st.builds(_experimental, flags)
    return {
        (model.InitializeParams, "capabilities"): some,
        (model.InitializeResult, "capabilities"): some,
        (model.DiscoverResult, "capabilities"): some,
        (model.Capabilities, "roots"): flags,
        (model.Capabilities, "sampling"): flags,
        (model.Capabilities, "elicitation"): flags,
    }


def _sampled(codec: ModelCodec, revision: str) -> Own:
    kinds: tuple[type, ...] = (model.TextContent, model.ImageContent)
    if revision > R1:
        kinds = (*kinds, model.AudioContent)
    if revision >= R4:
        kinds = (*kinds, model.ToolUseContent)
    content = Shapes(codec, COMMON, kinds).block()
    if revision >= R4:
        content = content | st.lists(content, max_size=2)
    return {
        (model.SamplingMessage, "content"): content,
        (model.SamplingResult, "content"): content,
    }


def elicitations(revision: str) -> st.SearchStrategy[Any]:
    """Forms and pages, complete."""
    form = st.builds(
        model.ElicitationRequest,
        TEXT,
        st.just({"type": "object", "properties": {}}),
        mode=st.none() if revision <= R3 else st.sampled_from([None, "form"]),
    )
    if revision <= R3:
        return form
    identifier = TEXT if revision == R4 else st.none()
    page = st.builds(
        model.ElicitationRequest, TEXT, mode=st.just("url"), url=TEXT, elicitation_id=identifier
    )
    return form | page


def call_results(shapes: Shapes, revision: str) -> st.SearchStrategy[Any]:
    """Results whose value the revision can carry; with blocks, so that no mirror is added."""
    blocks = st.lists(shapes.block(), min_size=1, max_size=3)
    value = st.none() if revision < R3 else (st.none() | (OBJECTS if revision < R5 else VALUES))
    return st.builds(
        model.CallResult, content=blocks, structured_content=value, is_error=st.booleans()
    )
