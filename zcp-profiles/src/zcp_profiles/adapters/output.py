"""Tool results as text for a model, and back.

A result is said once: its structured content as compact JSON (a list of like records as a table),
or its text; never both. A handle is said as `{"$handle": id, …}`, the form in which the model can
pass it on; an error begins with `error: `. What has no text (images, sounds) is named in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from zcp_kernel.codec import PLAIN
from zcp_kernel.errors import ParseError
from zcp_kernel.jsontext import dumps, is_list, is_object, loads
from zcp_kernel.model import CallResult

from ..compact import format_result
from ..compact.tables import as_table, read_table
from ..compact.text import format_value

ERROR = "error: "
NOTHING = "(no output)"
_HANDLE = re.compile(r"\$handle\b|\bkept as \S")
_UNTOLD = ("id", "alias", "ttlMs")
_RESULT_MEMBERS = {"content", "isError", "structuredContent", "handle", "preview", "_meta", "task"}


def encode_tool_output(result: Any) -> str:
    """What a model is told of a tool's result.

    `result` is what `call_tool` returned, a `CallResult`, or any value JSON can say (then it is
    that value's compact JSON, a string as it is). Raises `ValueError` for what JSON cannot say.
    """
    if isinstance(result, CallResult):
        result = PLAIN.encode(result)
    if not _is_result(result):
        return format_value(result) or NOTHING
    text = _body(result) or NOTHING
    return ERROR + text if result.get("isError") and not text.startswith(ERROR) else text


def decode_tool_output(text: str) -> dict[str, Any]:
    """The result `text` tells of: `{"content", "isError", "structuredContent"?, "handle"?}`.

    Encoding it again gives the same text. JSON text counts as structured content; images are gone.
    """
    is_error = text.startswith(ERROR)
    body = text[len(ERROR) :] if is_error else text
    result: dict[str, Any] = {"content": [], "isError": is_error}
    if body == NOTHING:
        return result
    value = None if is_error else _parsed(body)
    if value is None:
        result["content"] = [{"type": "text", "text": body}]
    elif is_object(value) and isinstance(value.get("$handle"), str):
        told = {name: item for name, item in value.items() if name not in ("$handle", "preview")}
        result["handle"] = {"id": value["$handle"], **told}
        if "preview" in value:
            result["preview"] = value["preview"]
    else:
        result["structuredContent"] = value
    return result


def error_text(message: str, data: Any = None) -> str:
    """An error a model can mend its call by: the message, and every fault on a line of its own."""
    faults = data.get("errors") if is_object(data) else None
    if not is_list(faults) or not faults:
        return ERROR + message
    lines = [_fault(fault) for fault in faults if is_object(fault)]
    return "\n".join([f"{ERROR}the arguments do not fit; correct them and call again", *lines])


def names_handle(text: str) -> bool:
    """Whether a model that reads this may know a handle: a result's own, or that of a step of a
    pipeline which stopped."""
    return _HANDLE.search(text) is not None


def images_of(result: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The images among a result's content."""
    blocks: Iterable[Any] = result.get("content") or ()
    return tuple(block for block in blocks if is_object(block) and block.get("type") == "image")


def _fault(fault: dict[str, Any]) -> str:
    return f"- {fault.get('path') or 'arguments'}: {fault.get('message', fault.get('code', ''))}"


def _is_result(value: Any) -> bool:
    if not is_object(value) or not value.keys() <= _RESULT_MEMBERS | {"resultType"}:
        return False
    return is_list(value.get("content")) or "isError" in value or "handle" in value


def _body(result: dict[str, Any]) -> str:
    handle = result.get("handle")
    if is_object(handle):
        told = {name: item for name, item in handle.items() if name not in _UNTOLD}
        preview = {"preview": result["preview"]} if result.get("preview") is not None else {}
        return _json({"$handle": handle.get("alias") or handle.get("id"), **told, **preview})
    return format_result({**result, "isError": False})


def _json(value: Any) -> str:
    return dumps(value).decode()


def _parsed(text: str) -> Any:
    """The value of JSON text or of a table, None for any other text."""
    try:
        return loads(text.encode())
    except (ParseError, UnicodeEncodeError):
        pass  # no JSON; perhaps a table
    try:
        table = read_table(text)
        return table if as_table(table) == text else None
    except (ParseError, ValueError):
        return None
