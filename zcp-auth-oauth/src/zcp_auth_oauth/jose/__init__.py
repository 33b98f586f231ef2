"""JSON Web Tokens and keys: what is believed, and what is signed here."""
