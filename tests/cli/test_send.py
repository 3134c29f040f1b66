"""`hooktap send`: samples that verify, here and elsewhere."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import pytest

from inspector import providers
from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.verification import verify
from inspector.simulate import samples
from tests.cli.conftest import Done, Hooktap
from tests.fakes import Taken, answer, answering, refusing, serve
from tests.process import inspector

CONFIG = '[endpoint.bookings]\nprovider = "jinko"\nsecret = { env = "JINKO" }\n'


def request_of(taken: Taken) -> Request:
    method, target, _ = taken.line.split(b" ")
    return Request(method.decode(), target, Headers(tuple(taken.pairs)), taken.body)


async def in_thread(hooktap: Hooktap, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, *args)


async def test_every_provider_to_the_running_inspector(hooktap: Hooktap, tmp_path: Path) -> None:
    """Without any configuration: verified where one can sign as the provider does, and said whose secret it was."""
    async with inspector(tmp_path) as running:
        data_dir = ("--data-dir", str(running.data_dir.path))
        for name, provider in providers.load().items():
            done = await in_thread(hooktap, "send", name, *data_dir)
            delivery = await running.line()

            assert done.code == 0, done.err
            assert f"{running.ingress}/in/{name}  20" in done.text
            assert delivery["provider"] == name
            can_sign = not signing.why_not(provider, private_key=True)
            assert (delivery["verification"]["outcome"] == "verified") == can_sign
            assert (f"endpoint '{name}' has no secret" in done.err) == can_sign


async def test_the_configured_endpoint_of_a_provider(hooktap: Hooktap, tmp_path: Path) -> None:
    """Signed by the inspector with the secret that it has, whatever this shell knows."""
    async with inspector(tmp_path, config=CONFIG, environ={"JINKO": "s3cret"}) as running:
        data_dir = ("--data-dir", str(running.data_dir.path))
        done = await in_thread(hooktap, "send", "jinko", "booking.failed", "--json", *data_dir)
        delivery = await running.line()
        await in_thread(hooktap, "send", "jinko", "--endpoint", "other", *data_dir)
        other = await running.line()

    assert done.err == ""
    told = json.loads(done.out)
    assert told.pop("duration_us") > 0
    assert told == {
        "event": "booking.failed",
        "event_id": delivery["event_id"],
        "attempt_id": delivery["attempt_id"],
        "url": f"{running.ingress}/in/bookings",
        "status": 200,
        "body": f"stored as #{delivery['id']}\n",
        "note": None,
    }
    assert (delivery["endpoint"], delivery["event"]) == ("bookings", "booking.failed")
    assert delivery["verification"]["secret_index"] == 0
    assert other["endpoint"] == "other"


async def test_to_any_url(
    hooktap: Hooktap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No inspector is needed; the signature is made with the configured secret."""
    (tmp_path / "hooktap.toml").write_text(CONFIG)
    monkeypatch.setenv("JINKO", "s3cret")
    async with serve(answering(answer(201, body=b"made\x1b"))) as target:
        done = await in_thread(hooktap, "send", "jinko", "--to", f"{target.url}/app?x=1")

    assert (done.code, done.err) == (0, "")
    assert done.text == f"booking.completed → {target.url}/app?x=1  201\nmade␛\n"
    [taken] = target.requests
    assert taken.line == b"POST /app?x=1 HTTP/1.1"
    verified = verify(
        providers.load()["jinko"],
        request_of(taken),
        ["s3cret"],
        now_s=int(taken.header(b"X-Jinko-Timestamp")[0]),
    )
    assert verified.outcome is Outcome.VERIFIED


async def test_the_url_that_is_signed(hooktap: Hooktap, tmp_path: Path) -> None:
    """Some providers sign the URL they were given: the public one where it is known, else the one sent to."""
    own = tmp_path / "xdg" / "hooktap" / "providers"
    own.mkdir(parents=True)
    (own / "jinko.toml").write_text('extends = "jinko"\nsigned = "{url}|{body}"\n')
    (tmp_path / "secret").write_text("s3cret")
    secret = 'secret = { file = "secret" }\n'
    public = "https://example.com/in/jinko"
    async with serve(answering()) as target:
        for extra, url in ((f'public_url = "{public}"\n', public), ("", target.url)):
            (tmp_path / "hooktap.toml").write_text(f"[endpoint.jinko]\n{secret}{extra}")
            assert (await in_thread(hooktap, "send", "jinko", "--to", target.url)).code == 0
            taken = target.requests[-1]
            signed = url.encode() + b"|" + taken.body
            digest = hmac.new(b"s3cret", signed, hashlib.sha256).hexdigest()
            assert taken.header(b"X-Jinko-Signature") == [f"sha256={digest}".encode()]


async def test_to_any_url_without_a_secret(hooktap: Hooktap, tmp_path: Path) -> None:
    """The data directory's own secret is used, and said so; twice it is the same."""
    async with serve(answering()) as target:
        first = await in_thread(hooktap, "send", "github", "--to", target.url, "--data-dir", "d")
        await in_thread(hooktap, "send", "github", "--to", target.url, "--data-dir", "d")

    assert (
        "endpoint 'github' has no secret, so this is signed with the inspector's own" in first.err
    )
    assert (tmp_path / "d" / "sample-seed").exists()
    assert all(taken.header(b"X-Hub-Signature-256") for taken in target.requests)


@pytest.mark.parametrize("form", samples.CONTENT_TYPES)
async def test_checkfronts_formats(hooktap: Hooktap, form: str) -> None:
    async with serve(answering()) as target:
        done = await in_thread(hooktap, "send", "checkfront", "--format", form, "--to", target.url)

    assert done.code == 0
    [taken] = target.requests
    assert taken.header(b"Content-Type") == [samples.CONTENT_TYPES[form].encode()]


async def test_a_refusal_exits_1(hooktap: Hooktap) -> None:
    async with serve(answering(answer(401, body=b""))) as target:
        done = await in_thread(hooktap, "send", "wink", "--to", target.url)

    assert done.code == 1
    assert done.text.endswith("  401\n")


def test_nobody_there_exits_3(hooktap: Hooktap) -> None:
    with refusing() as target:
        done = hooktap("send", "wink", "--to", target.url)

    assert (done.code, done.out) == (3, b"")
    assert str(target.port) in done.err


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["jinco"], 4, "did you mean 'jinko'?"),
        (["jinko", "booking.complete"], 2, "did you mean 'booking.completed'?"),
        (["jinko", "--format", "xml"], 2, "xml"),
        (["jinko", "--format", "yaml"], 2, "yaml"),
        (["jinko", "--to", "ftp://x"], 2, "http://"),
    ],
)
def test_what_cannot_be_sent(hooktap: Hooktap, args: list[str], code: int, words: str) -> None:
    done = hooktap("send", *args)

    assert (done.code, done.out) == (code, b"")
    assert words in done.err


async def test_what_is_assumed_is_said(hooktap: Hooktap) -> None:
    """A sample whose shape no page documents must not pass for one that does."""
    assert samples.find("wink").note
    async with serve(answering()) as target:
        done = await in_thread(hooktap, "send", "wink", "--to", target.url)

    assert f"hooktap: note: {samples.find('wink').note}" in done.err
