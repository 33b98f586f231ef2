"""FastMCP with its tool search: `python -m bench.tokens.servers.fastmcp_search FOLDER`."""

import sys

from fastmcp import FastMCP
from fastmcp.server.transforms.search import BM25SearchTransform
from fastmcp.tools import Tool

from ..sheets.registering import told

server = FastMCP("sheets")

for tool in told(sys.argv[1:]).offered():
    server.add_tool(Tool.from_function(tool.function, name=tool.name))

server.add_transform(BM25SearchTransform())
server.run("stdio", show_banner=False, log_level="ERROR")
