"""One worker process: `python -m zcp_transport_http.worker SPEC`, SPEC a `Running` as JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from zcp_kernel.errors import SetupError

from .serve import Running, serve_here


def main() -> None:
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        serve_here(Running(**json.loads(sys.argv[1])))
    except SetupError as error:
        sys.exit(f"error: {error}")


def _follow_parent() -> None:
    """Standard input ends when the parent does: then this process has nobody to end it."""
    while os.read(0, 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
