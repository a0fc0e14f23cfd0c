"""Automatic rotation: successors of keys whose days have passed, delivered where the tenant said.

    file:/path/of/a/file      the new key, alone in the file, which its owner alone may read
    command:/path/of/program  run with the new key on standard input; must end with 0
    https://…                 a webhook; signed, see `signature`

A key is rotated only when its tenant says where to; the successor is in the audit trail whether or
not its delivery worked, and one that was not delivered is revoked, so that no secret is left that
nobody has. The old key's period of grace begins when the new one has arrived: if it does not, or
this process dies on the way, the old key goes on and rotation is tried again at a later turn.
"""

import hmac
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from llmaas.accounts.administration import Administration
from llmaas.accounts.tenant import AccountsError, ApiKey

if TYPE_CHECKING:
    import httpx

    Post = Callable[..., httpx.Response]

TIMEOUT_S = 20.0
ACTOR = "llmaas (automatic rotation)"


class DeliveryError(Exception):
    """A rotated key did not arrive."""


@dataclass(frozen=True)
class Rotated:
    """What became of one key that was due."""

    key: str
    successor: str | None
    problem: str | None


def signature(secret: bytes, body: bytes) -> str:
    """What the header `x-llmaas-signature` of a webhook carries: `sha256=<hex>`."""
    return f"sha256={hmac.new(secret, body, sha256).hexdigest()}"


def rotate_due(
    administration: Administration,
    *,
    signing_secret: bytes,
    post: "Post | None" = None,
) -> list[Rotated]:
    """Rotate every key that is due; both keys are valid until the old one's grace ends.

    Args:
        administration: of the keys.
        signing_secret: shared with the receivers of webhooks.
        post: sends a webhook.
    """
    done = []
    for key in administration.left_undelivered():
        administration.undo_rotation(key.id, actor=ACTOR, reason="the process died on the way")
    for key in administration.due_for_rotation():
        place = administration.tenant(key.tenant).delivery
        if place is None:
            problem = f"tenant {key.tenant} does not say where to deliver rotated keys"
            done.append(Rotated(key.id, None, problem))
            continue
        try:
            successor, token = administration.issue_successor(key, actor=ACTOR)
        except AccountsError:  # another process was first
            continue
        try:
            deliver(place, key, successor, token, signing_secret=signing_secret, post=post)
        except DeliveryError as error:
            administration.undo_rotation(key.id, actor=ACTOR, reason=str(error))
            done.append(Rotated(key.id, None, str(error)))
        else:
            administration.hand_over(key, successor, actor=ACTOR)
            done.append(Rotated(key.id, successor.id, None))
    return done


def deliver(
    place: str,
    old: ApiKey,
    new: ApiKey,
    token: str,
    *,
    signing_secret: bytes,
    post: "Post | None" = None,
) -> None:
    """Bring a new key to its owner.

    Raises:
        DeliveryError: it did not arrive; the message does not contain the key.
    """
    kind, _, where = place.partition(":")
    try:
        if kind == "file":
            _to_file(Path(where), token)
        elif kind == "command":
            subprocess.run(  # noqa: S603 - named by an administrator
                [where, old.id, new.id],
                input=token.encode(),
                check=True,
                timeout=TIMEOUT_S,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        elif kind == "https":
            facts = {"tenant": new.tenant, "replaces": old.id, "id": new.id, "key": token}
            body = json.dumps(facts).encode()
            headers = {
                "content-type": "application/json",
                "x-llmaas-signature": signature(signing_secret, body),
            }
            _post(place, body, headers, post)
        else:
            raise DeliveryError(f"{place} is neither file:, command: nor https:")
    except (OSError, subprocess.SubprocessError) as error:
        raise DeliveryError(f"{place}: {type(error).__name__}") from error


def _post(place: str, body: bytes, headers: dict[str, str], post: "Post | None") -> None:
    import httpx  # noqa: PLC0415 - only webhooks need it; the command line should start quickly

    try:
        answer = (post or httpx.post)(place, content=body, headers=headers, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise DeliveryError(f"{place}: {type(error).__name__}") from error
    if not answer.is_success:
        raise DeliveryError(f"{place} answered {answer.status_code}")


def _to_file(path: Path, token: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
