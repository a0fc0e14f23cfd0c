"""Certificates for mutual TLS between two ends on this machine."""

import datetime as dt
import ipaddress

import pytest

from llmaas.workers.tls import Identity

x509 = pytest.importorskip("cryptography.x509", reason="makes the certificates")

LONG_AGO, FAR_AWAY = dt.datetime(2020, 1, 1), dt.datetime(2120, 1, 1)  # noqa: DTZ001


def write_identity(directory, authority="authority"):
    """A certificate of an authority of that name, for this machine's own address."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    directory.mkdir()

    def name(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    def certificate(subject, key, signer, *, is_authority):
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(authority))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(LONG_AGO)
            .not_valid_after(FAR_AWAY)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        )
        return builder.sign(signer, hashes.SHA256())

    def pem(file, data):
        (directory / file).write_bytes(data)
        return directory / file

    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    encoding = serialization.Encoding.PEM
    of_authority = certificate(authority, signer, signer, is_authority=True)
    of_machine = certificate("machine", key, signer, is_authority=False)
    private = key.private_bytes(
        encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Identity(
        certificate=pem("machine.pem", of_machine.public_bytes(encoding)),
        key=pem("machine.key", private),
        authority=pem("authority.pem", of_authority.public_bytes(encoding)),
    )
