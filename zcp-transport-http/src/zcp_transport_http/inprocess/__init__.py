"""Servers in this process, spoken to through the real ASGI application in memory."""
