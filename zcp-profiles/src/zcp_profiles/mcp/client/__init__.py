"""What a client of MCP does that no server does."""
