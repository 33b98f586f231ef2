"""The native plane's dialect, `zcp/1`."""
