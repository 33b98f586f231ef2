"""Where a server's authorization server is, and what it can do."""
