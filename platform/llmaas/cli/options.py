"""Options that several commands share, so that they mean and are called the same everywhere."""

import re
from pathlib import Path
from typing import Annotated

import typer

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]i?B?|B)?", re.IGNORECASE)
_BINARY = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_DECIMAL = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def parse_size(text: str) -> int:
    """Bytes of `4GiB`, `500MB` or a plain number; a bare letter (`4G`) is binary.

    Raises:
        typer.BadParameter: it is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    size = 0
    if match is not None:
        unit = (match["unit"] or "").upper()
        scale = _DECIMAL if unit.endswith("B") and "I" not in unit else _BINARY
        size = int(float(match["number"]) * scale[unit.rstrip("B").rstrip("I")])
    if size <= 0:
        raise typer.BadParameter(f"{text!r} is no size; write 4GiB, 500MB or a number of bytes")
    return size


def format_size(size: int) -> str:
    """`4.0 GiB`: a size for people."""
    value = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TiB"


def parse_ids(text: str | None) -> tuple[str, ...]:
    """The model ids of `a,b`, without blanks and repetitions."""
    ids = (part.strip() for part in (text or "").split(","))
    return tuple(dict.fromkeys(part for part in ids if part))


CatalogOption = Annotated[
    Path | None,
    typer.Option(
        "--catalog",
        envvar="LLMAAS_CATALOG",
        metavar="FILE",
        show_default="./catalog/models_config.yaml or ./models_config.yaml",
        help="The catalogue (YAML).",
    ),
]
CatalogArgument = Annotated[
    Path | None,
    typer.Argument(
        envvar="LLMAAS_CATALOG",
        metavar="[CATALOG]",
        show_default="./catalog/models_config.yaml or ./models_config.yaml",
        help="The catalogue (YAML).",
    ),
]
BundleDirOption = Annotated[
    Path | None,
    typer.Option(
        "--bundle",
        envvar="LLMAAS_BUNDLE",
        metavar="DIR",
        show_default="beside the catalogue",
        help="The directory of the compiled bundle.",
    ),
]
StateDirOption = Annotated[
    Path | None,
    typer.Option(
        "--state-dir",
        envvar="LLMAAS_STATE_DIR",
        metavar="DIR",
        show_default="the platform's data directory, such as ~/.local/share/llmaas",
        help="Where weights, keys, logs and compiled files live.",
    ),
]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        envvar="LLMAAS_DATABASE",
        metavar="URL",
        show_default="accounts.db in the state directory",
        help="Where tenants, keys, ledger and audit trail are: postgresql://user@host/database.",
    ),
]
HostOption = Annotated[
    str,
    typer.Option(
        envvar="LLMAAS_HOST",
        metavar="ADDRESS",
        help="Address to listen on. 0.0.0.0 lets every machine of the network in.",
    ),
]
PortOption = Annotated[
    int,
    typer.Option(
        envvar="LLMAAS_PORT",
        metavar="PORT",
        min=0,
        max=65535,
        help="Port to listen on; 0 picks a free one.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", envvar="LLMAAS_JSON", help="Print JSON, for programs.")
]
ModelsOption = Annotated[
    str | None,
    typer.Option(
        envvar="LLMAAS_MODELS",
        metavar="ID,ID",
        show_default="every model of the catalogue",
        help="Serve only these models.",
    ),
]
MemoryBudgetOption = Annotated[
    int | None,
    typer.Option(
        envvar="LLMAAS_MEMORY_BUDGET",
        metavar="SIZE",
        parser=parse_size,
        show_default="half of the memory",
        help="Memory for loaded models, such as 4GiB. Idle models leave when it is needed.",
    ),
]
UsageOption = Annotated[
    Path | None,
    typer.Option(
        envvar="LLMAAS_USAGE",
        metavar="FILE",
        show_default="the ledger",
        help="Calls as CSV: tenant,key,model,requests.",
    ),
]

EndpointOption = Annotated[
    str,
    typer.Option(
        envvar=["LLMAAS_HF_ENDPOINT", "HF_ENDPOINT"], metavar="URL", help="The model hub."
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        envvar=["LLMAAS_HF_TOKEN", "HF_TOKEN"],
        metavar="TOKEN",
        help="Access token of the hub. Prefer the environment: options show in process lists.",
    ),
]
HUB = "https://huggingface.co"
