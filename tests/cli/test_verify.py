"""`hooktap verify`: a signature checked from a file, with exit codes a script can trust."""

import hashlib
import hmac
import io
import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Hooktap

SECRET = "cAnArY-secret"
NOW = "1780387200"
BODY = b'{"event":"booking.completed","event_id":"evt_1"}'
SIGNATURE = hmac.new(SECRET.encode(), NOW.encode() + b"." + BODY, hashlib.sha256).hexdigest()
REQUEST = (
    b"POST /in/jinko HTTP/1.1\r\n"
    + f"X-Jinko-Timestamp: {NOW}\r\nX-Jinko-Signature: sha256={SIGNATURE}\r\n".encode()
    + f"Content-Length: {len(BODY)}\r\n\r\n".encode()
)
JINKO = ("--provider", "jinko", "--now", NOW)
WITH_SECRET = (*JINKO, "--secret-env", "S")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S", SECRET)


def test_a_request_that_verifies(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    done = hooktap("verify", "r", *WITH_SECRET)

    assert (done.code, done.err) == (0, "")
    assert done.text.startswith("✓ verified: ")
    assert "  event      booking.completed\n" in done.text
    assert SECRET not in done.text


def test_as_json(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    found = json.loads(hooktap("verify", "r", *WITH_SECRET, "--json").out)

    assert found["provider"] == "jinko"
    assert found["event"] == "booking.completed"
    assert found["verification"]["outcome"] == "verified"
    assert found["verification"]["signed_at_s"] == int(NOW)


def test_an_editors_newline_is_left_out_and_said_so(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY + b"\n")
    done = hooktap("verify", "r", *WITH_SECRET)

    assert done.code == 0
    assert done.err == "hooktap: note: r: 1 bytes after Content-Length are left out\n"


@pytest.mark.parametrize(
    ("change", "options", "outcome"),
    [
        (lambda raw: raw.replace(b"evt_1", b"evt_2"), WITH_SECRET, "mismatch"),
        (lambda raw: raw.replace(b"X-Jinko-Signature", b"X-Other"), WITH_SECRET, "missing"),
        (lambda raw: raw.replace(b"sha256=", b"md5="), WITH_SECRET, "malformed"),
        (lambda raw: raw, JINKO, "no_secret"),
        (lambda raw: raw, (*WITH_SECRET, "--now", "1780390000"), "stale"),
        (lambda raw: raw, ("--provider", "wink", "--secret-env", "S"), "unsigned"),
    ],
)
def test_everything_else_exits_1(
    hooktap: Hooktap, tmp_path: Path, change: object, options: tuple[str, ...], outcome: str
) -> None:
    """Nothing was proved, so no script may take it for a yes."""
    assert callable(change)
    (tmp_path / "r").write_bytes(change(REQUEST + BODY))
    done = hooktap("verify", "r", *options, "--json")

    assert done.code == 1
    assert json.loads(done.out)["verification"]["outcome"] == outcome


def test_a_body_with_headers_from_stdin(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BODY)))
    done = hooktap(
        "verify", "-", *WITH_SECRET,
        "-H", f"x-jinko-timestamp: {NOW}", "-H", f"x-jinko-signature: sha256={SIGNATURE}",
    )  # fmt: skip

    assert done.code == 0


def test_several_secrets(hooktap: Hooktap, tmp_path: Path) -> None:
    """Any may match; a file's one last newline is not part of it."""
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    (tmp_path / "s").write_text(f"{SECRET}\n")
    (tmp_path / "old").write_text("old")
    files = ("--secret-file", "old", "--secret-file", "s")
    found = json.loads(hooktap("verify", "r", *JINKO, *files, "--json").out)

    assert found["verification"]["secret_index"] == 1


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["r", "--provider", "jinco"], 4, "there is no provider 'jinco' (did you mean 'jinko'?)"),
        (["r"], 2, "--provider"),
        (["r", *JINKO, "--now", "nan"], 2, "--now"),
        (["nope", *JINKO], 2, "cannot read nope: No such file"),
        (["r", *JINKO], 2, "begins with no request line"),
        (["r", *JINKO, "-H", "no colon"], 2, "'no colon' is not a header"),
        (["r", *JINKO, "-H", "a: b", "--secret-env", "NOPE"], 2, "NOPE is not set"),
        (["r", *JINKO, "-H", "a: b", "--secret-env", "EMPTY"], 2, "EMPTY is empty"),
        (["r", *JINKO, "-H", "a: b", "--secret-file", "nope"], 2, "cannot read nope"),
        (["r", *JINKO, "-H", "a: b", "--secret-file", "r0"], 2, "r0 is empty"),
    ],
)
def test_what_cannot_be_checked(
    hooktap: Hooktap,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    code: int,
    words: str,
) -> None:
    monkeypatch.setenv("EMPTY", "")
    (tmp_path / "r").write_bytes(b"\x00\xff{}")
    (tmp_path / "r0").write_bytes(b"\n")
    done = hooktap("verify", *args)

    assert (done.code, done.out) == (code, b"")
    assert words in done.err
