"""`hooktap verify`: a signature checked from a file or the store, with exit codes a script can trust."""

import asyncio
import hashlib
import hmac
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.cli.requests import parse
from inspector.core.export import copy_of, curl
from inspector.core.model import Delivery, Outcome, Verification
from inspector.datadir import DataDir
from tests import factories
from tests.api.serving import Serving, serving
from tests.cli.conftest import Done, Hooktap

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
        (["1", "-H", "a: b"], 2, "#1 is a stored delivery"),
        (["#1", "--entry", "2"], 2, "#1 is a stored delivery"),
        (["r", "--entry", "2"], 2, "r: is not a HAR file"),
        (["1"], 3, "no inspector runs"),
        (["1", *JINKO], 3, "no inspector runs"),
        (["c"], 2, "c: the option '--form' of curl is not read here"),
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
    (tmp_path / "c").write_bytes(b"curl --form a=b http://h/")
    done = hooktap("verify", *args)

    assert (done.code, done.out) == (code, b"")
    assert words in done.err


# What it says besides the verdict


def test_everything_there_is_to_say(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    done = hooktap("verify", "r", "--secret-env", "S", "--now", str(int(NOW) + 100))

    verdict, *facts = done.text.splitlines()
    assert verdict == "✓ verified: HMAC-SHA256 of X-Jinko-Timestamp.body matches the secret"
    assert [fact.split(maxsplit=1)[0] for fact in facts] == [
        "provider", "event", "event", "covered", "signed",
    ]  # fmt: skip
    assert facts[0] == "  provider   jinko (recognised)"
    assert facts[3] == "  covered    header X-Jinko-Timestamp, body"
    assert facts[4].endswith(", 1 min 40 s before the check")


def test_why_it_failed(hooktap: Hooktap, tmp_path: Path) -> None:
    """The cause that was found by computing it, for people and for programs."""
    (tmp_path / "r").write_bytes(REQUEST.partition(b"Content-Length")[0] + b"\r\n" + BODY + b"\n")
    plain = hooktap("verify", "r", *WITH_SECRET)
    found = json.loads(hooktap("verify", "r", *WITH_SECRET, "--json").out)

    assert plain.code == 1
    assert plain.text.splitlines()[1].startswith("  because    body_trailing_newline: ")
    assert [finding["cause"] for finding in found["findings"]] == ["body_trailing_newline"]
    assert SECRET not in plain.text


def test_a_time_ahead_and_one_that_no_calendar_has(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    (tmp_path / "far").write_bytes(REQUEST.replace(NOW.encode(), b"253402300799") + BODY)
    ahead = hooktap("verify", "r", "--secret-env", "S", "--now", str(int(NOW) - 3600))
    far = hooktap("verify", "far", "--secret-env", "S")

    assert ahead.text.splitlines()[0].startswith("✗ stale")
    assert ahead.text.splitlines()[-1].endswith(", 1 h after the check")
    assert far.text.splitlines()[-1].endswith(" after the check")


def test_who_it_may_be_from(hooktap: Hooktap, tmp_path: Path) -> None:
    """Where two fit, both are named; where none does, how to name one."""
    (tmp_path / "two").write_bytes(b"POST / HTTP/1.1\nX-Hub-Signature-256: sha256=00\n\n{}")
    (tmp_path / "none").write_bytes(b"POST / HTTP/1.1\n\n")
    two = json.loads(hooktap("verify", "two", "--json").out)
    none = hooktap("verify", "none")
    named = json.loads(hooktap("verify", "two", "-p", "github", "--json").out)

    assert two["recognised"]
    assert "github" in {two["provider"], *two["others"]}
    assert two["others"]
    assert f"{two['provider']} (recognised; it may as well be from" in hooktap("verify", "two").text
    assert (none.code, none.text.splitlines()[1]) == (
        1,
        "  provider   not recognised: name one with --provider (`hooktap provider list`)",
    )
    assert (named["provider"], named["recognised"], named["others"]) == ("github", False, [])


def test_without_a_secret_it_says_how_to_give_one(hooktap: Hooktap, tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(REQUEST + BODY)
    done = hooktap("verify", "r")

    assert done.code == 1
    assert done.err == "hooktap: note: give the secret with --secret-env or --secret-file\n"


def test_what_a_sender_wrote_does_not_reach_the_terminal(hooktap: Hooktap, tmp_path: Path) -> None:
    body = b'{"event":"\\u001b[2J","event_id":"\xff"}'
    (tmp_path / "r").write_bytes(REQUEST.partition(b"Content-Length")[0] + b"\r\n" + body)
    done = hooktap("verify", "r", *WITH_SECRET)

    assert all(char.isprintable() for char in done.text.replace("\n", ""))


def test_a_provider_that_signs_by_certificate(hooktap: Hooktap, tmp_path: Path) -> None:
    """There is no network here, so it cannot pass."""
    (tmp_path / "r").write_bytes(
        b"POST / HTTP/1.1\nPAYPAL-TRANSMISSION-SIG: AAAA\nPAYPAL-TRANSMISSION-ID: 1\n"
        b"PAYPAL-TRANSMISSION-TIME: 2026-06-02T08:00:00Z\nPAYPAL-AUTH-ALGO: SHA256withRSA\n"
        b"PAYPAL-CERT-URL: https://api.paypal.com/v1/notifications/certs/CERT-360caa42\n\n{}"
    )
    done = hooktap("verify", "r", "-p", "paypal", "--secret-env", "S")

    assert done.code == 1
    assert "certificate" in done.text.splitlines()[0]


# Other kinds of file


def har(body: str, **more: Any) -> dict[str, Any]:
    fields = [("X-Jinko-Timestamp", NOW), ("X-Jinko-Signature", f"sha256={SIGNATURE}")]
    return {
        "request": {
            "method": "POST",
            "url": "https://example.test/in/jinko",
            "headers": [{"name": name, "value": value} for name, value in fields],
            "postData": {"mimeType": "application/json", "text": body, **more},
        }
    }


def test_a_har_file(hooktap: Hooktap, tmp_path: Path) -> None:
    entries = [har("{}"), har(BODY.decode())]
    (tmp_path / "r.har").write_text(json.dumps({"log": {"entries": entries}}))
    ambiguous = hooktap("verify", "r.har", *WITH_SECRET)
    done = hooktap("verify", "r.har", "--entry", "2", *WITH_SECRET)

    assert (ambiguous.code, ambiguous.out) == (2, b"")
    assert len(ambiguous.err.splitlines()) == 3
    assert done.code == 0
    assert done.err.startswith("hooktap: note: r.har: a HAR holds text")


def test_a_curl_command_from_stdin(hooktap: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    request, _ = parse("r", REQUEST + BODY)
    made = replace(factories.delivery(), request=request)
    command = curl(copy_of(made, BODY, "http://127.0.0.1/in/x"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(command.encode())))

    assert hooktap("verify", "-", *WITH_SECRET).code == 0


# A stored delivery


def stored(verification: Verification) -> Delivery:
    request, _ = parse("r", REQUEST + BODY)
    return replace(
        factories.delivery(
            request=request,
            received_at_us=int(NOW) * 1_000_000,
            provider="jinko",
            verification=verification,
        ),
        body_bytes=len(BODY),
    )


async def asked(api: Serving, hooktap: Hooktap, *args: str) -> Done:
    data_dir = str(api.data_dir.path)
    return await asyncio.to_thread(hooktap, "verify", *args, "--data-dir", data_dir)


async def test_a_stored_delivery_is_checked_by_the_inspector(
    hooktap: Hooktap, tmp_path: Path
) -> None:
    """Its own verdict and findings: it has the secrets."""
    async with serving(DataDir(tmp_path / "data")) as api:
        bad = await api.store.append_delivery(stored(Verification(Outcome.MISMATCH, "no match")))
        plain = await asked(api, hooktap, f"#{bad.id}")
        found = json.loads((await asked(api, hooktap, str(bad.id), "--json")).out)
        await api.store.append_verdicts(
            [
                factories.verdict(
                    delivery_id=bad.id, verification=Verification(Outcome.VERIFIED, "ok")
                )
            ]
        )
        api.pipeline.findings = []
        good = await asked(api, hooktap, str(bad.id))
        absent = await asked(api, hooktap, "99")

    assert plain.code == 1
    assert plain.text.splitlines()[0] == "✗ mismatch: no match"
    assert (
        "  because    body_bom: without its byte order mark ␛ the signature is right\n"
        in plain.text
    )
    assert "  provider   jinko\n" in plain.text
    assert found["id"] == bad.id
    assert [finding["cause"] for finding in found["findings"]] == ["body_bom", "clock"]
    assert (good.code, good.text.splitlines()[0]) == (0, "✓ verified: ok")
    assert (absent.code, absent.err) == (4, "hooktap: there is no delivery #99\n")


async def test_a_stored_delivery_is_checked_here_with_what_is_given(
    hooktap: Hooktap, tmp_path: Path
) -> None:
    """By its own provider and at the time it arrived, unless something else is said."""
    async with serving(DataDir(tmp_path / "data")) as api:
        number = str(
            (await api.store.append_delivery(stored(Verification(Outcome.NO_SECRET, "")))).id
        )
        right = await asked(api, hooktap, number, "--secret-env", "S")
        late = await asked(api, hooktap, number, "--secret-env", "S", "--now", str(int(NOW) + 9999))
        other = await asked(api, hooktap, number, "--secret-env", "S", "-p", "github")

    assert right.code == 0
    assert right.text.startswith("✓ verified: ")
    assert late.text.startswith("✗ stale: ")
    assert other.text.startswith("✗ missing: ")
