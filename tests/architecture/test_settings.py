"""Every setting is documented, and something reads it."""

from __future__ import annotations

import ast
from functools import cache

import pytest
from attrs import fields
from zcp_kernel.plugins import PluginHost

from .source import modules, tree

PRODUCT = ("mcp", "native", "exposure", "stdio", "http", "ws", "oauth", "sqlite")

SECTIONS = PluginHost(only=PRODUCT, environ={}).config_sections()

FIELDS = [(section, one.name) for section, cls in SECTIONS.items() for one in fields(cls)]


@cache
def attributes_read() -> set[str]:
    """The names read from some object anywhere but in the face's settings."""
    return {
        node.attr
        for name, path in modules().items()
        if name != "zcp.settings"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_a_setting_says_what_it_does_and_in_which_unit(section: str, field: str) -> None:
    attribute = getattr(fields(SECTIONS[section]), field)
    assert attribute.metadata["help"].endswith(".")
    numbers = ("int", "float", "int | None", "float | None", int, float)
    assert attribute.type not in numbers or attribute.metadata["unit"]


@pytest.mark.parametrize(("section", "field"), FIELDS)
def test_a_setting_is_read(section: str, field: str) -> None:
    assert field in attributes_read()
