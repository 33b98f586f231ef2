"""The forms in which handlers and hooks say what goes between a server and its client's user.

One table, both ways (native-protocol.md, section 9):

    {kind, prompt, fields}          <->  {message, requestedSchema | url}
    {accepted, fields | data}       <->  {action, content}
    {role, content: "text"}          ->  {role, content: {type: "text", text}, model: "unknown"}

Member names are taken in camelCase and in snake_case. A `kind` that is neither `form` nor `url`
travels as `_meta["zcp/kind"]`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from .._core.narrow import is_iterable, is_mapping, is_sequence
from ..codec import PLAIN
from ..errors import Fault, InvalidParams
from ..model import (
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    SamplingRequest,
    SamplingResult,
    wire_name,
)
from .form_fields import fields_of_schema, schema_of_fields, with_defaults

KIND_META = "zcp/kind"
ACTIONS = ("accept", "decline", "cancel")


def _members(value: Any, more: Mapping[str, Any], what: str) -> dict[str, Any]:
    """`value` with camelCase names, and of `more` what it lacks; None is absent."""
    given: Any = {} if value is None else value
    if not is_mapping(given):
        raise _misfit(what, f"expected a dict, got {type(value).__name__}")
    members: dict[str, Any] = {}
    for source in (given, more):
        for name, item in source.items():
            if item is not None:
                members.setdefault("_meta" if name in ("meta", "_meta") else wire_name(name), item)
    return members


def _misfit(what: str, message: str, path: str = "") -> InvalidParams:
    return InvalidParams(f"invalid:{what}: {message}", [Fault(path, "type", message)])


def _missing(what: str, path: str) -> InvalidParams:
    message = f"{path} is required"
    return InvalidParams(f"missing:{what}: {message}", [Fault(path, "required", message)])


# -- sampling ------------------------------------------------------------------------------------


def sampling_request(value: Any = None, /, **more: Any) -> SamplingRequest:
    """A sampling request from a dict, keywords, or both (the dict wins).

    `messages` is a list of `{role, content}` with a string, a block or a list of blocks as content,
    or one string. Raises `InvalidParams` with every fault.
    """
    if isinstance(value, SamplingRequest):
        return value
    members = _members(value, more, "sampling")
    for name in ("messages", "maxTokens"):
        if name not in members:
            raise _missing("sampling", name)
    members["messages"] = [_message(item) for item in _listed(members["messages"])]
    return PLAIN.decode(SamplingRequest, members)


def sampling_for_hook(request: SamplingRequest) -> dict[str, Any]:
    """What a sampling hook receives: the request as a dict with camelCase names."""
    plain: dict[str, Any] = PLAIN.encode(request)
    return plain


def sampling_result(value: Any) -> SamplingResult:
    """What a sampling hook returned: a string, a dict or the shape itself. Raises `InvalidParams`.

    `role` defaults to `assistant`, `model` to `unknown`.
    """
    if isinstance(value, SamplingResult):
        return value
    if isinstance(value, str):
        value = {"content": value}
    members = _members(value, {"role": "assistant", "model": "unknown"}, "sampling result")
    if "content" not in members:
        raise _missing("sampling result", "content")
    members["content"] = _content(members["content"])
    return PLAIN.decode(SamplingResult, members)


def _listed(messages: Any) -> Iterable[Any]:
    return messages if is_iterable(messages) else [messages]


def _message(message: Any) -> Any:
    if isinstance(message, str):
        return {"role": "user", "content": _content(message)}
    if is_mapping(message):
        members = _members(message, {"role": "user"}, "sampling message")
        if "content" in members:
            members["content"] = _content(members["content"])
        return members
    return PLAIN.encode(message)


def _content(content: Any) -> Any:
    if isinstance(content, str):
        return {"type": "text", "text": content}
    if is_mapping(content):
        kind = {"type": "text"} if "text" in content else {}
        return _members(content, kind, "content")
    if is_sequence(content):
        return [_content(block) for block in content]
    return PLAIN.encode(content)


# -- elicitation ---------------------------------------------------------------------------------


def elicitation_request(value: Any = None, /, **more: Any) -> ElicitationRequest:
    """An elicitation from a string, a dict in either form, keywords, or both (the dict wins).

    Raises `InvalidParams` if it asks nothing, or a URL elicitation names no URL.
    """
    if isinstance(value, ElicitationRequest):
        return value
    if isinstance(value, str):
        value = {"message": value}
    members = _members(value, more, "elicitation")
    kind, mode = members.pop("kind", None), members.pop("mode", None)
    prompt, fields = members.pop("prompt", None), members.pop("fields", None)
    schema = members.pop("requestedSchema", members.pop("schema", None))
    members["message"] = members.get("message", prompt)
    if not isinstance(members["message"], str):
        raise _missing("elicitation", "message")
    if "url" in members or "url" in (kind, mode):
        _complete_url(members)
    else:
        members["requestedSchema"] = schema_of_fields(fields if schema is None else schema)
        if mode is not None:
            members["mode"] = mode
    if kind is not None and kind not in ("form", "url"):
        members["_meta"] = {**members.get("_meta", {}), KIND_META: kind}
    return PLAIN.decode(ElicitationRequest, members)


def _complete_url(members: dict[str, Any]) -> None:
    if not isinstance(members.get("url"), str):
        raise _missing("elicitation", "url")
    members["mode"] = "url"
    members.setdefault("elicitationId", token_urlsafe(16))


def elicitation_for_hook(request: ElicitationRequest) -> dict[str, Any]:
    """What an elicitation hook receives: a dict that holds both forms.

    `fields` maps a field to its schema, `required` among its members.
    """
    plain: dict[str, Any] = PLAIN.encode(request)
    kind = (request.meta or {}).get(KIND_META)
    is_url = request.mode == "url" or request.url is not None
    plain["kind"] = kind or ("url" if is_url else "form")
    plain["prompt"] = request.message
    plain["fields"] = fields_of_schema(request.requested_schema)
    return plain


def elicitation_result(value: Any, request: ElicitationRequest | None = None) -> ElicitationResult:
    """What an elicitation hook returned: a bool, an action, `(action, content)`, a dict in either
    form, or the shape itself. Raises `InvalidParams`.

    With the `request` it answers, defaults of the requested schema fill in fields left out.
    """
    result = _elicitation_result(value)
    if not result.accepted:
        return ElicitationResult(result.action, meta=result.meta, extras=result.extras)
    if request is not None and request.requested_schema is not None:
        result.content = with_defaults(result.content or {}, request.requested_schema)
    return result


def _elicitation_result(value: Any) -> ElicitationResult:
    if isinstance(value, ElicitationResult):
        return value
    if isinstance(value, bool):
        return ElicitationResult("accept" if value else "decline")
    if isinstance(value, str):
        value = {"action": value}
    if is_sequence(value) and len(value) == 2:
        value = {"action": value[0], "content": value[1]}
    members = _members(value, {}, "elicitation result")
    accepted = members.pop("accepted", None)
    fields, data = members.pop("fields", None), members.pop("data", None)
    if accepted is not None:
        members.setdefault("action", "accept" if accepted else "decline")
    content = next((item for item in (fields, data) if item is not None), None)
    if content is not None:
        members.setdefault("content", content)
    return _checked_answer(members)


def _checked_answer(members: dict[str, Any]) -> ElicitationResult:
    action, content = members.get("action"), members.get("content")
    if action is None:
        raise _missing("elicitation result", "action (or accepted)")
    if action not in ACTIONS:
        raise _misfit("elicitation result", f"action is not one of {', '.join(ACTIONS)}", "action")
    if content is not None and not is_mapping(content):
        raise _misfit("elicitation result", "the fields must be a dict", "content")
    return PLAIN.decode(ElicitationResult, members)


# -- roots -----------------------------------------------------------------------------------------


def roots_result(value: Any) -> ListRootsResult:
    """What a roots provider returned: URIs, paths, `{uri, name?}` dicts, in a list or under
    `roots`. Raises `InvalidParams`."""
    if isinstance(value, ListRootsResult):
        return value
    roots: Any = value["roots"] if is_mapping(value) and "roots" in value else value
    if not is_iterable(roots):
        raise _misfit("roots", f"expected a list, got {type(roots).__name__}")
    return PLAIN.decode(ListRootsResult, {"roots": [_root(root) for root in roots]})


def _root(root: Any) -> Any:
    if isinstance(root, str):
        return {"uri": root}
    if isinstance(root, os.PathLike):
        path = Path(os.fsdecode(root)).absolute()  # pyright: ignore[reportUnknownArgumentType]
        return {"uri": path.as_uri(), "name": path.name}
    return dict(root) if is_mapping(root) else PLAIN.encode(root)
