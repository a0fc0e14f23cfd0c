"""`llmaas check`: is the catalogue right, and is everything derived from it up to date?"""

from enum import StrEnum
from typing import Annotated

import typer

from llmaas.cli.exits import Exit
from llmaas.cli.options import BundleDirOption, CatalogArgument
from llmaas.cli.sources import errors_of, require_catalog

EXAMPLES = """
llmaas check                                 the catalogue of this project
llmaas check my.yaml                         another one
llmaas check --format github                 annotations in a pull request
llmaas check --format json | jq '.problems[].code'
"""


class Format(StrEnum):
    """How problems are printed."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


def check(
    catalog: CatalogArgument = None,
    *,
    bundle: BundleDirOption = None,
    output_format: Annotated[
        Format,
        typer.Option(
            "--format",
            envvar="LLMAAS_FORMAT",
            help="text for people, json for programs, github for annotations.",
        ),
    ] = Format.TEXT,
) -> None:
    """Validate the catalogue and find generated files that are out of date.

    Every problem is printed in one run as file:line:column, what is wrong and what to do. Errors
    end with exit code 1; warnings do not. Generated files are compared only when the catalogue
    itself is right, and only where they have been generated before.
    """
    from llmaas.catalog import read_catalog, render_problems

    path = require_catalog(catalog)
    catalog_file = read_catalog(path)
    problems = catalog_file.problems
    if catalog_file.catalog is not None and not errors_of(problems):
        from llmaas.cli.catalog.derived import drift, untranslated

        problems = (*problems, *untranslated(catalog_file), *drift(catalog_file, bundle))
    if rendered := render_problems(problems, output_format.value).rstrip():
        print(rendered)
    if errors_of(problems):
        raise typer.Exit(Exit.PROBLEMS)
