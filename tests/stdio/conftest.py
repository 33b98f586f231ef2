"""What the tests of channels share."""

import pytest

from .links import KINDS, Pair


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def pair(request: pytest.FixtureRequest) -> Pair:
    """Makes a reading and a writing end of one stream."""
    return request.param  # type: ignore[no-any-return]
