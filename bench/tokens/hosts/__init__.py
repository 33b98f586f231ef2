"""Two hosts that bring a model and a server together: a plain MCP host, and zcp's own adapter."""

SYSTEM = "You work with spreadsheets. Do what is asked with the tools, then say that it is done."
"""What both hosts tell the model, on every surface."""

MOST_TURNS = 30
