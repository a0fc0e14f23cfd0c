"""`llmaas version`: what is running, for a bug report."""

import sys
from importlib import metadata
from typing import Annotated

import typer

EXAMPLES = """
llmaas version
llmaas version --all     with the parts it is built on, for a bug report
"""
_PARTS = ("llama-cpp-python", "litestar", "granian", "pydantic", "msgspec", "mkdocs-material")


def version(
    *,
    every_part: Annotated[
        bool, typer.Option("--all", envvar="LLMAAS_VERSION_ALL", help="Name the parts as well.")
    ] = False,
) -> None:
    """Print the version."""
    print(f"llmaas {program_version()}")
    if every_part:
        print(f"python {sys.version.split()[0]} on {sys.platform}")
        for part in _PARTS:
            try:
                print(f"{part} {metadata.version(part)}")
            except metadata.PackageNotFoundError:
                print(f"{part} not installed")


def program_version() -> str:
    """The installed version of llmaas."""
    return metadata.version("llmaas")
