"""The result of a call that was made elsewhere, passed on as it came.

Rules of this file:
- Only text is taken: that is what most results are, and it can be checked at a glance. What else a
  result holds is decoded by its codec.
- It is decoded when somebody looks into it. As long as nobody has, and nobody changed it, the codec
  that could have read it writes it as it stood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...jsontext import is_list, is_object
from ...model import CallResult, TextContent

if TYPE_CHECKING:
    from ...codec import ModelCodec

_MEMBERS = frozenset({"content", "structuredContent", "isError", "_meta"})

_content: Any = CallResult.__dict__["content"]
"""Where the blocks are kept; in the class below a property stands before it."""


class RelayedResult(CallResult):
    """A call result like any other; see the rules above."""

    __slots__ = ("_codec", "_raw")

    _codec: ModelCodec
    _raw: dict[str, Any] | None

    @property
    def content(self) -> list[Any]:
        """The blocks, decoded now if they were not yet."""
        raw = self._raw
        if raw is not None:
            blocks = [TextContent(block["text"]) for block in raw["content"]]
            self.content = blocks  # pyright: ignore[reportIncompatibleVariableOverride]
            return blocks
        decoded: list[Any] = _content.__get__(self)
        return decoded

    @content.setter
    def content(self, blocks: list[Any]) -> None:
        self._raw = None
        _content.__set__(self, blocks)

    def come_as(self, codec: ModelCodec, raw: dict[str, Any]) -> RelayedResult:
        """Stand for this JSON, which `codec` would read."""
        self._codec, self._raw = codec, raw
        return self

    def short(self, most: int) -> bool:
        """Whether it is certain, without decoding it, that no text is longer than `most`
        characters."""
        raw = self._raw
        return raw is not None and all(len(block["text"]) <= most for block in raw["content"])

    def unchanged(self, codec: ModelCodec) -> dict[str, Any] | None:
        """The result as it came, if that is what `codec` would make of it."""
        raw = self._raw
        if (
            raw is None
            or self._codec is not codec
            or self.carrier != "both"
            or self.structured_content is not raw.get("structuredContent")
            or self.meta is not raw.get("_meta")
            or self.is_error is not raw.get("isError", False)
            or self.extras
            or self.handle is not None
            or self.preview is not None
        ):
            return None
        return raw


def relayed(codec: ModelCodec, raw: Any) -> RelayedResult | None:
    """A result `codec` would read; None for one it has to."""
    if not is_object(raw) or not _MEMBERS.issuperset(raw):
        return None
    content, failed, meta = raw.get("content"), raw.get("isError", False), raw.get("_meta")
    if not is_list(content) or not all(map(_is_text, content)) or type(failed) is not bool:
        return None
    value = raw.get("structuredContent")
    if "structuredContent" in raw and (value is None or not content):
        return None
    if "_meta" in raw and not is_object(meta):
        return None
    return RelayedResult([], value, failed, carrier="both", meta=meta).come_as(codec, raw)


def _is_text(block: Any) -> bool:
    """A text block with no more than it needs."""
    if not is_object(block) or len(block) != 2:
        return False
    return block.get("type") == "text" and type(block.get("text")) is str


def passing_on(codec: ModelCodec, whole: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """How `codec` encodes it; `whole` encodes any other call result."""

    def encode(result: RelayedResult) -> Any:
        raw = result.unchanged(codec)
        return whole(result) if raw is None else raw

    return encode
