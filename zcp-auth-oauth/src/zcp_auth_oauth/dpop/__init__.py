"""Proof of possession (RFC 9449), as the authorization server and the resource server check it."""
