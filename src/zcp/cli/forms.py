"""Questions of a server, asked on the terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

import anyio

from .arguments import types_of
from .attending import Attendant
from .jsonvalues import entries, members
from .rendering import safe

_LINE_BYTES = 4096
_TRUE = ("y", "yes", "true", "1")
_FALSE = ("n", "no", "false", "0")


class TerminalForm:
    """An elicitation handler: asks field by field on standard input; Ctrl-D declines.

    Where standard input is no terminal, everything is declined.
    """

    def __init__(self, attendant: Attendant) -> None:
        self._attendant = attendant
        self._one_at_a_time = anyio.Lock()

    async def __call__(self, request: dict[str, Any]) -> dict[str, Any]:
        if not sys.stdin.isatty():
            self._attendant.say(f"declined, there is no terminal to ask on: {request['prompt']}")
            return {"action": "decline"}
        async with self._one_at_a_time:
            self._attendant.pause()
            try:
                return {"action": "accept", "content": await self._ask(request)}
            except EOFError:
                self._say("declined")
                return {"action": "decline"}

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        self._say(f"The server asks: {request['prompt']}  (Ctrl-D declines)")
        if request["kind"] == "url":
            await self._line(f"Open {request['url']} and press Enter when done: ")
            return {}
        schema = members(request.get("requestedSchema"))
        properties = members(schema.get("properties"))
        answers: dict[str, Any] = {}
        for name, field in properties.items():
            value = await self._field(name, members(field), name in entries(schema.get("required")))
            if value is not None:
                answers[name] = value
        if not properties:
            await self._line("Press Enter to accept: ")
        return answers

    async def _field(self, name: str, field: Mapping[str, Any], required: bool) -> Any:
        while True:
            text = await self._line(question(name, field, required))
            if not text:
                if "default" in field or not required:
                    return field.get("default")
                self._say("  a value is needed")
                continue
            try:
                return answer(text, field)
            except ValueError as error:
                self._say(f"  {error}")

    def _say(self, text: str) -> None:
        screen = self._attendant.screen
        print(safe(text), file=screen.err, flush=True)

    async def _line(self, prompt: str) -> str:
        """A line typed by the user, without a thread: a cancelled call must not leave one behind
        that still reads. Raises `EOFError` at the end of input."""
        screen = self._attendant.screen
        print(safe(prompt), end="", file=screen.err, flush=True)
        await anyio.wait_readable(sys.stdin)
        typed = os.read(sys.stdin.fileno(), _LINE_BYTES)
        if not typed:
            print(file=screen.err)
            raise EOFError
        return typed.decode("utf-8", "replace").strip()


def question(name: str, field: Mapping[str, Any], required: bool) -> str:
    """The prompt for one field: title, choices, default."""
    label = field.get("title") or name
    if field.get("description"):
        label += f" - {field['description']}"
    hints = [str(choice) for choice in choices(field)]
    if field.get("type") == "boolean":
        hints = ["yes", "no"]
    shown = f" ({'/'.join(hints)})" if hints else ""
    if "default" in field:
        shown += f" [{field['default']}]"
    elif not required:
        shown += " [skip]"
    return f"  {label}{shown}: "


def choices(field: Mapping[str, Any]) -> list[Any]:
    """The values a field is limited to; empty if it is not."""
    source = members(field.get("items")) if field.get("type") == "array" else field
    titled = entries(source.get("oneOf")) or entries(source.get("anyOf"))
    named = [each["const"] for each in map(members, titled) if "const" in each]
    return entries(source.get("enum")) or named


def answer(text: str, field: Mapping[str, Any]) -> Any:
    """What was typed as a value of the field. Raises `ValueError` saying what is wanted."""
    types = types_of(field, field) or frozenset({"string"})
    allowed = choices(field)
    if "array" in types:
        return [_choice(part.strip(), allowed) for part in text.split(",")]
    if "boolean" in types:
        return _boolean(text)
    value = text if "string" in types else _number(text, types)
    return _choice(value, allowed)


def _choice(value: Any, allowed: list[Any]) -> Any:
    if allowed and value not in allowed:
        raise ValueError(f"choose one of {', '.join(map(str, allowed))}")
    return value


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError("answer yes or no")


def _number(text: str, types: frozenset[str]) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a number is wanted")
    if "number" not in types and not isinstance(value, int):
        raise ValueError("a whole number is wanted")
    return value
