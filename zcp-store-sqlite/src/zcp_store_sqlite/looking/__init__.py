"""What an operator sees of a file, and does in it, beside the servers that use it: data in and out,
for the command line to show."""
