from typing import Any

import pytest

from inspector.core.fields import Fields
from inspector.core.handshake_table import BODY_MAX_BYTES, Handshake
from inspector.core.provider_table import parse
from inspector.errors import ConfigError
from tests import factories

ACME: dict[str, Any] = {
    "scheme": "hmac",
    "signature": "header:X-Acme-Signature",
    "signed": "{body}",
}


def handshakes(value: object, **table: Any) -> tuple[Handshake, ...]:
    return parse("acme", {**ACME, **table, "handshake": value}).handshake


def test_none_is_the_default() -> None:
    assert parse("acme", ACME).handshake == ()
    assert handshakes({}) == handshakes([]) == ()


def test_everything_in_one_has_a_plain_default() -> None:
    (only,) = handshakes({"when": "header:X-Ping"})

    assert (only.methods, only.status, only.headers, only.body, only.json) == (
        ("POST",),
        200,
        (),
        None,
        None,
    )
    assert (only.verify, only.needs_key, only.token, only.unless) == (False, False, (), ())
    assert only.asks == "asked whether this URL is yours"


def test_empty_one_takes_an_inherited_one_back() -> None:
    bases = {"base": {**ACME, "handshake": {"method": "GET"}}}

    assert len(parse("heir", {"extends": "base"}, bases).handshake) == 1
    assert parse("heir", {"extends": "base", "handshake": {}}, bases).handshake == ()


def test_list_keeps_its_order() -> None:
    assert [
        each.methods for each in handshakes([{"method": "GET"}, {"method": ["PUT", "HEAD"]}])
    ] == [
        ("GET",),
        ("PUT", "HEAD"),
    ]


def test_echo_is_never_a_page() -> None:
    """What a stranger sent goes back as what no browser runs, whether the file says so or not."""
    (text,) = handshakes({"when": "query:c", "body": "{query:c}"})
    (said,) = handshakes(
        {
            "when": "query:c",
            "body": "{query:c}",
            "headers": {"content-type": "text/plain;charset=utf-8"},
        }
    )
    (json,) = handshakes({"when": "query:c", "json": {"c": "{query:c}"}})

    assert [(name, value.text) for name, value in text.headers] == [
        (b"Content-Type", "text/plain"),
        (b"X-Content-Type-Options", "nosniff"),
    ]
    assert [(name, value.text) for name, value in said.headers] == [
        (b"content-type", "text/plain;charset=utf-8"),
        (b"X-Content-Type-Options", "nosniff"),
    ]
    assert json.headers[0][1].text == "application/json"


def test_answer_without_a_body_may_have_any_content_type() -> None:
    (empty,) = handshakes(
        {"method": "GET", "status": 204, "headers": {"Content-Type": "application/json"}}
    )

    assert [name for name, _ in empty.headers] == [b"Content-Type"]


def test_body_is_looked_into_last() -> None:
    """A header that is not there spares reading the body, in whatever order they are written."""
    (only,) = handshakes({"when": ["json:type=ping", "header:X-Kind=ping"]})

    assert [str(condition.locator.kind) for condition in only.when] == ["header", "json"]


def test_kept_header_is_a_condition() -> None:
    (only,) = handshakes({"keep": "header:X-Secret"})

    assert not only.fits(Fields(factories.request()))
    assert only.fits(Fields(factories.request(headers=factories.headers(("x-secret", "s")))))


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        (b'{"type":"ping"}', True),
        (b'{"type":"ping","event":{"id":"1"}}', False),
        (b'{"type":"ping","type":"ping"}', False),
        (b'{"type":"ping"}'.ljust(BODY_MAX_BYTES), True),
        (b'{"type":"ping"}'.ljust(BODY_MAX_BYTES + 1), False),
        (b"", False),
        (b"\xff\x00", False),
    ],
)
def test_conditions(body: bytes, fits: bool) -> None:
    """All of `when`, none of `unless`, and no body that is too long to be one."""
    (only,) = handshakes({"when": "json:type=ping", "unless": "json:event.id"})

    assert only.fits(Fields(factories.request(body=body))) is fits


def test_long_body_matters_only_where_it_is_looked_into() -> None:
    (only,) = handshakes({"when": "query:c"})
    long = factories.request(target=b"/?c=1", body=b"x" * (BODY_MAX_BYTES + 1))

    assert only.fits(Fields(long))


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("x", "handshake: expected a table, got a string"),
        (["x"], "handshake: expected a table, got an array"),
        ({"wen": "header:A"}, "handshake: unknown key 'wen' (did you mean 'when'?)"),
        ([{"method": "GET"}, {"wen": "header:A"}], "handshake: unknown key 'wen' (did you mean 'when'?)"),
        ({"verify": True}, "handshake.when: missing: every delivery would be taken for a handshake"),
        ({"method": ["GET", "POST"]}, "handshake.when: missing: every delivery"),
        ({"method": "post"}, "handshake.method: 'post' is not a method"),
        ({"method": 1}, "handshake.method: expected a string, got an integer"),
        ({"when": "hedder:A"}, "handshake.when: unknown locator 'hedder:' (did you mean 'header'?)"),
        ({"unless": ["pair:t"]}, "handshake.unless: 'pair:t': an element of a signature header"),
        ({"verify": "yes"}, "handshake.verify: expected a boolean, got a string"),
        ({"require": "x"}, "handshake.require: expected a table, got a string"),
        ({"require": {"query:t": "x"}}, "handshake.require.query:t: expected '{setting:verify_token}'"),
        ({"require": {"t": "{setting:verify_token}"}}, "handshake.require.t: 't' is not a locator"),
        ({"status": 302}, "handshake.status: expected 200 to 299"),
        ({"status": 204, "body": "x"}, "handshake.status: a 204 has no body"),
        ({"body": "x", "json": {}}, "handshake.json: 'body' and 'json' cannot both"),
        ({"body": "{secret}"}, "handshake.body: '{secret}' would tell the secret"),
        ({"body": "{pair:t}"}, "handshake.body: 'pair t' can only be signed"),
        ({"body": "{query:}"}, "handshake.body: 'query:' is not a locator"),
        ({"body": "{hmac.hex:x}"}, "handshake.body: 'x' is not a locator"),
        ({"body": "{setting:verify_token}"}, "handshake.body: unknown locator 'setting:'"),
        ({"json": {"a": []}}, "handshake.json.a: expected a string, got an array"),
        ({"json": {"a": "{secret}"}}, "handshake.json.a: '{secret}' would tell the secret"),
        ({"headers": {"A B": "x"}}, "handshake.headers.A B: not a header"),
        ({"headers": {"A": "x\r\nB: y"}}, "handshake.headers.A: not a header"),
        ({"headers": {"Content-Length": "9"}}, "handshake.headers.Content-Length: follows from"),
        ({"body": "{query:c}", "headers": {"CONTENT-TYPE": "text/html"}}, "handshake.headers.CONTENT-TYPE: must be"),
        (
            {"body": "{query:c}", "headers": {"Content-Type": "text/plain; charset={query:d}"}},
            "handshake.headers.Content-Type: must be 'text/plain'",
        ),
        (
            {"json": {}, "headers": {"X-Content-Type-Options": "sniff"}},
            "handshake.headers.X-Content-Type-Options: must be 'nosniff'",
        ),
        ({"keep": "json:secret"}, "handshake.keep: 'json:secret' is not a header"),
        ({"asks": ""}, "handshake.asks: must not be empty"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_place(written: object, complaint: str) -> None:
    with pytest.raises(ConfigError) as raised:
        handshakes(written)

    assert str(raised.value).startswith(f"acme.toml: {complaint}")


def test_unsigned_provider_verifies_nothing() -> None:
    with pytest.raises(ConfigError, match=r"^acme\.toml: handshake: nothing can be verified"):
        parse("acme", {"scheme": "unsigned", "handshake": {"method": "GET", "verify": True}})
