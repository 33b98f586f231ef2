"""One worker process: `python -m zcp_transport_http.worker SPEC`, SPEC a `Running` as JSON."""

from __future__ import annotations

import json
import sys

from zcp_kernel.errors import SetupError

from .serve import Running, serve_here


def main() -> None:
    try:
        serve_here(Running(**json.loads(sys.argv[1])))
    except SetupError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
