"""The grants of the token endpoint (RFC 6749, section 1.3)."""
