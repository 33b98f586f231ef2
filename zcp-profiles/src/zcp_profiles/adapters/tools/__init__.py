"""The tools of a server as a model API is shown them, and what its calls mean."""
