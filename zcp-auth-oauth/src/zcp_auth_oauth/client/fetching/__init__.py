"""HTTP of the authorization flow, bounded in time, size, and where it leads."""
