"""Measurements against the official SDK, FastMCP and a bare echo: `python bench/run.py`."""
