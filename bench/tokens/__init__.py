"""How many tokens a model pays for the same work on different surfaces: see README.md."""
