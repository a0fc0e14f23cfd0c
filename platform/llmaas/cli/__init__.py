"""The command line, and the place where the packages of LLMaaS are put together.

`tree` names every command and the room it is in: `catalog`, `edit`, `lifecycle`, `docs`,
`service`, `accounts`, and `security`. What lies beside the rooms is shared by several of them.
"""

from llmaas.cli.app import main

__all__ = ["main"]
