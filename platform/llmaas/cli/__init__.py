"""The command line, and the place where the packages of LLMaaS are put together."""

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run `llmaas`; Ctrl-C is no defect, even while the commands are still being imported."""
    try:
        from llmaas.cli.app import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)


__all__ = ["main"]
