"""Using a session from code that is not async."""
