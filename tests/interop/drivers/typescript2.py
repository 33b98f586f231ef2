"""Drives the everything server with the official MCP TypeScript SDK 2.x.

`typescript2.py auto|legacy|pinned REVISION COMMAND…|URL`: `auto` asks `server/discover` first and
falls back, `legacy` shakes hands as the SDK does, `pinned` offers the revision named.
"""

import anyio

from .typescript.face import drive

# Its `ResourceNotFoundError` stands for either code, and says the newer.
RENAMED = {-32002: -32602}

anyio.run(drive, "sdk2.mjs", RENAMED)
