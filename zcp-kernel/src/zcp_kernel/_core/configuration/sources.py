"""Reads each source of configuration into one place; later sources win field by field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, cast

from attrs import NOTHING, Attribute, Factory, define, field, fields_dict, resolve_types

from ...errors import ConfigError
from .decode import DecodeError, from_data, from_text

_VARIABLE = re.compile(r"ZCP_([A-Z0-9]+(?:_[A-Z0-9]+)*)__([A-Z0-9_]+)")


@define
class Given:
    """What the sources said so far: decoded fields per section, and everything wrong with them."""

    classes: Mapping[str, type]
    values: dict[str, dict[str, Any]] = field(factory=dict[str, dict[str, Any]])
    problems: list[str] = field(factory=list[str])

    def fields(self, where: str, section: str) -> dict[str, Attribute[Any]] | None:
        """The fields of a section, None (and a problem noted) when nobody claims it."""
        if section not in self.classes:
            self.problems.append(f"{where}: {unknown_section(section, self.classes)}")
            return None
        return fields_dict(resolve_types(self.classes[section]))

    def put(self, where: str, section: str, name: str, raw: Any, *, text: bool = False) -> None:
        """Decode and keep one field."""
        known = self.fields(where, section)
        if known is None:
            return
        if name not in known:
            hint = _hint(name, known)
            self.problems.append(f"{where}: section '{section}' has no field '{name}'{hint}")
            return
        attribute = known[name]
        try:
            value = from_text(raw, attribute.type) if text else from_data(raw, attribute.type)
        except DecodeError as error:
            shown = "" if attribute.metadata.get("secret") else f", not {raw!r}"
            self.problems.append(f"{where}: {section}.{name} must be {error}{shown}")
            return
        self.values.setdefault(section, {})[name] = value

    def build(self) -> dict[str, object]:
        """The section objects. Raises `ConfigError` listing every problem."""
        built: dict[str, object] = {}
        for section, values in self.values.items():
            try:
                built[section] = self.classes[section](**values)
            except (ValueError, TypeError) as error:
                reason = error.args[0] if error.args else error
                self.problems.append(f"section '{section}': {reason}")
        if self.problems:
            raise ConfigError("\n".join(["configuration cannot be used:", *self.problems]))
        return built


def from_toml(given: Given, path: Path) -> None:
    """Each top-level table of the file is a section."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    for section, table in document.items():
        _put_table(given, str(path), section, table)


def from_environment(given: Given, environ: Mapping[str, str]) -> None:
    """`ZCP_SECTION__FIELD`; other variables are left alone."""
    for variable in sorted(environ):
        match = _VARIABLE.fullmatch(variable)
        if match is not None:
            section, name = match[1].lower(), match[2].lower()
            given.put(variable, section, name, environ[variable], text=True)


def from_keywords(given: Given, sections: Mapping[str, object]) -> None:
    """Section objects, or mappings of their fields, as the program gave them."""
    for section, value in sections.items():
        if isinstance(value, Mapping):
            _put_table(given, "keyword", section, cast("Mapping[str, Any]", value))
        else:
            _put_object(given, section, value)


def unknown_section(name: str, known: Iterable[str]) -> str:
    """The message for a section nobody claims."""
    names = sorted(known)
    hint = _hint(name, names) or f"; known: {', '.join(names)}"
    return f"no plugin claims section '{name}'{hint}"


def _put_table(given: Given, where: str, section: str, table: object) -> None:
    if not isinstance(table, Mapping):
        given.problems.append(f"{where}: '{section}' must be a table, not {table!r}")
        return
    if given.fields(where, section) is not None:
        for name, raw in cast("Mapping[str, Any]", table).items():
            given.put(where, section, name, raw)


def _put_object(given: Given, section: str, value: object) -> None:
    known = given.fields("keyword", section)
    if known is None:
        return
    wanted = given.classes[section]
    if type(value) is not wanted:
        got = type(value).__qualname__
        given.problems.append(
            f"keyword: section '{section}' must be a {wanted.__qualname__}, not a {got}"
        )
        return
    current = {name: getattr(value, name) for name in known}
    changed = {name: one for name, one in current.items() if one != _default(known[name])}
    given.values.setdefault(section, {}).update(changed)


def _default(attribute: Attribute[Any]) -> Any:
    default: Any = attribute.default
    if isinstance(default, Factory):  # type: ignore[arg-type]
        return NOTHING if default.takes_self else default.factory()
    return default


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 3)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
