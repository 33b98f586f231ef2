"""Sections from keywords, environment and TOML; whatever does not fit says where and what would."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pytest
from attrs import field, fields, frozen
from attrs.validators import gt
from zcp_kernel.config import (
    KERNEL_SECTIONS,
    HandlesSection,
    ServerConfig,
    ToolsSection,
)
from zcp_kernel.errors import ConfigError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost


@frozen
class Inner:
    depth: int = 1


@frozen
class AcmeSection:
    text: str = "t"
    count: int = field(default=1, validator=gt(0))
    ratio: float = 0.5
    flag: bool = False
    mode: Literal["a", "b"] = "a"
    maybe: int | None = None
    names: tuple[str, ...] = ()
    numbers: list[int] = field(factory=list)
    pairs: dict[str, int] = field(factory=dict)
    token: str | None = field(default=None, metadata={"secret": True})
    pin: int = field(default=0, metadata={"secret": True})
    inner: Inner = Inner()
    required: str = field(default="")


@pytest.fixture
def host() -> PluginHost:
    plugin = ModuleType("acme")
    plugin.__dict__["zcp_config_sections"] = hookimpl(lambda: {"acme": AcmeSection})
    return PluginHost([plugin], discover=False)


def load(host: PluginHost, **sources: Any) -> ServerConfig:
    return ServerConfig.load(host, **{"environ": {}, **sources})


def acme(host: PluginHost, **sources: Any) -> AcmeSection:
    section = load(host, **sources).section("acme")
    assert isinstance(section, AcmeSection)
    return section


def toml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "zcp.toml"
    path.write_text(text, "utf-8")
    return path


# -- environment -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "a, b", "a, b"),
        ("text", "", ""),
        ("count", "1048576", 1048576),
        ("ratio", "2.5", 2.5),
        ("ratio", "2", 2.0),
        ("flag", "true", True),
        ("flag", "1", True),
        ("flag", "FALSE", False),
        ("flag", "0", False),
        ("mode", "b", "b"),
        ("maybe", "7", 7),
        ("names", "a, b,c", ("a", "b", "c")),
        ("names", "", ()),
        ("numbers", "1,2", [1, 2]),
        ("pairs", "a=1, b=2", {"a": 1, "b": 2}),
    ],
)
def test_a_variable_is_parsed_to_its_fields_type(
    host: PluginHost, name: str, text: str, value: Any
) -> None:
    section = acme(host, environ={f"ZCP_ACME__{name.upper()}": text})
    assert getattr(section, name) == value
    assert type(getattr(section, name)) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("count", "many", "an integer"),
        ("count", "1.5", "an integer"),
        ("count", "", "an integer"),
        ("ratio", "half", "a number"),
        ("flag", "yes", "true, false, 1 or 0"),
        ("mode", "c", "one of a, b"),
        ("maybe", "x", "an integer"),
        ("numbers", "1,x", "a comma-separated list, each an integer"),
        ("pairs", "a", "comma-separated key=value pairs"),
        ("pairs", "a=b", "comma-separated key=value pairs"),
        ("inner", "1", "Inner"),
    ],
)
def test_a_variable_that_does_not_fit(
    host: PluginHost, name: str, text: str, expected: str
) -> None:
    variable = f"ZCP_ACME__{name.upper()}"
    with pytest.raises(ConfigError) as caught:
        load(host, environ={variable: text})
    assert f"{variable}: acme.{name} must be {expected}" in str(caught.value)
    assert f"not {text!r}" in str(caught.value)


def test_variables_that_are_no_settings_are_left_alone(host: PluginHost) -> None:
    environ = {"ZCP_PLUGINS_DISABLED": "x", "ZCP_": "y", "PATH": "z", "OTHER_ACME__COUNT": "q"}
    assert load(host, environ=environ).sections == {}


def test_the_process_environment_is_read_unless_another_is_given(
    host: PluginHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZCP_ACME__COUNT", "5")
    assert ServerConfig.load(host).section(AcmeSection).count == 5
    assert ServerConfig.load(host, environ={}).section(AcmeSection).count == 1


# -- TOML ------------------------------------------------------------------------------------------


def test_a_toml_file(host: PluginHost, tmp_path: Path) -> None:
    path = toml(
        tmp_path,
        'acme = {text = "x", count = 2, ratio = 1, names = ["a"], pairs = {k = 1}, '
        "inner = {depth = 3}}\n[tools]\nmax_threads = 4\n",
    )
    config = load(host, toml=path)
    section = config.section("acme")
    assert (section.text, section.count, section.ratio) == ("x", 2, 1.0)
    assert (section.names, section.pairs, section.inner) == (("a",), {"k": 1}, Inner(3))
    assert config.section("tools") == ToolsSection(max_threads=4)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('count = "2"', "acme.count must be an integer, not '2'"),
        ("count = true", "acme.count must be an integer, not True"),
        ("count = 2.0", "acme.count must be an integer, not 2.0"),
        ("text = 3", "acme.text must be a string, not 3"),
        ('flag = "true"', "acme.flag must be true or false, not 'true'"),
        ("flag = 1", "acme.flag must be true or false, not 1"),
        ('names = "ab"', "acme.names must be a list, each a string, not 'ab'"),
        ("names = [1]", "acme.names must be a list, each a string, not [1]"),
        ("pairs = 3", "acme.pairs must be a table, not 3"),
        ("inner = {deep = 1}", "acme.inner must be Inner, not {'deep': 1}"),
        ("cuont = 1", "section 'acme' has no field 'cuont'; did you mean 'count'?"),
    ],
)
def test_a_toml_value_that_does_not_fit(
    host: PluginHost, tmp_path: Path, line: str, problem: str
) -> None:
    path = toml(tmp_path, f"[acme]\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        load(host, toml=path)
    assert f"{path}: {problem}" in str(caught.value)


@pytest.mark.parametrize("text", ["[acme", "acme = 3", "\x00"])
def test_a_toml_file_that_cannot_be_read(host: PluginHost, tmp_path: Path, text: str) -> None:
    path = toml(tmp_path, text)
    with pytest.raises(ConfigError, match=r"zcp\.toml: "):
        load(host, toml=path)


def test_a_toml_file_that_is_not_there(host: PluginHost, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        load(host, toml=tmp_path / "none.toml")


# -- joining ---------------------------------------------------------------------------------------


def test_precedence_field_by_field(host: PluginHost, tmp_path: Path) -> None:
    path = toml(tmp_path, '[acme]\ntext = "toml"\ncount = 2\nratio = 2.0\n')
    section = acme(
        host,
        toml=path,
        environ={"ZCP_ACME__TEXT": "env", "ZCP_ACME__COUNT": "3"},
        sections={"acme": AcmeSection(text="keyword")},
    )
    assert (section.text, section.count, section.ratio) == ("keyword", 3, 2.0)
    assert (section.flag, section.mode) == (False, "a")


def test_a_keyword_section_may_be_a_mapping(host: PluginHost) -> None:
    assert acme(host, sections={"acme": {"count": 4}}) == AcmeSection(count=4)
    over = acme(host, sections={"acme": {"count": 1}}, environ={"ZCP_ACME__COUNT": "9"})
    assert over.count == 1, "a mapping says what was given, defaults included"


@pytest.mark.parametrize(
    ("sections", "problem"),
    [
        ({"acne": AcmeSection()}, "no plugin claims section 'acne'; did you mean 'acme'?"),
        ({"zzzzz": {}}, "no plugin claims section 'zzzzz'; known: acme, exposure, handles,"),
        ({"acme": ToolsSection()}, "section 'acme' must be a AcmeSection, not a ToolsSection"),
        ({"acme": 3}, "section 'acme' must be a AcmeSection, not a int"),
        ({"acme": {"count": "4"}}, "acme.count must be an integer, not '4'"),
        ({"acme": {"count": 0}}, "section 'acme': 'count' must be > 0"),
    ],
)
def test_keywords_that_do_not_fit(
    host: PluginHost, sections: dict[str, object], problem: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(host, sections=sections)
    assert problem in str(caught.value)


def test_everything_wrong_is_said_at_once(host: PluginHost, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(
            host,
            toml=toml(tmp_path, "[acne]\n[tools]\nmax_treads = 1\n"),
            environ={"ZCP_ACME__COUNT": "x", "ZCP_TOOLZ__X": "1"},
            sections={"acme": {"flag": "no"}},
        )
    for part in ("'acne'", "'max_threads'", "ZCP_ACME__COUNT", "'tools'", "acme.flag"):
        assert part in str(caught.value)


def test_a_secret_is_never_echoed(host: PluginHost) -> None:
    with pytest.raises(ConfigError) as caught:
        load(host, environ={"ZCP_ACME__PIN": "hunter2"}, sections={"acme": {"token": 42317}})
    assert "acme.pin must be an integer" in str(caught.value)
    assert "acme.token must be a string" in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "42317" not in str(caught.value)


# -- sections --------------------------------------------------------------------------------------


def test_a_section_by_name_or_class_has_its_defaults_when_nothing_was_given() -> None:
    config = ServerConfig()
    assert config.section("tools") == ToolsSection()
    assert config.section(HandlesSection) == HandlesSection()
    assert config.section(AcmeSection) == AcmeSection()
    with pytest.raises(ConfigError, match="section 'tulz'"):
        config.section("tulz")


def test_a_section_given_as_an_object_comes_back() -> None:
    tools = ToolsSection(max_threads=2)
    config = ServerConfig(sections={"tools": tools})
    assert config.section("tools") is tools
    assert config.section(ToolsSection) is tools


def test_every_field_of_the_kernels_sections_is_documented() -> None:
    for section in KERNEL_SECTIONS.values():
        for attribute in fields(section):
            assert attribute.metadata["help"], f"{section.__name__}.{attribute.name}"
            if attribute.type in ("int", "float | None", int, float):
                assert attribute.metadata["unit"], f"{section.__name__}.{attribute.name}"
