"""What a weights file on a model hub says about its model: its first megabytes, not the file."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from llmaas.bundle import WeightsFile
from llmaas.cli.exits import CommandError, Exit
from llmaas.workers.hub import PullError, describe

if TYPE_CHECKING:
    from llmaas.catalog.edit import WeightsFacts

FIRST_BYTES = 4 * 2**20
"""Doubled until the metadata is whole; a vocabulary of 150,000 tokens takes some 6 MB."""
MOST_BYTES = 256 * 2**20
TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Seen:
    """A file in a repository, and what it says."""

    file: str
    sha256: str | None
    facts: "WeightsFacts"


def look_at(repository: str, file: str | None, *, endpoint: str, token: str | None) -> Seen:
    """Read the metadata of a weights file; without a name, of the only one there is.

    Raises:
        CommandError: there is none, there are several, or the hub does not give it.
    """
    headers = {"accept-encoding": "identity", "user-agent": "llmaas"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    endpoint = endpoint.rstrip("/")
    with httpx.Client(headers=headers, timeout=TIMEOUT_S, follow_redirects=True) as client:
        try:
            name = file or _only_file(client, endpoint, repository)
            with tempfile.TemporaryDirectory(prefix="llmaas-hub-") as work:
                # The signature of `describe` asks where a download would go; there is none.
                weights = WeightsFile(repository, name, "", None)
                remote = describe(client, endpoint, weights, Path(work), has_token=bool(token))
                facts = _facts(client, remote.url, remote.size, Path(work) / "beginning")
        except PullError as error:
            raise CommandError(
                Exit.NETWORK, str(error), "or say what is known of the model with options"
            ) from error
        except httpx.HTTPError as error:
            raise CommandError(
                Exit.NETWORK,
                f"{repository}: {endpoint} does not answer: {error or type(error).__name__}",
                "try again, or say what is known of the model with options",
            ) from error
        except ValueError as error:
            raise CommandError(
                Exit.PROBLEMS, f"{repository}/{name} is no GGUF file: {error}", "name another file"
            ) from error
    return Seen(name, remote.sha256, facts)


def _only_file(client: httpx.Client, endpoint: str, repository: str) -> str:
    answer = client.get(f"{endpoint}/api/models/{quote(repository)}")
    if not answer.is_success:
        raise CommandError(
            Exit.NETWORK,
            f"{repository}: {endpoint} answers {answer.status_code}",
            "check its name; a gated one needs HF_TOKEN",
        )
    try:
        listed = [str(each["rfilename"]) for each in answer.json()["siblings"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CommandError(
            Exit.NETWORK, f"{endpoint} does not list the files of {repository}", "is it a hub?"
        ) from error
    files = sorted(name for name in listed if name.endswith(".gguf"))
    if len(files) != 1:
        raise CommandError(
            Exit.USAGE,
            f"{repository} has {len(files) or 'no'} GGUF files",
            f"name one with --file: {', '.join(files)}" if files else "name another repository",
        )
    return files[0]


def _facts(client: httpx.Client, url: str, size: int, place: Path) -> "WeightsFacts":
    from llmaas.catalog.edit.gguf_file import read_weights_beginning

    wanted = FIRST_BYTES
    with place.open("wb") as file:
        file.truncate(size)  # takes no space: the reader wants a file of the full length
    while True:
        arrived = _fetch(client, url, place, upto=min(wanted, size))
        facts = read_weights_beginning(place, arrived)
        if facts is not None:
            return facts
        if wanted >= min(size, MOST_BYTES):
            raise ValueError(f"its metadata is not whole after {arrived} bytes")
        wanted *= 2


def _fetch(client: httpx.Client, url: str, place: Path, *, upto: int) -> int:
    """Write the first bytes of a file; a host that does not know ranges is hung up on."""
    arrived = 0
    with client.stream("GET", url, headers={"range": f"bytes=0-{upto - 1}"}) as answer:
        answer.raise_for_status()
        with place.open("r+b") as file:
            for piece in answer.iter_bytes():
                file.write(piece[: upto - arrived])
                arrived = min(upto, arrived + len(piece))
                if arrived == upto:
                    break
    return arrived
