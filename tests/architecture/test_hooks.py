"""Every hook is documented as it is, and tested."""

from __future__ import annotations

import inspect

import pytest
from zcp_kernel import hookspecs
from zcp_kernel.hookspecs import PHASES

from .source import ROOT, tree

TESTED_BY: dict[str, str] = {
    "zcp_config_sections": "tests/plugins/test_config.py",
    "zcp_transports": "tests/plugins/acme/test_parts.py",
    "zcp_commands": "tests/plugins/test_host.py",
    "zcp_register": "tests/plugins/acme/test_parts.py",
    "zcp_dialects": "tests/plugins/test_collecting.py",
    "zcp_operations": "tests/plugins/acme/test_parts.py",
    "zcp_stages": "tests/plugins/acme/test_parts.py",
    "zcp_authenticators": "tests/plugins/test_collecting.py",
    "zcp_exposure_profiles": "tests/plugins/acme/test_parts.py",
    "zcp_stores": "tests/plugins/acme/test_parts.py",
    "zcp_asgi_mounts": "tests/plugins/test_collecting.py",
    "zcp_lifespan": "tests/plugins/test_collecting.py",
}

HOOKS = [hook for hooks in PHASES.values() for hook in hooks]


def test_there_are_twelve_hooks_each_in_one_phase() -> None:
    specified = [name for name in vars(hookspecs) if name.startswith("zcp_")]
    assert sorted(HOOKS) == sorted(specified)
    assert len(HOOKS) == len(set(HOOKS)) == 12


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test(hook: str) -> None:
    text = (ROOT / TESTED_BY[hook]).read_text("utf-8")
    assert f'"{hook}"' in text or f"def {hook}(" in text
    assert any(
        getattr(node, "name", "").startswith("test_") for node in tree(ROOT / TESTED_BY[hook]).body
    )


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_typed_and_documented(hook: str) -> None:
    function = getattr(hookspecs, hook)
    signature = inspect.signature(function)
    assert signature.return_annotation is not signature.empty
    assert all(p.annotation is not p.empty for p in signature.parameters.values())
    assert inspect.getdoc(function)


@pytest.mark.parametrize("hook", HOOKS)
def test_no_hook_stops_at_the_first_result_or_replays(hook: str) -> None:
    options = getattr(hookspecs, hook).zcp_spec
    assert not options["firstresult"]
    assert not options["historic"]


@pytest.mark.parametrize("hook", HOOKS)
def test_the_reference_shows_the_signature(hook: str) -> None:
    page = (ROOT / "docs/reference/hooks.md").read_text("utf-8")
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    assert f"{hook}{signature}" in page
