"""What users see: sign-in, consent, and what went wrong. Nothing here runs a script."""
