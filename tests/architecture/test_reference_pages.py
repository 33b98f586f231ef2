"""The generated pages of docs/reference are those the code generates now."""

from __future__ import annotations

from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType

import pytest

from .source import ROOT


@cache
def generator() -> ModuleType:
    spec = spec_from_file_location("zcp_docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["hooks.md", "configuration.md", "names.md"])
def test_the_page_is_up_to_date(page: str) -> None:
    committed = (ROOT / "docs" / "reference" / page).read_text("utf-8")
    assert committed == generator().PAGES[page](), "run: python docs/generate.py"


def test_every_public_name_has_a_meaning_and_a_test() -> None:
    page = (ROOT / "docs" / "reference" / "names.md").read_text("utf-8")
    rows = [line[2:-2].split(" | ") for line in page.splitlines() if line.startswith("| `")]
    assert rows
    for name, _home, meaning, *_, test in rows:
        assert meaning.strip(), f"{name} has no docstring"
        assert test.strip().startswith("`tests/"), f"no test uses {name}"
