"""What a catalogue is compared with: a revision, another file, a bundle, or a running service."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llmaas.cli.exits import CommandError, Exit

if TYPE_CHECKING:
    from llmaas.bundle import Bundle
    from llmaas.catalog import Catalog

TIMEOUT_S = 15.0


@dataclass(frozen=True)
class Live:
    """The other side; exactly one of the three is given.

    Attributes:
        name: in words.
        catalog: all of it.
        bundle: its tables.
        models: the `data` of `GET /v1/models`.
    """

    name: str
    catalog: "Catalog | None" = None
    bundle: "Bundle | None" = None
    models: "list[dict[str, Any]] | None" = None


def live_of(against: str, path: Path, *, api_key: str | None) -> Live:
    """Find the other side.

    Args:
        against: a URL, a bundle directory, a catalogue file, or a git revision.
        path: the catalogue, whose earlier revision is meant.
        api_key: for a running service.

    Raises:
        CommandError: there is none, or it cannot be read.
    """
    if against.startswith(("http://", "https://")):
        return Live(against, models=_models_of(against, api_key))
    place = Path(against)
    if (place / "manifest.json").is_file():
        from llmaas.cli.sources import load_bundle

        return Live(against, bundle=load_bundle(place).bundle)
    if place.is_file():
        return Live(against, catalog=_catalog_of(place.read_bytes(), against))
    return Live(against, catalog=_catalog_of(_revision(against, path), f"{against}:{path}"))


def _catalog_of(content: bytes, name: str) -> "Catalog":
    from llmaas.catalog import parse_catalog, render_problems

    catalog_file = parse_catalog(content, Path(name))
    if catalog_file.catalog is None:
        first = render_problems(catalog_file.problems[:1], "text").splitlines()[0]
        raise CommandError(
            Exit.PROBLEMS,
            f"{name} is no catalogue that this version reads: {first}",
            "compare with a later revision: --against REF",
        )
    return catalog_file.catalog


def _revision(revision: str, path: Path) -> bytes:
    place = path.resolve()
    try:
        done = subprocess.run(  # noqa: S603 - no shell; the revision cannot be taken for an option
            ["git", "show", "--end-of-options", f"{revision}:./{place.name}"],  # noqa: S607
            cwd=place.parent,
            capture_output=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandError(
            Exit.PROBLEMS, f"git cannot be run: {error}", "give a bundle directory: --against DIR"
        ) from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise CommandError(
            Exit.USAGE,
            f"{revision!r} is no directory with a bundle, no file, and no revision of {path}"
            + (f" ({said[0].removeprefix('fatal: ')})" if said else ""),
            "give a git revision that has the catalogue, a bundle directory, or a URL",
        )
    return done.stdout


def _models_of(url: str, api_key: str | None) -> list[dict[str, Any]]:
    import httpx

    address = f"{url.rstrip('/').removesuffix('/v1')}/v1/models"
    headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
    try:
        answer = httpx.get(address, headers=headers, timeout=TIMEOUT_S, follow_redirects=True)
        answer.raise_for_status()
        listed = answer.json()["data"]
        if not all(isinstance(each["id"], str) and each["released_on"] for each in listed):
            raise KeyError("released_on")  # noqa: TRY301 - one answer to all that is no such list
    except httpx.HTTPStatusError as error:
        status = error.response.status_code
        raise CommandError(
            Exit.NETWORK,
            f"{address} answers {status}",
            "give a key with --api-key" if status in {401, 403} else "is it the address of llmaas?",
        ) from error
    except httpx.HTTPError as error:
        raise CommandError(
            Exit.NETWORK, f"{address} cannot be reached: {error}", "is the service running?"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(
            Exit.PROBLEMS, f"{address} does not list models with their dates", "is it llmaas?"
        ) from error
    found: list[dict[str, Any]] = listed
    return found
