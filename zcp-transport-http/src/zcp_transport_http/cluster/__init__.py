"""Several processes that serve the same sessions: whose a session is, and the way there."""
