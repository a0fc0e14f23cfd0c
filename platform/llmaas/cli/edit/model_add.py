"""`llmaas edit model add`: a model, from what its weights say and what a person knows."""

import sys
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from llmaas.cli.catalog.models import AtOption
from llmaas.cli.edit.making import DryRunOption, make_edit, positive
from llmaas.cli.exits import CommandError, Exit
from llmaas.cli.options import HUB, CatalogOption, EndpointOption, TokenOption

if TYPE_CHECKING:
    from llmaas.bundle.tables import WorkerKind
    from llmaas.catalog import Catalog
    from llmaas.catalog.edit import Edit, NewModel, WeightsFacts

EXAMPLES = """
llmaas edit model add qwen3:1.7b --gguf Qwen3-1.7B-Q8_0.gguf \\
    --repository Qwen/Qwen3-1.7B-GGUF
llmaas edit model add qwen3:1.7b --repository Qwen/Qwen3-1.7B-GGUF --file Qwen3-1.7B-Q8_0.gguf
llmaas edit model add my-model:7b --gguf my-model.gguf --dry-run
"""


def _option(variable: str, help_text: str, metavar: str = "TEXT", **more: Any) -> Any:
    return typer.Option(envvar=f"LLMAAS_{variable}", metavar=metavar, help=help_text, **more)


def _day_option(variable: str, help_text: str, **more: Any) -> Any:
    return _option(variable, help_text, "YYYY-MM-DD", formats=["%Y-%m-%d"], **more)


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
        Path | None, _option("GGUF", "A GGUF file here, whose metadata is read.", "FILE")
    ] = None,
    repository: Annotated[
        str | None, _option("REPOSITORY", "Repository on the model hub.", "OWNER/NAME")
    ] = None,
    file: Annotated[
        str | None, _option("WEIGHTS_FILE", "File in it; by default that of --gguf.", "NAME")
    ] = None,
    quantisation: Annotated[str | None, _option("QUANTISATION", "Such as Q4_K_M.", "NAME")] = None,
    alias: Annotated[
        list[str] | None, _option("ALIASES", "A further name; can be repeated.", "ALIAS")
    ] = None,
    display_name: Annotated[str | None, _option("DISPLAY_NAME", "What people call it.")] = None,
    publisher: Annotated[str | None, _option("PUBLISHER", "Who trained it.")] = None,
    family: Annotated[str | None, _option("FAMILY", "Family of models.")] = None,
    upstream: Annotated[
        str | None, _option("UPSTREAM", "The original weights on the hub.", "OWNER/NAME")
    ] = None,
    licence: Annotated[
        str | None, _option("LICENCE", "SPDX identifier, or LicenseRef-….", "ID")
    ] = None,
    licence_name: Annotated[
        str | None, _option("LICENCE_NAME", "Name of a licence that is not known here.")
    ] = None,
    commercial_use: Annotated[
        str | None, _option("COMMERCIAL_USE", "yes, restricted or no.", "WORD")
    ] = None,
    kind: Annotated[
        str | None, _option("WORKER_KIND", "generation, embedding or transcription.", "WORD")
    ] = None,
    capability: Annotated[
        list[str] | None, _option("CAPABILITIES", "Such as vision; can be repeated.", "WORD")
    ] = None,
    total_b: Annotated[
        Decimal | None, _option("TOTAL_B", "Parameters, in billions.", "N", parser=_billions)
    ] = None,
    active_b: Annotated[
        Decimal | None,
        _option("ACTIVE_B", "Parameters used per token, in billions.", "N", parser=_billions),
    ] = None,
    context_tokens: Annotated[
        int | None, _option("CONTEXT_TOKENS", "Published context window.", "N", min=1)
    ] = None,
    n_ctx: Annotated[
        int | None,
        _option(
            "N_CTX",
            "Context served to one sequence.",
            "N",
            min=1,
            show_default="the context window, 32768 at most",
        ),
    ] = None,
    chat_format: Annotated[
        str | None, _option("CHAT_FORMAT", "Such as chatml or llama3.", "WORD")
    ] = None,
    tool_call_format: Annotated[
        str | None, _option("TOOL_CALL_FORMAT", "Such as hermes or mistral.", "WORD")
    ] = None,
    pooling: Annotated[
        str | None, _option("POOLING", "Of an embedding model: mean, cls or last.", "WORD")
    ] = None,
    embedding_dimensions: Annotated[
        int | None, _option("DIMENSIONS", "Length of the vectors.", "N", min=1)
    ] = None,
    stability: Annotated[str, _option("STABILITY", "stable or experimental.", "WORD")] = "stable",
    released_on: Annotated[
        datetime | None,
        _day_option("RELEASED_ON", "First day on which it answers.", show_default="today"),
    ] = None,
    support_ends_on: Annotated[
        datetime | None, _day_option("SUPPORT_ENDS_ON", "Forecast end of maintenance.")
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
    from llmaas.catalog.edit import NewModel, add_model, completed, missing

    said = NewModel(
        id=model,
        # The least, until the service's day is known.
        released_on=date.min if released_on is None else released_on.date(),
        aliases=tuple(alias or ()),
        display_name=display_name,
        publisher=publisher,
        family=family,
        upstream=upstream,
        licence=licence,
        licence_name=licence_name,
        commercial_use=commercial_use,
        kind=_kind(kind),
        capabilities=tuple(capability or ()),
        total_b=total_b,
        active_b=active_b,
        context_tokens=context_tokens,
        n_ctx=n_ctx,
        repository=repository,
        file=file or (gguf.name if gguf and repository else None),
        quantisation=quantisation,
        chat_format=chat_format,
        tool_call_format=tool_call_format,
        pooling=pooling,
        embedding_dimensions=embedding_dimensions,
        stability=stability,
        support_ends_on=None if support_ends_on is None else support_ends_on.date(),
    )
    read = None if gguf is None else _read(gguf)
    if gguf is None and repository is not None and missing(completed(said, None)):
        from llmaas.cli.edit.hub_weights import look_at

        seen = look_at(repository, file, endpoint=endpoint, token=token)
        read = seen.facts
        said = replace(said, file=seen.file, sha256=seen.sha256)

    def edit_of(authored: "Catalog", today: date) -> "Edit":
        from llmaas.catalog.edit import authored as entry

        new = _asked_for(completed(said, read))
        if released_on is None:
            new = replace(new, released_on=today)
        return add_model(authored, entry(new, [endpoint.id for endpoint in authored.endpoints]))

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


def _kind(word: str | None) -> "WorkerKind | None":
    from llmaas.bundle.tables import WorkerKind

    kinds: tuple[WorkerKind, ...] = get_args(WorkerKind)
    found = next((kind for kind in kinds if kind == word), None)
    if word is not None and found is None:
        raise CommandError(Exit.USAGE, f"there is no kind {word!r}", f"kinds: {', '.join(kinds)}")
    return found


def _asked_for(new: "NewModel") -> "NewModel":
    """The model with what it misses, where somebody can answer."""
    from llmaas.catalog.edit import completed, missing

    while lacking := missing(new):
        if not sys.stdin.isatty():
            options = " ".join(f"--{name.replace('_', '-')}" for name in lacking)
            raise CommandError(
                Exit.USAGE, f"not enough is known of {new.id}", f"say the rest with {options}"
            )
        name = lacking[0]
        kind = int if name in {"context_tokens", "embedding_dimensions"} else str
        answer: Any = typer.prompt(name.replace("_", " "), type=kind, err=True)
        new = completed(replace(new, **{name: answer}), None)
    return new
