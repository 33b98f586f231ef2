"""Hook implementations of the HTTP transport; they import when called, so discovery is cheap."""
