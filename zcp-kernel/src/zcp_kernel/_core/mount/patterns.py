"""URI templates of others, which may be of any level of RFC 6570."""

from __future__ import annotations

import re

from ..templates import UriTemplate

_EXPRESSION = re.compile(r"\{[^{}]*\}")


class LoosePattern(UriTemplate):
    """Matches every URI that has the literal parts in their order: what the expressions between
    them mean is for the server whose template it is to say. There are no variables."""

    def __init__(self, template: str) -> None:
        self.template = template
        self.variables = ()
        literal = [re.escape(part) for part in _EXPRESSION.split(template)]
        self._loose = re.compile(".*".join(literal), re.DOTALL)

    def match(self, uri: str) -> dict[str, str] | None:
        return {} if self._loose.fullmatch(uri) is not None else None


def pattern_of(template: str) -> UriTemplate:
    """The template, exactly where we know its level."""
    try:
        return UriTemplate(template)
    except ValueError:
        return LoosePattern(template)
