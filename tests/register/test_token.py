"""What opens the API: a token that is configured, or one asked for with client credentials (RFC 6749, 4.4)."""

import base64
from typing import Any
from urllib.parse import parse_qs

import pytest

from inspector.errors import ConfigError, OutsideError
from inspector.register.token import token_of
from tests.fakes import answer, answering, refusing, serve
from tests.register.wink import (
    DESCRIPTION,
    SECRET,
    TOKEN,
    application,
    client,
    in_turn,
    problem,
    registration,
    says,
)

GRANT = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300}


async def test_the_configured_one() -> None:
    assert await token_of(registration("https://api.example.test")) == TOKEN


@pytest.mark.parametrize("token", [b"", b"a b", b"a\r\nX: y", b"\x00", b"\xff", "é".encode()])
async def test_what_cannot_be_a_token(token: bytes) -> None:
    """It would end a header, and is not repeated."""
    with pytest.raises(ConfigError, match=r"^register\.wink\.token: ") as raised:
        await token_of(registration("https://api.example.test", opened_by=lambda: token))

    assert str(raised.value).isprintable()


async def test_client_credentials() -> None:
    """As the description of Wink's API tells to ask."""
    told = DESCRIPTION["components"]["securitySchemes"]["oauth2ClientCredentials"]["description"]
    assert 'base64(clientId + ":" + clientSecret)' in told
    async with serve(answering(says(GRANT))) as target:
        opened_by = application(target.url)
        token = await token_of(registration("https://api.example.test", opened_by=opened_by))

    (taken,) = target.requests
    assert token == TOKEN
    assert taken.line == b"POST /oauth2/token HTTP/1.1"
    assert taken.header(b"Content-Type") == [b"application/x-www-form-urlencoded"]
    assert taken.header(b"Authorization") == [b"Basic " + base64.b64encode(f"us:{SECRET}".encode())]
    assert parse_qs(taken.body.decode()) == {"grant_type": ["client_credentials"]}


async def test_a_scope_is_asked_for_if_one_is_named() -> None:
    async with serve(answering(says(GRANT))) as target:
        opened_by = application(target.url, "account.read account.write")
        await token_of(registration("https://api.example.test", opened_by=opened_by))

    asked = parse_qs(target.requests[0].body.decode())
    assert asked["scope"] == ["account.read account.write"]


async def test_one_token_opens_all_that_a_command_asks() -> None:
    async with serve(in_turn(says([]), says([]))) as api, serve(answering(says(GRANT))) as tokens:
        wink = client(api, opened_by=application(tokens.url))
        await wink.webhooks()
        await wink.events()

    assert len(tokens.requests) == 1
    assert [each.header(b"Authorization") for each in api.requests] == [
        [f"Bearer {TOKEN}".encode()]
    ] * 2


async def test_an_expired_one_is_told_by_its_keys() -> None:
    async with serve(answering(problem(401))) as api, serve(answering(says(GRANT))) as tokens:
        with pytest.raises(OutsideError, match=r"look at client_id and client_secret in register"):
            await client(api, opened_by=application(tokens.url)).webhooks()


@pytest.mark.parametrize(
    ("grant", "sentence"),
    [
        ([], "but not with an object as JSON"),
        ({}, "no 'access_token' that is text"),
        ({"access_token": 1, "token_type": "Bearer"}, "no 'access_token' that is text"),
        ({"access_token": "a"}, "no 'token_type' that is text"),
        ({"access_token": "a", "token_type": "mac"}, "that is no bearer token"),
        ({"access_token": "", "token_type": "bearer"}, "that is no bearer token"),
        ({"access_token": "a\r\nX: y", "token_type": "bearer"}, "that is no bearer token"),
        ({"access_token": "\u00e9", "token_type": "bearer"}, "that is no bearer token"),
    ],
)
async def test_a_grant_that_is_none(grant: Any, sentence: str) -> None:
    async with serve(answering(says(grant))) as target:
        with pytest.raises(OutsideError, match=sentence):
            await token_of(registration(target.url, opened_by=application(target.url)))


async def test_a_refusal_says_what_to_look_at() -> None:
    refused = says({"error": "invalid_client", "error_description": "no\x1b such client"}, 401)
    async with serve(answering(refused)) as target:
        with pytest.raises(
            OutsideError,
            match=r"^no token: 127\.0\.0\.1 answered 401: invalid_client: no␛ such client \(look at client_id,",
        ) as raised:
            await token_of(registration(target.url, opened_by=application(target.url)))

    assert SECRET not in str(raised.value)


async def test_trouble_of_theirs_is_not_blamed_on_the_configuration() -> None:
    async with serve(answering(answer(503, body=b""))) as target:
        with pytest.raises(OutsideError, match=r"^no token: .* 503, and does not say why$"):
            await token_of(registration(target.url, opened_by=application(target.url)))


async def test_nobody_gives_tokens() -> None:
    with refusing() as target, pytest.raises(OutsideError, match="could not be reached"):
        await token_of(registration(target.url, opened_by=application(target.url)))
