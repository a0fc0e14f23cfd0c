"""`python -m llmaas.cli` is `llmaas`."""

from llmaas.cli import main

if __name__ == "__main__":
    main()
