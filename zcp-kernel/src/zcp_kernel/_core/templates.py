"""URI templates: RFC 6570 level 1 (`{var}`) and the reserved form of level 2 (`{+path}`)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_VARIABLE = re.compile(r"\{(\+?)([A-Za-z_][A-Za-z0-9_.]*)\}")
_RESERVED = ":/?#[]@!$&'()*+,;="


class UriTemplate:
    """A compiled template: `match` takes a URI apart, `expand` puts one together.

    Raises `ValueError` for an expression beyond the supported levels, or a variable named twice.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self.variables: tuple[str, ...] = tuple(name for _, name in _VARIABLE.findall(template))
        rest = _VARIABLE.sub("", template)
        if "{" in rest or "}" in rest:
            raise ValueError(
                f"URI template {template!r}: only {{name}} and {{+name}} are supported (RFC 6570)"
            )
        if len(set(self.variables)) != len(self.variables):
            raise ValueError(f"URI template {template!r} names a variable twice")
        self._reserved = {name for plus, name in _VARIABLE.findall(template) if plus}
        self._regex = re.compile(self._pattern(template))

    @staticmethod
    def _pattern(template: str) -> str:
        parts: list[str] = []
        position = 0
        for index, found in enumerate(_VARIABLE.finditer(template)):
            parts.append(re.escape(template[position : found.start()]))
            charset = "[^?#]+" if found.group(1) else "[^/?#]+"
            parts.append(f"(?P<v{index}>{charset})")
            position = found.end()
        parts.append(re.escape(template[position:]))
        return "".join(parts)

    def match(self, uri: str) -> dict[str, str] | None:
        """The decoded variables of `uri`, None when it does not fit or would escape its place.

        A decoded value must not climb (`..` as a path segment), hold a NUL, or, in `{var}`, hide a
        separator: `%2F` in a level-1 variable is how a traversal is smuggled in.
        """
        found = self._regex.fullmatch(uri)
        if found is None:
            return None
        values = {
            name: unquote(found.group(f"v{index}")) for index, name in enumerate(self.variables)
        }
        if all(self._stays_put(name, value) for name, value in values.items()):
            return values
        return None

    def _stays_put(self, name: str, value: str) -> bool:
        if "\x00" in value or ".." in re.split(r"[/\\]", value):
            return False
        return name in self._reserved or not ("/" in value or "\\" in value)

    def expand(self, values: dict[str, str]) -> str:
        """The URI with every variable filled in. Raises `KeyError` naming a missing one."""

        def fill(found: re.Match[str]) -> str:
            plus, name = found.groups()
            return quote(str(values[name]), safe=_RESERVED if plus else "")

        return _VARIABLE.sub(fill, self.template)
