"""Measure zcp beside the official MCP Python SDK, FastMCP and a bare JSON-RPC echo.

    python bench/run.py MODE [--json FILE] [--write-docs]

Only this machine's Python and pip are needed: the environments are made by the first run.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from bench.cli import main

    sys.exit(main(sys.argv[1:]))
