"""`python -m zcp.cli`."""

from . import main

main()
