"""The host asks every plugin, in a known order, and tells who each of them is."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from zcp_kernel.errors import ConfigError, PluginError, RegistrationError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost

from .conftest import Site
from .making import CONFIG, host_of, returning

# -- calling ---------------------------------------------------------------------------------------


class Recorder:
    def __init__(self, name: str, log: list[Any], raises: Exception | None = None) -> None:
        self.name, self.log, self.raises = name, log, raises

    @hookimpl
    def zcp_register(self, registry: Any, config: Any) -> None:
        self.log.append((self.name, registry, config))
        if self.raises:
            raise self.raises

    @hookimpl
    def zcp_commands(self, group: Any) -> None:
        self.log.append((self.name, group))


def test_given_plugins_are_called_in_their_order_then_discovered_ones_by_name(site: Site) -> None:
    source = """
    @hookimpl
    def zcp_register(registry):
        registry.append((__name__,))
    """
    late, early = site.add(source, plugin="zz"), site.add(source, plugin="aa")
    log: list[Any] = []
    host = PluginHost([Recorder("z", log), Recorder("b", log)], only=["aa", "zz"])
    host.register(log, CONFIG)  # type: ignore[arg-type]
    assert [entry[0] for entry in log] == ["z", "b", early, late]


def test_register_and_commands_reach_every_plugin() -> None:
    log: list[Any] = []
    host = host_of(Recorder("a", log), Recorder("b", log))
    host.register("registry", CONFIG)  # type: ignore[arg-type]
    host.commands("group")
    assert log == [
        ("a", "registry", CONFIG),
        ("b", "registry", CONFIG),
        ("a", "group"),
        ("b", "group"),
    ]


def test_an_exception_in_a_hook_names_its_plugin() -> None:
    error = ValueError("no luck")
    with pytest.raises(PluginError) as caught:
        host_of(Recorder("unlucky", [], error)).register(None, CONFIG)  # type: ignore[arg-type]
    assert str(caught.value).startswith("plugin 'unlucky' (given by the program): zcp_register")
    assert "ValueError: no luck" in str(caught.value)
    assert caught.value.__cause__ is error


def test_a_plugin_error_raised_in_a_hook_names_the_plugin_too() -> None:
    error = PluginError("the command 'x' exists already")
    with pytest.raises(PluginError, match=r"^plugin 'late' .*: the command 'x' exists already$"):
        host_of(Recorder("late", [], error)).register(None, CONFIG)  # type: ignore[arg-type]


@pytest.mark.parametrize("error", [ConfigError("set x"), RegistrationError("file.py:3")])
def test_an_error_that_says_what_to_do_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        host_of(Recorder("a", [], error)).register(None, CONFIG)  # type: ignore[arg-type]
    assert caught.value is error


def test_call_attaches_the_plugins_name() -> None:
    host = host_of(returning("zcp_stages", [1], "first"), returning("zcp_stages", [2], "second"))
    results = host.call("zcp_stages", config=CONFIG)
    assert [(r.plugin, r.value) for r in results] == [("first", [1]), ("second", [2])]


def test_loading_twice_registers_once() -> None:
    log: list[Any] = []
    host = host_of(Recorder("a", log))
    host.load()
    host.load()
    host.commands(None)
    assert len(log) == 1


# -- names, lists and the report -------------------------------------------------------------------


def test_a_plugin_object_is_named_by_itself_its_module_or_its_class() -> None:
    class Unnamed: ...

    names = [
        one.name for one in host_of(Recorder("own", []), ModuleType("mod"), Unnamed()).report()
    ]
    assert names[0] == "kernel"
    assert names[1:3] == ["own", "mod"]
    assert names[3].endswith("Unnamed")


def test_only_and_disabled_narrow_each_other(site: Site) -> None:
    ours = ("aa", "bb", "cc")
    for name in ours:
        site.add("", plugin=name)

    def taking_part(**arguments: Any) -> list[str]:
        report = PluginHost(**arguments).report()
        return [one.name for one in report if one.status == "ok" and one.name in ours]

    assert taking_part(environ={}) == ["aa", "bb", "cc"]
    assert taking_part(only=["bb", "cc"], environ={}) == ["bb", "cc"]
    assert taking_part(only=["bb", "cc"], disabled=["cc"], environ={}) == ["bb"]
    assert taking_part(environ={"ZCP_PLUGINS_ONLY": "aa,bb"}) == ["aa", "bb"]
    assert taking_part(only=["bb"], environ={"ZCP_PLUGINS_ONLY": "aa,bb"}) == ["bb"]
    assert taking_part(disabled=["aa"], environ={"ZCP_PLUGINS_DISABLED": "bb"}) == ["cc"]
    assert taking_part(discover=False, environ={}) == []


def test_the_report_says_what_there_is_to_know(site: Site) -> None:
    site.add(
        """
        @hookimpl
        def zcp_stages(config):
            return []
        """,
        distribution="acme-zcp",
    )
    (entry,) = [one for one in PluginHost(only=["fake"]).report() if one.name == "fake"]
    assert (entry.distribution, entry.version, entry.requires_kernel, entry.status) == (
        "acme-zcp",
        "2.5.0",
        ">=1,<2",
        "ok",
    )
    assert entry.hooks == ("zcp_stages",)
    assert entry.problem is None


def test_a_disabled_plugin_is_not_imported(site: Site) -> None:
    site.add("raise AssertionError('imported')")
    host = PluginHost(only=["fake"], disabled=["fake"])
    host.load()
    assert [r.status for r in host.report() if r.name == "fake"] == ["disabled"]
