"""The command line, and the place where the packages of LLMaaS are put together."""

from llmaas.cli.app import main

__all__ = ["main"]
