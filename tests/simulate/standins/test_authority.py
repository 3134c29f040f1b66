"""The authority: made once, kept to oneself, and made anew where there is only half of it."""

import contextlib
import ssl
import sys
from pathlib import Path

import pytest
from cryptography import x509

from inspector.errors import HooktapError
from inspector.simulate.standins import authority


def certificate(folder: Path) -> bytes:
    return authority.of(folder).certificate.read_bytes()


def test_it_is_made_once_and_nobody_else_can_read_its_key(tmp_path: Path) -> None:
    first = certificate(tmp_path)

    assert certificate(tmp_path) == first
    assert (tmp_path / authority.KEY).stat().st_mode & 0o777 == 0o600
    assert x509.load_pem_x509_certificate(first).subject.rfc4514_string().endswith("O=Hooktap")


@pytest.mark.parametrize("content", [b"", b"\0\x1b[2J", b"-----BEGIN CERTIFICATE-----\n"])
@pytest.mark.parametrize("name", [authority.KEY, authority.CERTIFICATE])
def test_what_cannot_be_read_is_made_anew(tmp_path: Path, name: str, content: bytes) -> None:
    first = certificate(tmp_path)
    (tmp_path / name).write_bytes(content)

    second = certificate(tmp_path)

    assert second != first
    assert certificate(tmp_path) == second


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"

    with pytest.raises(
        HooktapError, match=r"cannot keep a certificate authority in .*missing: No such file"
    ):
        authority.of(missing)


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)

    with pytest.raises(HooktapError, match=r"--tls needs the extra 'simulate'"):
        authority.of(tmp_path)


def test_a_strict_client_can_trust_it(tmp_path: Path) -> None:
    """As those of newer Pythons are by default."""
    made = authority.of(tmp_path)
    strict = ssl.create_default_context(cafile=made.certificate)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT
    inner, outer, back, forth = (ssl.MemoryBIO() for _ in range(4))
    server = made.context.wrap_bio(inner, back, server_side=True)
    client = strict.wrap_bio(outer, forth, server_hostname="localhost")

    for _ in range(4):
        for side, source, sink in ((client, forth, inner), (server, back, outer)):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            sink.write(source.read())

    assert client.version() == server.version() == "TLSv1.3"
