"""`python -m zcp` is the `zcp` command."""

from .cli import main

if __name__ == "__main__":
    main()
