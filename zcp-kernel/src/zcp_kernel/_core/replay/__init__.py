"""Asking a client that keeps no session: a call that lacks an answer ends, and its retry runs again
with the answers so far."""
