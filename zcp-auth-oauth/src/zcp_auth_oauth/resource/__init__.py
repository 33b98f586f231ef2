"""The resource server: who presents a token that is good here (RFC 6750, 8707, 9449, 9728)."""
