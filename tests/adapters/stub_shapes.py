"""What a model says, in the wire form of each API, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from attrs import frozen

RESPONSES, CHAT, MESSAGES = "/v1/responses", "/v1/chat/completions", "/v1/messages"


@frozen
class Say:
    """Text, and calls as `(id, name, arguments)`; arguments are a dict, or JSON text."""

    text: str = ""
    calls: tuple[tuple[str, str, Any], ...] = ()
    stop: str | None = None
    refusal: str | None = None
    thinking: bool = False
    input_tokens: int = 10
    output_tokens: int = 5
    status: int = 200
    broken: bool = False


def call(name: str, arguments: Any = None, id: str = "call_1") -> Say:
    return Say(calls=((id, name, arguments or {}),))


def calls(*each: tuple[str, Any]) -> Say:
    return Say(calls=tuple((f"call_{n}", name, args) for n, (name, args) in enumerate(each, 1)))


def body_of(path: str, said: Say, request: dict[str, Any]) -> dict[str, Any]:
    return {RESPONSES: _response, CHAT: _completion, MESSAGES: _message}[path](said, request)


def events_of(path: str, said: Say, request: dict[str, Any]) -> Iterator[str]:
    frames = {RESPONSES: _response_events, CHAT: _chunks, MESSAGES: _message_events}[path]
    listed = list(frames(said, request))
    yield from listed[: len(listed) // 2] if said.broken else listed


def _json_text(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


# -- Responses ------------------------------------------------------------------------------------


def _response(said: Say, request: dict[str, Any]) -> dict[str, Any]:
    output: list[dict[str, Any]] = []
    if said.thinking:
        output.append({"type": "reasoning", "id": "rs_1", "summary": []})
    if said.text or said.refusal:
        part: dict[str, Any] = {"type": "output_text", "text": said.text, "annotations": []}
        if said.refusal:
            part = {"type": "refusal", "refusal": said.refusal}
        output.append(
            {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
             "content": [part]}
        )  # fmt: skip
    for id, name, arguments in said.calls:
        output.append(
            {"type": "function_call", "id": f"fc_{id}", "call_id": id, "name": name,
             "arguments": _json_text(arguments), "status": "completed"}
        )  # fmt: skip
    status = {"length": "incomplete", "failed": "failed"}.get(said.stop or "", "completed")
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": status,
        "error": {"code": "server_error", "message": "overloaded"} if status == "failed" else None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "model": request["model"],
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": request.get("tools", []),
        "usage": {
            "input_tokens": said.input_tokens,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
            "output_tokens": said.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": said.input_tokens + said.output_tokens,
        },
    }


def _response_events(said: Say, request: dict[str, Any]) -> Iterator[str]:
    whole = _response(said, request)
    frames: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}}
    ]
    for index, item in enumerate(whole["output"]):
        frames.append({"type": "response.output_item.added", "output_index": index, "item": item})
        if item["type"] == "message":
            frames += [
                {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": index,
                 "content_index": 0, "delta": piece, "logprobs": []}
                for piece in _pieces(said.text)
            ]  # fmt: skip
        frames.append({"type": "response.output_item.done", "output_index": index, "item": item})
    frames.append({"type": f"response.{whole['status']}", "response": whole})
    for number, frame in enumerate(frames):
        data = json.dumps({**frame, "sequence_number": number})
        yield f"event: {frame['type']}\ndata: {data}\n\n"


# -- Chat Completions -----------------------------------------------------------------------------


def _tool_calls(said: Say) -> list[dict[str, Any]]:
    return [
        {"id": id, "type": "function",
         "function": {"name": name, "arguments": _json_text(arguments)}}
        for id, name, arguments in said.calls
    ]  # fmt: skip


def _completion(said: Say, request: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant", "content": said.text or None, "refusal": said.refusal
    }  # fmt: skip
    if said.calls:
        message["tool_calls"] = _tool_calls(said)
    finish = said.stop or ("tool_calls" if said.calls else "stop")
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": request["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": _chat_usage(said),
    }


def _chat_usage(said: Say) -> dict[str, Any]:
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.input_tokens + said.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }


def _chunks(said: Say, request: dict[str, Any]) -> Iterator[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _pieces(said.text)]
    if said.refusal:
        deltas.append({"refusal": said.refusal})
    for index, one in enumerate(_tool_calls(said)):
        function = one["function"]
        head = {**one, "index": index, "function": {"name": function["name"], "arguments": ""}}
        deltas.append({"tool_calls": [head]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in _pieces(function["arguments"])
        ]
    finish = said.stop or ("tool_calls" if said.calls else "stop")
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    common = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": request["model"]}
    for choice in choices:
        yield f"data: {json.dumps({**common, 'choices': [choice]})}\n\n"
    if (request.get("stream_options") or {}).get("include_usage"):
        yield f"data: {json.dumps({**common, 'choices': [], 'usage': _chat_usage(said)})}\n\n"
    yield "data: [DONE]\n\n"


# -- Messages -------------------------------------------------------------------------------------


def _message(said: Say, request: dict[str, Any]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    if said.thinking:
        content.append({"type": "thinking", "thinking": "hm", "signature": "sig"})
    if said.text:
        content.append({"type": "text", "text": said.text})
    for id, name, arguments in said.calls:
        content.append({"type": "tool_use", "id": id, "name": name, "input": arguments})
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": said.stop or ("tool_use" if said.calls else "end_turn"),
        "stop_sequence": None,
        "usage": {
            "input_tokens": said.input_tokens - 4,
            "cache_read_input_tokens": 4,
            "cache_creation_input_tokens": 0,
            "output_tokens": said.output_tokens,
        },
    }


def _message_events(said: Say, request: dict[str, Any]) -> Iterator[str]:
    whole = _message(said, request)
    start = {**whole, "content": [], "stop_reason": None}
    frames: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    for index, block in enumerate(whole["content"]):
        frames += _block_frames(index, block)
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    usage = {"output_tokens": said.output_tokens}
    frames += [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
    for frame in frames:
        yield f"event: {frame['type']}\ndata: {json.dumps(frame)}\n\n"


def _block_frames(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "tool_use":
        empty: dict[str, Any] = {**block, "input": {}}
        pieces = _pieces(json.dumps(block["input"]))
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    elif block["type"] == "text":
        empty = {"type": "text", "text": ""}
        deltas = [{"type": "text_delta", "text": piece} for piece in _pieces(block["text"])]
    else:
        empty = {"type": "thinking", "thinking": "", "signature": ""}
        deltas = [
            {"type": "thinking_delta", "thinking": block["thinking"]},
            {"type": "signature_delta", "signature": block["signature"]},
        ]
    yield {"type": "content_block_start", "index": index, "content_block": empty}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def _pieces(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]
