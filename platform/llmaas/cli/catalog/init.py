"""`llmaas init`: a first catalogue of one's own."""

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from llmaas.cli.exits import CommandError, Exit

EXAMPLES = """
llmaas init                    write ./models_config.yaml
llmaas init ai/models.yaml     write another file
llmaas up                      then serve it
"""


def init(
    path: Annotated[
        Path,
        typer.Argument(
            envvar="LLMAAS_INIT_PATH",
            metavar="[PATH]",
            help="The file to write; never overwritten.",
        ),
    ] = Path("models_config.yaml"),
) -> None:
    """Write a small commented catalogue to start a service of your own.

    It is valid as it is: `llmaas check` has nothing to say about it, and `llmaas up` serves it.
    The JSON Schema beside it lets editors complete and explain what is written.
    """
    from llmaas.catalog import json_schema

    starter = resources.files("llmaas.catalog").joinpath("starter.yaml").read_text()
    schema = path.with_name("models_config.schema.json")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(starter)
        schema.write_text(json_schema())
    except FileExistsError as error:
        raise CommandError(
            Exit.USAGE,
            f"{path} exists and is left as it is",
            "move it away, or give another path: llmaas init PATH",
        ) from error
    except OSError as error:
        raise CommandError(
            Exit.CANNOT_START, f"cannot write {path}: {error.strerror}", "give another path"
        ) from error
    option = "" if path == Path("models_config.yaml") else f" --catalog {path}"
    print(
        f"Wrote {path}, and {schema.name} for completion in editors. Change it to your needs, then:"
    )
    print(f"  llmaas check{'' if not option else f' {path}'}")
    print(f"  llmaas up{option}")
