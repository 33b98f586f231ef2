"""The Model Context Protocol, in all its revisions."""
