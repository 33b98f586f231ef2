"""`zcp check`: the request-flow checklist of the transport guide, run against a server."""
