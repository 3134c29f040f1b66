"""Keys and certificates made for tests: what a provider signs with, and what a loopback server shows over TLS."""

import ssl
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    """One of several RSA keys, each made once: making one takes long."""
    return _rsa_keys(number)


def curve_key(number: int = 0) -> ec.EllipticCurvePrivateKey:
    """One of several keys on the curve P-256."""
    return ec.derive_private_key(1000 + number, ec.SECP256R1())


def certificate(
    key: PrivateKey, *names: str, since: str = "2020-01-01", until: str = "2040-01-01"
) -> bytes:
    """Return the certificate, in PEM, with which a key vouches for itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made for tests")])
    first, last = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (since, until))
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def signed(message: bytes, digest: hashes.HashAlgorithm, key: rsa.RSAPrivateKey) -> bytes:
    """Return the RSA signature that PayPal or SNS would make."""
    return key.sign(message, padding.PKCS1v15(), digest)


def private_pem(key: object) -> bytes:
    """Return a private key as people keep it."""
    return key.private_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: object) -> bytes:
    """Return the public half as it is given away."""
    return key.public_key().public_bytes(  # type: ignore[attr-defined,no-any-return]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def server_tls(*names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a server's context that shows a certificate for these names, and a client's that believes it."""
    key = curve_key()
    pem = certificate(key, *names)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as directory:
        chain = Path(directory) / "chain.pem"
        chain.write_bytes(private_pem(key) + pem)
        server.load_cert_chain(chain)
    return server, ssl.create_default_context(cadata=pem.decode())


@cache
def _rsa_keys(_number: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
