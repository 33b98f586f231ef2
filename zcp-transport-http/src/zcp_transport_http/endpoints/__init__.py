"""What is served under `/mcp`, `/zcp` and `/sse`: made for one kernel, called by the router."""
