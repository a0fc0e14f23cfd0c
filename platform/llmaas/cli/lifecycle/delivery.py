"""Bringing a notice to its tenant: by mail, or as a signed webhook.

Both carry the notice's name (`Message-ID`, `x-llmaas-notice`), the same whenever the same is told,
so that a receiver can tell a repetition from news.
"""

import smtplib
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from llmaas.cli.exits import CommandError, Exit

TIMEOUT_S = 20.0
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REFUSALS = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPResponseException,
    smtplib.SMTPNotSupportedError,
)
_PORTS = {"smtp": 25, "smtps": 465}


class NotDelivered(Exception):  # noqa: N818 - reads as what is the case
    """It surely did not arrive, and can be sent again."""


class InDoubt(Exception):  # noqa: N818 - reads as what is the case
    """It was handed over, and the other side never said whether it took it."""


@dataclass(frozen=True)
class MailServer:
    """Where mail is handed in, and in whose name."""

    host: str
    port: int
    implicit_tls: bool
    user: str | None
    password: str | None
    sender: str


def mail_server(url: str, sender: str | None) -> MailServer:
    """Read `smtp://[user:password@]host[:port]`, or `smtps://…` for TLS from the first byte.

    Raises:
        CommandError: it is no such address, or nobody is named as the sender.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise CommandError(
            Exit.USAGE,
            "--smtp is no address of a mail server",
            "write it as smtp://user:password@host:587, or smtps://…",
        )
    if not sender:
        raise CommandError(
            Exit.USAGE, "mail needs a sender", "name one with --mail-from, or LLMAAS_MAIL_FROM"
        )
    return MailServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        implicit_tls=parts.scheme == "smtps",
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        sender=sender,
    )


def send_mail(server: MailServer, to: str, files: Mapping[str, str], *, name: str) -> None:
    """Hand a mail in.

    Args:
        server: where.
        to: the address.
        files: of the notice, by name.
        name: of the notice.

    Raises:
        NotDelivered: the server cannot be reached or refuses it.
        InDoubt: it was handed over without an answer.
    """
    message = EmailMessage()
    message["Subject"] = files["subject.txt"].strip()
    message["From"] = server.sender
    message["To"] = to
    message["Message-ID"] = f"<{name}@{server.sender.rpartition('@')[2].strip('> ') or 'llmaas'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(files["mail.txt"])
    message.add_alternative(files["mail.html"], subtype="html")
    try:
        connection = _connected(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotDelivered(f"{server.host}:{server.port}: {_said(error)}") from error
    with closing(connection):
        try:
            connection.send_message(message)
        except _REFUSALS as error:
            raise NotDelivered(f"{server.host}: {_said(error)}") from error
        except OSError as error:  # smtplib's own are of this kind too
            raise InDoubt(f"{server.host}: {_said(error)}") from error


def _connected(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.implicit_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, timeout=TIMEOUT_S, context=context
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        secure = server.implicit_tls
        connection.ehlo()
        if not secure and connection.has_extn("starttls"):
            connection.starttls(context=context)
            secure = True
        if server.user is not None:
            _require_secrecy(server, secure=secure)
            connection.login(server.user, server.password or "")
    except BaseException:
        connection.close()
        raise
    return connection


def _require_secrecy(server: MailServer, *, secure: bool) -> None:
    if not secure and server.host not in _LOOPBACK:
        raise smtplib.SMTPException("it offers no TLS, so the password was not sent")


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return f"{code} {text.decode(errors='replace')}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return (
            f"{error.smtp_code} {said if isinstance(said, str) else said.decode(errors='replace')}"
        )
    return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)


def send_webhook(url: str, files: Mapping[str, str], *, name: str, secret: bytes) -> None:
    """Post the payload; `x-llmaas-signature` proves whom it comes from.

    Raises:
        NotDelivered: the other side cannot be reached or refuses it.
        InDoubt: it was handed over without an answer.
    """
    import httpx

    from llmaas.accounts.rotation import signature

    body = files["webhook.json"].encode()
    headers = {
        "content-type": "application/json",
        "x-llmaas-notice": name,
        "x-llmaas-signature": signature(secret, body),
    }
    place = urlsplit(url).netloc.rpartition("@")[2]
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT_S)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL) as error:
        raise NotDelivered(f"{place}: {error}") from error
    except httpx.HTTPError as error:
        raise InDoubt(f"{place}: {type(error).__name__}") from error
    if not answer.is_success:
        raise NotDelivered(f"{place} answered {answer.status_code}")
