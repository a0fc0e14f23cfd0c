"""`llmaas edit model add`: a model, from what its weights say and what a person knows."""

import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.edit.making import DryRunOption, make_edit, positive
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import HUB, CatalogOption, EndpointOption, TokenOption

if TYPE_CHECKING:
    from llmaas.catalog import Catalog
    from llmaas.catalog.edit import Edit, NewModel, WeightsFacts

EXAMPLES = """
llmaas edit model add qwen3:1.7b --gguf Qwen3-1.7B-Q8_0.gguf \\
    --repository Qwen/Qwen3-1.7B-GGUF
llmaas edit model add qwen3:1.7b --repository Qwen/Qwen3-1.7B-GGUF --file Qwen3-1.7B-Q8_0.gguf
llmaas edit model add my-model:7b --gguf my-model.gguf --dry-run
"""


def _text_option(variable: str, help_text: str, metavar: str = "TEXT") -> Any:
    return typer.Option(envvar=f"LLMAAS_{variable}", metavar=metavar, help=help_text)


def _billions(text: str) -> Decimal:
    return positive(text, "number of billions", "7 or 0.278")


def add(
    model: Annotated[
        str,
        typer.Argument(
            envvar="LLMAAS_MODEL", metavar="ID", help="The new id: family, colon, size."
        ),
    ],
    *,
    gguf: Annotated[
        Path | None,
        typer.Option(
            envvar="LLMAAS_GGUF",
            metavar="FILE",
            help="A GGUF file here, whose metadata is read.",
        ),
    ] = None,
    repository: Annotated[
        str | None, _text_option("REPOSITORY", "Repository on the model hub.", "OWNER/NAME")
    ] = None,
    file: Annotated[
        str | None, _text_option("WEIGHTS_FILE", "File in it; by default that of --gguf.", "NAME")
    ] = None,
    quantisation: Annotated[
        str | None, _text_option("QUANTISATION", "Such as Q4_K_M.", "NAME")
    ] = None,
    alias: Annotated[
        list[str] | None, _text_option("ALIASES", "A further name; can be repeated.", "ALIAS")
    ] = None,
    display_name: Annotated[
        str | None, _text_option("DISPLAY_NAME", "What people call it.")
    ] = None,
    publisher: Annotated[str | None, _text_option("PUBLISHER", "Who trained it.")] = None,
    family: Annotated[str | None, _text_option("FAMILY", "Family of models.")] = None,
    upstream: Annotated[
        str | None, _text_option("UPSTREAM", "The original weights on the hub.", "OWNER/NAME")
    ] = None,
    licence: Annotated[
        str | None, _text_option("LICENCE", "SPDX identifier, or LicenseRef-….", "ID")
    ] = None,
    licence_name: Annotated[
        str | None, _text_option("LICENCE_NAME", "Name of a licence that is not known here.")
    ] = None,
    commercial_use: Annotated[
        str | None, _text_option("COMMERCIAL_USE", "yes, restricted or no.", "WORD")
    ] = None,
    kind: Annotated[
        str | None,
        _text_option("WORKER_KIND", "generation, embedding or transcription.", "WORD"),
    ] = None,
    capability: Annotated[
        list[str] | None,
        _text_option("CAPABILITIES", "Such as vision; can be repeated.", "WORD"),
    ] = None,
    total_b: Annotated[
        Decimal | None,
        typer.Option(
            envvar="LLMAAS_TOTAL_B", metavar="N", parser=_billions, help="Parameters, in billions."
        ),
    ] = None,
    active_b: Annotated[
        Decimal | None,
        typer.Option(
            envvar="LLMAAS_ACTIVE_B",
            metavar="N",
            parser=_billions,
            help="Parameters used per token, in billions.",
        ),
    ] = None,
    context_tokens: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_CONTEXT_TOKENS", metavar="N", min=1, help="Published context window."
        ),
    ] = None,
    n_ctx: Annotated[
        int | None,
        typer.Option(
            envvar="LLMAAS_N_CTX",
            metavar="N",
            min=1,
            show_default="the context window, 32768 at most",
            help="Context served to one sequence.",
        ),
    ] = None,
    chat_format: Annotated[
        str | None, _text_option("CHAT_FORMAT", "Such as chatml or llama3.", "WORD")
    ] = None,
    tool_call_format: Annotated[
        str | None, _text_option("TOOL_CALL_FORMAT", "Such as hermes or mistral.", "WORD")
    ] = None,
    pooling: Annotated[
        str | None, _text_option("POOLING", "Of an embedding model: mean, cls or last.", "WORD")
    ] = None,
    embedding_dimensions: Annotated[
        int | None,
        typer.Option(envvar="LLMAAS_DIMENSIONS", metavar="N", min=1, help="Length of the vectors."),
    ] = None,
    stability: Annotated[
        str | None,
        typer.Option(
            envvar="LLMAAS_STABILITY",
            metavar="WORD",
            show_default="stable",
            help="stable or experimental.",
        ),
    ] = None,
    released_on: Annotated[
        datetime | None,
        typer.Option(
            envvar="LLMAAS_RELEASED_ON",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            show_default="today",
            help="First day on which it answers.",
        ),
    ] = None,
    support_ends_on: Annotated[
        datetime | None,
        typer.Option(
            envvar="LLMAAS_SUPPORT_ENDS_ON",
            formats=["%Y-%m-%d"],
            metavar="YYYY-MM-DD",
            help="Forecast end of maintenance.",
        ),
    ] = None,
    endpoint: EndpointOption = HUB,
    token: TokenOption = None,
    catalog: CatalogOption = None,
    dry_run: DryRunOption = False,
    at: AtOption = None,
) -> None:
    """Offer a model more, at the end of the list.

    A GGUF file tells context, size, template, pooling and often licence and publisher. Options say
    the rest, and win where both do. On a terminal, what is still missing is asked for.

    Without --gguf, the file is looked at in the repository on the hub where options leave something
    open: its first megabytes, and its checksum for the catalogue. No weights are downloaded.
    """
    from llmaas.catalog.edit import add_model

    given: dict[str, Any] = {
        "id": model,
        "aliases": tuple(alias or ()),
        "display_name": display_name,
        "publisher": publisher,
        "family": family,
        "upstream": upstream,
        "licence": licence,
        "licence_name": licence_name,
        "commercial_use": commercial_use,
        "kind": kind,
        "capabilities": tuple(capability or ()),
        "total_b": total_b,
        "active_b": active_b,
        "context_tokens": context_tokens,
        "n_ctx": n_ctx,
        "repository": repository,
        "file": file or (gguf.name if gguf and repository else None),
        "quantisation": quantisation,
        "chat_format": chat_format,
        "tool_call_format": tool_call_format,
        "pooling": pooling,
        "embedding_dimensions": embedding_dimensions,
        "stability": stability,
        "support_ends_on": None if support_ends_on is None else support_ends_on.date(),
    }
    given["released_on"] = date.min  # until the service's day is known
    read = None if gguf is None else _read(gguf)
    if gguf is None and repository is not None and _lacking(given):
        from llmaas.cli.edit.hub_weights import look_at

        seen = look_at(repository, file, endpoint=endpoint, token=token)
        read = seen.facts
        given |= {"file": seen.file, "sha256": seen.sha256}

    def edit_of(authored: "Catalog", today: date) -> "Edit":
        from llmaas.catalog.edit import authored as entry

        endpoints = [endpoint.id for endpoint in authored.endpoints]
        given["released_on"] = today if released_on is None else released_on.date()
        return add_model(authored, entry(_complete(given, read), endpoints))

    make_edit(catalog, edit_of, at=at, dry_run=dry_run)


def _read(gguf: Path) -> "WeightsFacts":
    from llmaas.catalog.edit.gguf_file import read_weights_file

    try:
        return read_weights_file(gguf)
    except OSError as error:
        raise CommandError(
            Exit.USAGE, f"{gguf}: {(error.strerror or 'cannot be read').lower()}", "check the path"
        ) from error
    except ValueError as error:
        raise CommandError(
            Exit.PROBLEMS, f"{gguf} is no GGUF file: {error}", "download it again"
        ) from error


def _lacking(given: dict[str, Any]) -> bool:
    from llmaas.catalog.edit import completed, missing

    return bool(missing(completed(given, None)))


def _complete(given: dict[str, Any], read: "WeightsFacts | None") -> "NewModel":
    """The model with what is asked for, where somebody can answer."""
    from llmaas.catalog.edit import completed, missing

    kinds = ("generation", "embedding", "transcription")
    if given["kind"] not in {None, *kinds}:
        raise CommandError(
            Exit.USAGE, f"there is no kind {given['kind']!r}", f"kinds: {', '.join(kinds)}"
        )
    new = completed(given, read)
    while lacking := missing(new):
        if not sys.stdin.isatty():
            options = " ".join(f"--{name.replace('_', '-')}" for name in lacking)
            raise CommandError(
                Exit.USAGE, f"not enough is known of {new.id}", f"say the rest with {options}"
            )
        name = lacking[0]
        numbers = {"context_tokens", "embedding_dimensions"}
        given[name] = typer.prompt(
            name.replace("_", " "), type=int if name in numbers else str, err=True
        )
        new = completed(given, read)
    return new
