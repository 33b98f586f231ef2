"""What a model reads of tools: from the request's list, from a signature, from a search."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LINE = re.compile(r"^(?P<name>[\w.-]+)(?P<signature>\(.*?\))(?: - (?P<about>.*))?$")
_TRAILING = re.compile(r"(?P<signature>\([\w?]+:.*\)|\(\))$", re.DOTALL)
_KINDS = {"str": "string", "int": "integer", "num": "number", "bool": "boolean", "obj": "object"}


@dataclass(frozen=True)
class Parameter:
    """`kind` is a JSON type, `list` of strings, `rows` of anything, or `any`."""

    name: str
    kind: str
    required: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offer:
    """A tool as the model knows it; `text` is all it could read of what the tool does."""

    name: str
    text: str
    parameters: tuple[Parameter, ...]

    def has(self, name: str) -> bool:
        return any(parameter.name == name for parameter in self.parameters)


def from_request(tools: Sequence[Mapping[str, Any]]) -> list[Offer]:
    """The offers in the `tools` of a Chat Completions request."""
    return [_offer(tool.get("function", tool), "parameters") for tool in tools]


def from_search(text: str) -> list[Offer]:
    """The offers in what a search tool answered: lines with signatures, or definitions in JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return list(_from_lines(text))
    return [_offer(tool, "inputSchema") for tool in found if isinstance(tool, dict)]


def _from_lines(text: str) -> Iterator[Offer]:
    for line in text.splitlines():
        at = _LINE.match(line.strip())
        if at is not None:
            yield Offer(at["name"], at["about"] or "", tuple(from_signature(at["signature"])))


def _offer(tool: Mapping[str, Any], member: str) -> Offer:
    text = str(tool.get("description") or "")
    schema = tool.get(member) or {}
    if not schema.get("properties") and (at := _TRAILING.search(text)):
        return Offer(tool["name"], text[: at.start()], tuple(from_signature(at["signature"])))
    required = schema.get("required", ())
    parameters = [
        _parameter(name, each, name in required)
        for name, each in schema.get("properties", {}).items()
    ]
    return Offer(tool["name"], text, tuple(parameters))


def _parameter(name: str, schema: Mapping[str, Any], required: bool) -> Parameter:
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    if len(options) > 1:
        return Parameter(name, "any", required)
    only = options[0] if options else {}
    choices = tuple(str(each) for each in only.get("enum", ()) if each is not None)
    kind = only.get("type", "any")
    if isinstance(kind, list):
        kind = "any"
    if kind == "array":
        kind = "list" if only.get("items", {}).get("type") == "string" else "rows"
    return Parameter(name, kind, required, choices)


def from_signature(signature: str) -> Iterator[Parameter]:
    """The parameters of `(city:str, days?:int, unit?:a|b)`."""
    for part in _parts(signature.strip()[1:-1]):
        name, _, kind = part.partition(":")
        optional = name.endswith("?")
        options = [each for each in kind.split("|") if each != "null"]
        known: str = "any"
        choices: tuple[str, ...] = ()
        if kind.startswith("["):
            known = "list" if options[0] == "[str]" else "rows"
        elif kind == "list" or options == ["list"]:
            known = "rows"
        elif len(options) == 1 and options[0] in _KINDS:
            known = _KINDS[options[0]]
        elif not any(each in _KINDS or each == "any" for each in options):
            known, choices = "string", tuple(options)
        yield Parameter(name.rstrip("?"), known, not optional, choices)


def _parts(text: str) -> Iterator[str]:
    depth, begin = 0, 0
    for at, mark in enumerate(text):
        depth += (mark in "([{") - (mark in ")]}")
        if mark == "," and depth == 0:
            yield text[begin:at].strip()
            begin = at + 1
    if text[begin:].strip():
        yield text[begin:].strip()
