"""Answers that no description has: cut off, of another shape, hostile, far too long, or none."""

import json
import string
from typing import Any

import pytest

from inspector.errors import OutsideError
from inspector.outside import Answer
from inspector.register import wink as module
from inspector.register.answers import refusal
from tests.fakes import (
    Script,
    answer,
    answering,
    closing,
    endless,
    refusing,
    resetting,
    serve,
    silent,
)
from tests.register.wink import ID, client, record, says

HOSTILE = "\x1b]0;owned\x07\r\n\u202e\u2028[/]" + "A" * 100_000
CUT = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[",
        b'[{"id":',
        b"nonsense",
        b"null",
        b"3",
        b'"text"',
        b"{}",
        b"\xff\xfe[]",
        b"[NaN]",
        b"[null]",
        b"[[]]",
        b"[3]",
        b"[" * 500_000,
        b"9" * 10_000,
        json.dumps([record(eventList=["a", 1])]).encode(),
        json.dumps([record(enabled="yes")]).encode(),
        json.dumps([record(eventUrl={"a": 1})]).encode(),
        json.dumps([record(id=7)]).encode(),
    ],
)
async def test_a_list_that_is_none(body: bytes) -> None:
    async with serve(answering(answer(body=body))) as target:
        with pytest.raises(OutsideError, match=r"^127\.0\.0\.1 answered") as raised:
            await client(target).webhooks()

    assert str(raised.value).isprintable()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (closing(b""), "could not be reached"),
        (closing(CUT), "could not be reached"),
        (resetting(), "could not be reached"),
        (closing(b"SSH-2.0-OpenSSH\r\n"), "could not be reached"),
        (endless(b"HTTP/1.1 200 OK\r\n\r\n", b"[" * 65_536), "sent more than 1048576 bytes"),
        (endless(b"HTTP/1.1 400 Bad\r\n\r\n", b"[" * 65_536), "answered 400, and does not say why"),
    ],
)
async def test_no_answer(script: Script, sentence: str) -> None:
    async with serve(script) as target:
        with pytest.raises(OutsideError, match=sentence) as raised:
            await client(target).webhooks()

    assert str(raised.value).isprintable()


async def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.05)
    async with serve(silent) as target:
        with pytest.raises(OutsideError, match=r"did not answer within 0\.05 s"):
            await client(target).webhooks()


async def test_nobody_there() -> None:
    with refusing() as target, pytest.raises(OutsideError, match="could not be reached"):
        await client(target).webhooks()


async def test_text_of_somebody_else_is_kept_as_it_is() -> None:
    """It is made safe where it is printed: an update has to send the same back."""
    odd = record(name=HOSTILE, eventList=["\ud800"])
    async with serve(answering(says(odd))) as target:
        webhook = await client(target).webhook(ID)

    assert (webhook.name, webhook.events) == (HOSTILE, ("\ud800",))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
async def test_hostile_details_are_flat_and_short(status: int) -> None:
    details = {"title": HOSTILE, "detail": HOSTILE, "status": HOSTILE, "instance": HOSTILE}
    async with serve(answering(says(details, status))) as target:
        with pytest.raises(Exception, match=f"answered {status}") as raised:
            await client(target).delete(ID)

    assert str(raised.value).isprintable()
    assert "␛" in str(raised.value)
    assert len(str(raised.value)) < 800


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html>Bad Gateway</html>", "x answered 502, and does not say why"),
        (b"", "x answered 502, and does not say why"),
        (b"[]", "x answered 502, and does not say why"),
        (b"{", "x answered 502, and does not say why"),
        (b"{}", "x answered 502: it does not say why"),
        (b'{"title": null, "detail": 3}', "x answered 502: it does not say why"),
        (b'{"title": " \\n "}', "x answered 502: it does not say why"),
        (b'{"title": "Gone", "detail": "for\\ngood"}', "x answered 502: Gone: for good"),
        (b'{"detail": "only this"}', "x answered 502: only this"),
        (b'{"error": "invalid_client"}', "x answered 502: invalid_client"),
    ],
)
def test_what_a_refusal_says(body: bytes, sentence: str) -> None:
    assert refusal(Answer("x", 502, body)) == sentence


def test_no_kind_of_member_breaks_a_refusal() -> None:
    values: list[Any] = [None, True, 1e308, "", [], {}, string.printable]
    for title in values:
        for detail in values:
            body = json.dumps({"title": title, "detail": detail}).encode()
            assert refusal(Answer("x", 400, body)).isprintable()
