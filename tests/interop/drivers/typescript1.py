"""Drives the everything server with the official MCP TypeScript SDK 1.x.

`typescript1.py sdk REVISION COMMAND…|URL`: the SDK offers its newest revision, and no other.
"""

import anyio

from .typescript.face import drive

anyio.run(drive, "sdk1.mjs", {})
