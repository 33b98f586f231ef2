"""`zcp store`: looking into a file, and after it."""
