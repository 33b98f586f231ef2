"""Fetching what others publish, without being led astray."""
