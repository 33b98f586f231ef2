"""Event streams and what is kept of them for clients that lost one."""
