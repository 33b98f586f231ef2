"""What a docstring says about a function and its parameters: Google, numpy and Sphinx style."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from attrs import field, frozen

_SECTION = re.compile(
    r"(?:Args|Arguments|Parameters|Params|Attributes|Keyword Args|Keyword Arguments"
    r"|Other Parameters|Returns|Return|Yields|Yield|Raises|Example|Examples|Note|Notes"
    r"|See Also|References|Warning|Warnings)\s*:?\s*\Z",
    re.IGNORECASE,
)
_PARAMETERS = frozenset(
    {
        "args",
        "arguments",
        "parameters",
        "params",
        "attributes",
        "keyword args",
        "keyword arguments",
        "other parameters",
    }
)
_GOOGLE = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)\Z")
_NUMPY = re.compile(r"\*{0,2}(\w+(?:\s*,\s*\w+)*)\s*(?::.*)?\Z")
_SPHINX = re.compile(r":(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?(\w+)\s*:(.*)\Z")
_SPHINX_FIELD = re.compile(r":\w+(?:\s[^:]*)?:")
_RULE = re.compile(r"-{3,}\Z")


@frozen
class Docstring:
    """`description` is everything before the first section, `parameters` maps names to texts."""

    description: str | None = None
    parameters: dict[str, str] = field(factory=dict[str, str])


def parse(text: str | None) -> Docstring:
    """Read a docstring; a style it does not know is description as a whole."""
    if not text:
        return Docstring()
    lines = inspect.cleandoc(text).splitlines()
    start = next((n for n, _ in enumerate(lines) if _opens(lines, n)), len(lines))
    parameters: dict[str, str] = {}
    for title, body in _sections(lines):
        if title in _PARAMETERS:
            parameters.update(_entries(body))
    parameters.update(_sphinx(lines))
    return Docstring("\n".join(lines[:start]).strip() or None, parameters)


def _opens(lines: list[str], at: int) -> bool:
    return _title(lines, at) is not None or bool(_SPHINX_FIELD.match(lines[at]))


def _title(lines: list[str], at: int) -> str | None:
    """The section that begins at this line, in lower case."""
    line = lines[at]
    if not _SECTION.match(line):
        return None
    underlined = at + 1 < len(lines) and bool(_RULE.match(lines[at + 1].strip()))
    indented = at + 1 < len(lines) and lines[at + 1][:1].isspace() and line.rstrip().endswith(":")
    return line.strip().rstrip(":").strip().lower() if underlined or indented else None


def _sections(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    title, body = "", list[str]()
    for at, line in enumerate(lines):
        found = _title(lines, at)
        if found is not None:
            yield title, body
            title, body = found, []
        elif not _RULE.match(line.strip()):
            body.append(line)
    yield title, body


def _entries(body: list[str]) -> dict[str, str]:
    """`name: text` (Google) or `name : type` with the text below it (numpy)."""
    filled = [line for line in body if line.strip()]
    if not filled:
        return {}
    margin = len(filled[0]) - len(filled[0].lstrip())
    found: dict[str, str] = {}
    names: list[str] = []
    for line in filled:
        text = line.strip()
        if len(line) - len(line.lstrip()) > margin:
            found.update({name: f"{found[name]} {text}".strip() for name in names})
            continue
        pattern = _GOOGLE if margin else _NUMPY
        match = pattern.match(text)
        names = [name.strip() for name in match[1].split(",")] if match else []
        found.update(dict.fromkeys(names, match[2].strip() if match and margin else ""))
    return {name: text for name, text in found.items() if text}


def _sphinx(lines: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    name = None
    for line in lines:
        match = _SPHINX.match(line)
        if match:
            name = match[1]
            found[name] = match[2].strip()
        elif name and line[:1].isspace():
            found[name] = f"{found[name]} {line.strip()}".strip()
        else:
            name = None
    return {name: text for name, text in found.items() if text}
