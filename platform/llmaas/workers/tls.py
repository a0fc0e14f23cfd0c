"""Mutual TLS 1.3 between machines: both ends show a certificate of the same authority."""

import ssl
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """Files in PEM format: who this end is, and whom it believes."""

    certificate: Path
    key: Path
    authority: Path
    """Signed the certificate of the other end."""


def server_context(identity: Identity) -> ssl.SSLContext:
    """For the end that listens; it refuses a client without a certificate.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: certificate and key do not belong together.
    """
    context = _context(ssl.PROTOCOL_TLS_SERVER, identity)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(identity: Identity) -> ssl.SSLContext:
    """For the end that connects; it checks the other one's name as well.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: certificate and key do not belong together.
    """
    return _context(ssl.PROTOCOL_TLS_CLIENT, identity)


def _context(protocol: int, identity: Identity) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(identity.certificate, identity.key)
    context.load_verify_locations(identity.authority)
    return context
