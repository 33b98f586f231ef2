"""Whatever is wrong with a plugin stops the start with one error that says who, what and how on."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest
from zcp_kernel.errors import PluginError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.plugins import PluginHost

from .conftest import Site

WAY_OUT = "ZCP_PLUGINS_DISABLED=fake"

BROKEN_SOURCES: dict[str, tuple[str, str]] = {
    "import of a missing module": ("import zcp_no_such_thing", "No module named"),
    "exception while importing": ("1 / 0", "ZeroDivisionError: division by zero"),
    "syntax error": ("def broken(:", "SyntaxError"),
    "exit while importing": ("raise SystemExit(3)", "SystemExit: 3"),
    "misspelt hook": (
        """
        @hookimpl
        def zcp_dialect(config):
            return []
        """,
        "zcp_dialect is no hook; did you mean zcp_dialects?",
    ),
    "misspelt hook without marker": (
        """
        def zcp_registers(registry):
            pass
        """,
        "zcp_registers is no hook; did you mean zcp_register?",
    ),
    "marked function of another name": (
        """
        @hookimpl
        def tools(registry):
            pass
        """,
        "tools is no hook; the hooks are zcp_config_sections,",
    ),
    "unknown specname": (
        """
        @hookimpl(specname="zcp_stage")
        def stages(config):
            return []
        """,
        "zcp_stage is no hook; did you mean zcp_stages?",
    ),
    "hook without marker": (
        """
        def zcp_stages(config):
            return []
        """,
        "zcp_stages is not marked with @hookimpl",
    ),
    "wrong argument": (
        """
        @hookimpl
        def zcp_register(registry, app):
            pass
        """,
        "zcp_register takes 'app', which this hook does not pass; it passes registry, config",
    ),
    "argument with a default": (
        """
        @hookimpl
        def zcp_stages(config=None):
            return []
        """,
        "gives 'config' a default, so pluggy would never pass it",
    ),
    "keyword-only argument": (
        """
        @hookimpl
        def zcp_stages(*, config):
            return []
        """,
        "takes 'config' by keyword only",
    ),
    "async hook": (
        """
        @hookimpl
        async def zcp_stages(config):
            return []
        """,
        "zcp_stages is async",
    ),
    "async generator hook": (
        """
        @hookimpl
        async def zcp_lifespan(kernel):
            yield
        """,
        "zcp_lifespan is async",
    ),
    "body that would never run": (
        """
        @hookimpl
        def zcp_register(registry):
            yield
        """,
        "contains yield",
    ),
    "hook wrapper": (
        """
        @hookimpl(wrapper=True)
        def zcp_stages(config):
            return (yield)
        """,
        "is a hook wrapper; wrap an operation with a stage instead",
    ),
    "entry point to None": ("plugin = None", "leads to None"),
}


@pytest.mark.parametrize("case", BROKEN_SOURCES)
def test_a_broken_plugin_stops_the_start(case: str, site: Site) -> None:
    source, problem = BROKEN_SOURCES[case]
    target = "zcp_fake_none:plugin" if case == "entry point to None" else None
    module = site.add(source, target=target)
    if target is not None:
        (site.path / f"{module}.py").rename(site.path / "zcp_fake_none.py")
    with pytest.raises(PluginError) as caught:
        PluginHost(only=["fake"]).load()
    message = str(caught.value)
    assert "plugin 'fake' (fake-dist-" in message
    assert " 2.5.0)" in message
    assert problem in message
    assert WAY_OUT in message


@pytest.mark.parametrize("case", BROKEN_SOURCES)
def test_the_way_out_works(case: str, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.add(BROKEN_SOURCES[case][0])
    site.add("", plugin="sound")
    monkeypatch.setenv("ZCP_PLUGINS_DISABLED", " fake ,other")
    host = PluginHost(only=["fake", "sound"])
    host.load()
    assert {r.name: r.status for r in host.report() if r.name in ("fake", "sound")} == {
        "fake": "disabled",
        "sound": "ok",
    }


@pytest.mark.parametrize("case", BROKEN_SOURCES)
def test_the_report_survives_a_broken_plugin(case: str, site: Site) -> None:
    if case == "entry point to None":
        site.add("", target="zcp_no_such_module:plugin")
    else:
        site.add(BROKEN_SOURCES[case][0])
    (entry,) = [one for one in PluginHost(only=["fake"]).report() if one.name == "fake"]
    assert (entry.status, entry.version, entry.requires_kernel) == ("broken", "2.5.0", ">=1,<2")
    assert entry.problem is not None
    assert WAY_OUT in entry.problem


KERNEL_REFUSALS: dict[str | None, str] = {
    "zcp-kernel>=2,<3": "it needs zcp-kernel >=2,<3, this is zcp-kernel 1.",
    "zcp_kernel (<1)": "it needs zcp-kernel <1",
    "ZCP.Kernel[rs] >= 2": "it needs zcp-kernel >= 2",
    "zcp-kernel!=1.*": "it needs zcp-kernel !=1.*",
    "zcp-kernel~=0.9": "it needs zcp-kernel ~=0.9",
    'zcp-kernel>=1; extra == "server"': "no 'Requires-Dist: zcp-kernel…' line",
    "zcp-kernel-tools>=1": "no 'Requires-Dist: zcp-kernel…' line",
    "zcp-kernel>=one": "unreadable requirement",
    None: "no 'Requires-Dist: zcp-kernel…' line",
}


@pytest.mark.parametrize("requires", KERNEL_REFUSALS)
def test_the_kernel_version_is_read_before_anything_is_imported(
    requires: str | None, site: Site
) -> None:
    module = site.add("raise AssertionError('imported')", requires=requires)
    with pytest.raises(PluginError) as caught:
        PluginHost(only=["fake"]).load()
    message = str(caught.value)
    assert "plugin 'fake' (fake-dist-" in message
    assert KERNEL_REFUSALS[requires] in message
    assert WAY_OUT in message
    assert module not in sys.modules


@pytest.mark.parametrize(
    "requires",
    [
        "zcp-kernel",
        "zcp-kernel>=1,<2",
        "zcp-kernel<2,>=1.0.0",
        "zcp_kernel (>=1.0,<2.0)",
        "zcp-kernel~=1.0",
        "Zcp.Kernel[rs]>=1",
        'zcp-kernel>=1; python_version >= "3"',
    ],
)
def test_a_kernel_that_fits_is_accepted(requires: str, site: Site) -> None:
    site.add("", requires=requires)
    PluginHost(only=["fake"]).load()


def test_two_distributions_with_one_plugin_name(site: Site) -> None:
    site.add("", distribution="first-dist")
    site.add("", distribution="second-dist", version="3.0")
    with pytest.raises(PluginError) as caught:
        PluginHost(only=["fake"]).load()
    assert "first-dist 2.5.0" in str(caught.value)
    assert "second-dist 3.0" in str(caught.value)
    assert WAY_OUT in str(caught.value)


def test_one_object_given_under_the_name_of_an_installed_plugin(site: Site) -> None:
    class Given:
        name = "fake"

    site.add("")
    with pytest.raises(PluginError, match="already taken by plugin 'fake' \\(given by the program"):
        PluginHost([Given()], only=["fake"]).load()


def test_every_broken_plugin_is_named_at_once(site: Site) -> None:
    site.add("1 / 0", plugin="one")
    site.add("import zcp_no_such_thing", plugin="two")
    with pytest.raises(PluginError) as caught:
        PluginHost(only=["one", "two"]).load()
    assert "plugin 'one'" in str(caught.value)
    assert "plugin 'two'" in str(caught.value)


def test_damaged_metadata_is_one_readable_error(site: Site) -> None:
    site.add("")
    (info,) = site.path.glob("*.dist-info")
    (info / "METADATA").unlink()
    with pytest.raises(PluginError) as caught:
        PluginHost(only=["fake"]).load()
    assert "plugin 'fake' (" in str(caught.value)
    assert WAY_OUT in str(caught.value)
    assert [r.status for r in PluginHost(only=["fake"]).report() if r.name == "fake"] == ["broken"]


def test_asking_for_a_plugin_that_is_not_installed(site: Site) -> None:
    site.add("")
    with pytest.raises(PluginError, match=r"plugin 'fakr' is asked for .*did you mean 'fake'\?"):
        PluginHost(only=["fakr"]).load()
    with pytest.raises(PluginError, match="plugin 'fakr' is asked for"):
        PluginHost(environ={"ZCP_PLUGINS_ONLY": "fakr"}).load()


def test_a_failed_host_can_be_loaded_again_once_mended() -> None:
    calls: list[str] = []
    sound, broken = ModuleType("sound"), ModuleType("broken")

    @hookimpl
    def mended() -> dict[str, type]:
        calls.append("called")
        return {}

    @hookimpl
    def wrong(nonsense: object) -> dict[str, type]:
        return {}

    sound.__dict__["zcp_config_sections"] = mended
    broken.__dict__["zcp_config_sections"] = wrong
    host = PluginHost([sound, broken], discover=False)
    with pytest.raises(PluginError, match="zcp_config_sections takes 'nonsense'"):
        host.load()
    broken.__dict__["zcp_config_sections"] = mended
    host.config_sections()
    assert calls == ["called", "called"]
