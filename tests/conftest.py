"""What every test may use."""

import signal

import pytest
from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that runs us in the background has us, and what we start, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test measures time: a busy machine is no fault of the code.
settings.register_profile("zcp", deadline=None)
settings.load_profile("zcp")


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Async tests run on both event loops."""
    return str(request.param)
