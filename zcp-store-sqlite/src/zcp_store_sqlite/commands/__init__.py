"""`zcp store`: looking after a file."""
