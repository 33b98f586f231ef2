"""Patterns, schemas and values made to take for ever, or to end the process: in a child process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest
from zcp_kernel._core.schema.engine import VARIABLE

from .conftest import HERE

WATCHDOG = 60.0
"""Seconds until a child that never answers is ended; every one answers in far less."""

PATTERNS = [
    r"^(a+)+$",
    r"^(a|a)*$",
    r"^(a|aa)+$",
    r"^(a+)+\1$",
    r"^(?=(a+)+$)a*b$",
    r"^(a*)*(?!c)$",
    r"^a*a*a*a*a*a*c$",
    r"^(.*a){20}$",
    r"(x+x+)+y",
    r"^(([a-z])+.)+[A-Z]([a-z])+$",
    r"^(a?){40}a{40}$",
    r"^(((a{1,100}){1,100}){1,100}){1,100}$",
    r"^(a{1,9}){9}c",
    r"(a*){3}(a*){3}c",
    r"(a|a|a|a){30}c",
]


def run_child(engine: str, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code)],
        env={**os.environ, VARIABLE: engine},
        capture_output=True,
        encoding="utf-8",
        timeout=WATCHDOG,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


PRELUDE = """
from zcp_kernel.validation import CanonicalValidator, SchemaRefused

def nested(depth, value=1):
    for _ in range(depth):
        value = [value]
    return value

def answer(schema, *values):
    try:
        validator = CanonicalValidator(schema)
    except SchemaRefused as refusal:
        print("refused", refusal.keyword)
        return
    for value in values:
        fits = validator.is_valid(value)
        assert fits is not bool(validator.check(value))
        print("fits" if fits else "fails")
"""


@pytest.mark.parametrize("engine", HERE)
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("keyword", ["pattern", "patternProperties"])
def test_patterns_are_bounded(engine: str, pattern: str, keyword: str) -> None:
    rule = pattern if keyword == "pattern" else {pattern: False}
    code = f"""
    values = ["a" * 40 + "b", "x" * 5_000, "a" * 100_000 + "!"]
    named = [{{value: 1}} for value in values]
    answer({{{keyword!r}: {rule!r}}}, *(values if {keyword!r} == "pattern" else named))
    """
    out = run_child(engine, code).split()
    assert out in (["refused", "pattern"], ["refused", "patternProperties"]) or len(out) == 3
    assert keyword != "pattern" or "fits" not in out


@pytest.mark.parametrize("engine", HERE)
@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"$ref": "#"}},
        {"items": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, "type": "array"},
        {"uniqueItems": True},
        {"enum": [[[1]]]},
        {"not": {"const": [[1]]}},
        {"type": "string"},
    ],
)
def test_deep_values_are_survived(engine: str, schema: object) -> None:
    code = f"""
    import threading
    threading.stack_size(1 << 20)
    deep = nested(100_000)
    values = [deep, nested(255), [deep, nested(100_000)]]
    thread = threading.Thread(target=answer, args=({schema!r}, *values))
    thread.start()
    thread.join()
    """
    assert len(run_child(engine, code).split()) == 3


@pytest.mark.parametrize("engine", HERE)
def test_doubling_work_is_bounded(engine: str) -> None:
    code = """
    branch = {"type": "array", "items": {"$ref": "#"}}
    schema = {"anyOf": [{"type": "null"}, {**branch, "maxItems": 3}, {**branch, "minItems": 1}]}
    answer(schema, nested(10, None), nested(250, 1), nested(250, None))
    """
    assert run_child(engine, code).split()[:2] == ["fits", "fails"]


@pytest.mark.parametrize("engine", HERE)
def test_tagged_unions_may_nest(engine: str) -> None:
    code = """
    kinds = [
        {
            "type": "object",
            "properties": {"left": {"$ref": "#"}, "op": {"const": op}, "right": {"$ref": "#"}},
            "required": ["op", "left"],
        }
        for op in ("add", "sub", "mul", "div")
    ]
    value, wrong = 1, "x"
    for _ in range(60):
        value = {"left": value, "op": "div", "right": 2}
        wrong = {"left": wrong, "op": "div", "right": 2}
    answer({"anyOf": [{"type": "number"}, *kinds]}, value, wrong)
    """
    assert run_child(engine, code).split() == ["fits", "fails"]


@pytest.mark.parametrize("engine", HERE)
def test_long_chains_of_references_are_survived(engine: str) -> None:
    code = """
    chain = {f"d{n}": {"$ref": f"#/$defs/d{n + 1}"} for n in range(5_000)}
    answer({"$ref": "#/$defs/d0", "$defs": {**chain, "d5000": {"type": "null"}}}, None, 1)
    """
    assert run_child(engine, code).split() in (["fits", "fails"], ["refused", "$ref"])


@pytest.mark.parametrize("engine", HERE)
def test_faults_of_large_values_are_bounded(engine: str) -> None:
    code = """
    text = "x" * 1_000
    answer({"items": {"type": "string"}}, [1] * 1_000_000, [[text] * 1_000] * 1_000)
    """
    assert run_child(engine, code).split() == ["fails", "fails"]


@pytest.mark.parametrize("engine", HERE)
def test_nested_code_is_no_obstacle(engine: str) -> None:
    code = """
    schema, value = {"type": "null"}, None
    for n in range(14):
        schema = {"items": {"anyOf": [{"type": "string"}, schema]}}
        value = [value]
    answer(schema, value, nested(14))
    """
    assert run_child(engine, code).split() == ["fits", "fails"]
