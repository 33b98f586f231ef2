"""A plugin by somebody else."""
