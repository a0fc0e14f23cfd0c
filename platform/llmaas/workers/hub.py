"""What a model hub says about a weights file before it is downloaded, and what can go wrong.

Every failure of a pull is one of these:

    PullError
     ├ AccessRefused        401, 403: gated or private, or there is no such repository
     ├ NotOnHub             404
     ├ AlreadyPulling       another process downloads the same file
     ├ DiskFull             too little space, found before or while writing
     ├ Interrupted          the network or the hub failed; the part stays and is resumed
     └ ChecksumMismatch     the bytes are not the expected ones; they are deleted
"""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from llmaas.bundle import WeightsFile
from llmaas.workers.weights import weights_path

SHA256 = re.compile(r"[0-9a-f]{64}")


class PullError(Exception):
    """Weights could not be downloaded; the message says what to do."""


class AccessRefused(PullError):  # noqa: N818 - named like what happened
    """The hub wants a token, or another one."""


class NotOnHub(PullError):  # noqa: N818
    """The hub has no such file."""


class AlreadyPulling(PullError):  # noqa: N818
    """Another process downloads the same file."""


class DiskFull(PullError):  # noqa: N818
    """The disk has too little space."""


class Interrupted(PullError):  # noqa: N818
    """The connection broke; what has arrived is kept."""


class ChecksumMismatch(PullError):  # noqa: N818
    """The bytes are not the expected ones."""


@dataclass(frozen=True)
class RemoteFile:
    """What the hub says about one file before it is downloaded."""

    url: str
    path: Path
    """Where the file goes."""
    size: int
    sha256: str | None
    """What it must hash to: the catalogue's value, else the hub's."""


def describe(
    client: httpx.Client, endpoint: str, weights: WeightsFile, weights_dir: Path, *, has_token: bool
) -> RemoteFile:
    """Ask for the size and the checksum.

    A hub redirects to the host that stores the file, and gives both in the redirect itself. That
    one is not followed: signed addresses of stores often allow GET only.
    """
    url = f"{endpoint}/{quote(weights.repository)}/resolve/main/{quote(weights.file)}"
    name = f"{weights.repository}/{weights.file}"
    try:
        response = client.head(url, follow_redirects=False)
        for _ in range(10):
            if response.next_request is None or "x-linked-size" in response.headers:
                break
            response = client.send(response.next_request, follow_redirects=False)
    except (httpx.RequestError, httpx.InvalidURL) as error:
        raise Interrupted(f"{name}: {endpoint} does not answer ({error}); try again") from error
    _refuse(response, name, endpoint, weights.repository, has_token=has_token)
    size = response.headers.get("x-linked-size", response.headers.get("content-length"))
    if size is None or not size.isdecimal() or not int(size):
        raise PullError(f"{name}: {endpoint} does not say how large it is; is it a model hub?")
    etag = response.headers.get("x-linked-etag", response.headers.get("etag", "")).strip('"')
    hub_sha256 = etag.lower() if SHA256.fullmatch(etag.lower()) else None
    if weights.sha256 and hub_sha256 and weights.sha256 != hub_sha256:
        raise ChecksumMismatch(
            f"{name}: the hub has a file with sha256 {hub_sha256}, the catalogue names "
            f"{weights.sha256}; nothing was downloaded. If the publisher replaced the file and you "
            "trust the new one, change `sha256` in the catalogue"
        )
    return RemoteFile(
        url=url,
        path=weights_path(weights, weights_dir),
        size=int(size),
        sha256=weights.sha256 or hub_sha256,
    )


def _refuse(
    response: httpx.Response, name: str, endpoint: str, repository: str, *, has_token: bool
) -> None:
    """Turn an answer that is no file into the error that says what to do."""
    match response.status_code:
        case 401 | 403 if has_token:
            raise AccessRefused(
                f"{name}: refused ({response.status_code}) although a token was sent; accept the "
                f"model's terms at {endpoint}/{repository} with the account of HF_TOKEN, or check "
                "the repository's name"
            )
        case 401 | 403:
            raise AccessRefused(
                f"{name}: refused ({response.status_code}); the model is gated or private, or its "
                f"name is wrong. Accept its terms at {endpoint}/{repository} and set HF_TOKEN to a "
                "token of that account"
            )
        case 404:
            raise NotOnHub(
                f"{name}: not on {endpoint}; check `repository` and `file` under `weights` in the "
                "catalogue"
            )
        case status if status >= 400 or (status >= 300 and not response.has_redirect_location):
            raise Interrupted(f"{name}: {endpoint} answered {status}; try again later")
