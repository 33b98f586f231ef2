"""Agreeing with a server on a revision."""
