"""The quick reading of a kernel requirement never differs from the packaging specification."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from zcp_kernel._core.host.kernel_version import admits, specifier

numbers = st.lists(st.integers(0, 3), min_size=1, max_size=3).map(
    lambda parts: ".".join(map(str, parts))
)
bounds = st.tuples(st.sampled_from([">=", "<", ">= ", "< "]), numbers).map("".join)
others = st.tuples(st.sampled_from([">", "<=", "==", "!="]), numbers).map("".join)
versions = st.one_of(numbers, numbers.map(lambda n: f"{n}rc1"), numbers.map(lambda n: f"{n}.dev2"))


@given(st.lists(st.one_of(bounds, others), min_size=1, max_size=3), versions, st.booleans())
def test_a_requirement_admits_what_the_specification_says(
    parts: list[str], version: str, brackets: bool
) -> None:
    wanted = ",".join(parts)
    line = f"zcp-kernel ({wanted})" if brackets else f"zcp-kernel{wanted}"
    assert admits(line, version) is Requirement(line).specifier.contains(version, prereleases=True)


def test_the_version_part_of_a_requirement() -> None:
    assert specifier("zcp-kernel[rs] (>=1,<2) ; python_version > '3'") == ">=1,<2"
    assert specifier("zcp_kernel") == "any version"
