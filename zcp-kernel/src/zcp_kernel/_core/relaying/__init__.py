"""Calls of what is mounted: whose they are, what is sent, asked and said on their way."""
