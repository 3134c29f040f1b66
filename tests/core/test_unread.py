"""What is there and is not read is never taken for what is absent: nobody signed it."""

import hashlib
import hmac
import json
from base64 import b64encode

import pytest

from inspector import providers
from inspector.core.diagnosis import formtext
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request, Verification
from inspector.core.provider_table import parse
from inspector.core.setting import set_value
from inspector.core.signing import sign
from inspector.core.templates import URL, Kind, Locator, Template, Unread
from inspector.core.verification import verify
from inspector.errors import ConfigError, SigningError
from tests import factories
from tests.factories import NOW_S

BUILT_IN = providers.load()
TWILIO, ADYEN = BUILT_IN["twilio"], BUILT_IN["adyen"]
ADDRESS, TOKEN = "https://h.test/voice", "a" * 32
MANY = b"&".join(b"a%04d=%d" % (index, index) for index in range(1001))
LONG = b"From=1&x=" + b"y" * (1 << 20)
TOO_MANY = [b"From=evil" + b"&" * 50_000, b"From=evil&x=" + b"%41" * 200_001]


def twilio(body: bytes, signed: bytes) -> Request:
    signature = b64encode(hmac.digest(TOKEN.encode(), ADDRESS.encode() + signed, "sha1")).decode()
    headers = factories.headers(("X-Twilio-Signature", signature))
    return factories.request(headers=headers, body=body)


def by_twilio(request: Request) -> Verification:
    return verify(TWILIO, request, [TOKEN], now_s=0, url=ADDRESS)


@pytest.mark.parametrize("body", [b"From=evil" + b"&" * 1000, LONG, MANY])
def test_a_signature_over_no_field_vouches_for_none(body: bytes) -> None:
    assert by_twilio(twilio(body, b"")).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    ("body", "signed"),
    [
        (MANY, MANY.replace(b"=", b"").replace(b"&", b"")),
        (LONG, LONG.replace(b"=", b"").replace(b"&", b"")),
        (b"&" * 1000 + b"b=2" + b"&" * 1000 + b"a=1", b"a1b2"),
        (b"&" * 1000, b""),
    ],
)
def test_every_field_of_a_form_is_signed(body: bytes, signed: bytes) -> None:
    """However many, and however long: Twilio's libraries leave none out."""
    right = twilio(body, signed)

    assert by_twilio(right).outcome is Outcome.VERIFIED
    assert sign(TWILIO, right, TOKEN, now_s=0, url=ADDRESS) == right


@pytest.mark.parametrize("body", TOO_MANY)
def test_a_form_with_too_many_fields_is_not_judged(body: bytes) -> None:
    found = by_twilio(twilio(body, b""))

    assert found.outcome is Outcome.MALFORMED
    assert found.detail == "the form in the body has more fields, or more escapes, than are read"
    with pytest.raises(SigningError, match=r"^Twilio signs what .*more escapes, than are read$"):
        sign(TWILIO, factories.request(body=body), TOKEN, now_s=0, url=ADDRESS)


def test_what_is_not_read_was_not_written_anew_either() -> None:
    """A diagnosis never says that a form was an empty one."""
    assert all(form for _, form in formtext.respelled(b"a=1" + b"&b=%20" * 1000))


def test_a_form_that_is_not_read_takes_no_value() -> None:
    """It may hold the field already."""
    with pytest.raises(ConfigError, match="has more fields than are looked through"):
        set_value(b"a=1" + b"&" * 1000, "form", "a", "2")


def test_a_form_is_sorted_once_for_all_spellings_of_a_url() -> None:
    fields = Fields(factories.request(body=b"b=2&a=1"), b"https://h")

    assert fields.sorted_form() is fields.at(b"https://h:443").sorted_form()


def adyen(more: str, **fields: object) -> Request:
    """Return a notification signed with no `originalReference`, and `more` put into its item afterwards."""
    amount = {"currency": "EUR", "value": 1}
    item: dict[str, object] = {
        "pspReference": "7",
        "merchantReference": "R",
        "amount": amount,
        "eventCode": "A",
    }
    signature = b64encode(hmac.digest(b"ab", b"7:::R:1:EUR:A:", "sha256")).decode()
    item["additionalData"] = {"hmacSignature": signature}
    item |= fields
    text = json.dumps(item)[:-1] + more
    body = f'{{"notificationItems": [{{"NotificationRequestItem": {text}}}}}]}}'.encode()
    return factories.request(body=body)


def by_adyen(request: Request) -> Verification:
    return verify(ADYEN, request, ["6162"], now_s=0)


@pytest.mark.parametrize("more", ["", ', "originalReference": ""', ', "other": null'])
def test_what_is_absent_or_empty_is_signed_as_empty(more: str) -> None:
    assert by_adyen(adyen(more)).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(
    "more",
    [
        ', "originalReference": ["evil"]',
        ', "originalReference": true',
        ', "originalReference": 12.5',
        ', "originalReference": {"a": 1}',
        ', "originalReference": null',
        ', "originalReference": "", "originalReference": "evil"',
        ', "originalReference": "", "originalReference": ""',
    ],
)
def test_what_is_no_text_is_not_signed_as_empty(more: str) -> None:
    request = adyen(more)

    found = by_adyen(request)

    assert found.outcome is Outcome.MALFORMED
    assert found.detail.startswith("the json originalReference in the body cannot be told: it is")
    with pytest.raises(SigningError, match="signs what cannot be read here: the json originalRef"):
        sign(ADYEN, request, "6162", now_s=0)


@pytest.mark.parametrize("amount", [None, "1", [1], {"value": "1", "currency": 1.5}])
def test_nor_is_what_stands_on_the_way_there(amount: object) -> None:
    assert by_adyen(adyen("", amount=amount)).outcome is Outcome.MALFORMED


XML = b'<?xml version="1.0"?><r>%s</r>'
FORM_B = ("Content-Type", "multipart/form-data; boundary=B")


@pytest.mark.parametrize(
    ("locator", "request_"),
    [
        ("header:X-A", factories.request(headers=factories.headers(("X-A", ""), ("X-A", "evil")))),
        ("query:a", factories.request(target=b"/?a=&a=evil")),
        ("query:a", factories.request(target=b"/?a=evil" + b"&" * 1000)),
        ("form:a", factories.request(body=b"a=&a=evil")),
        ("form:a", factories.request(body=b"a=evil" + b"&" * 1000)),
        ("form:a", factories.request(body=b"a=evil&x=" + b"y" * (1 << 20))),
        ("form:a", factories.request(headers=factories.headers(FORM_B), body=b"a=evil")),
        ("json:a", factories.request(body=b'{"a":"evil","x":"' + b"y" * (1 << 20) + b'"}')),
        ("json:a", factories.request(body=b'{"a":"evil","x":' + b"[" * 9999 + b"]" * 9999 + b"}")),
        ("json:a", factories.request(body=b"null")),
        ("json:a", factories.request(body=b'[{"a":"evil"}]')),
        ("json:0", factories.request(body=b"[1.5]")),
        ("xml:a", factories.request(body=XML % b"<a>evil<b/></a>")),
        ("xml:a", factories.request(body=XML % (b"<x/>" * 20_000 + b"<a>evil</a>"))),
        ("xml:a", factories.request(body=XML % (b"<a>evil</a>" + b" " * (1 << 20)))),
        ("xml:a", factories.request(body=XML % b"<a>evil</a><broken>")),
        ("xml:" + "a." * 8 + "a", factories.request(body=XML % b"<a/>")),
    ],
)
def test_nothing_stands_for_what_may_be_there(locator: str, request_: Request) -> None:
    fields, template = Fields(request_), Template.parse(f"{{json:none}}{{{locator}}}")

    assert Template.parse(locator).render(fields, b"") is None
    absent = template.absent(fields)
    assert absent is not None
    assert str(absent) in {locator.partition(":")[2], "none"}


@pytest.mark.parametrize(
    ("locator", "request_"),
    [
        ("header:X-A", factories.request(headers=factories.headers(("X-A", ""), ("X-A", "")))),
        ("query:a", factories.request(target=b"/?a=&a=&b=1")),
        ("form:a", factories.request(body=b"b=1")),
        ("json:a", factories.request(body=b"")),
        ("json:a.b", factories.request(body=b'{"a": {"c": "", "c": ""}}')),
        ("json:0", factories.request(body=b"[]")),
        ("xml:a", factories.request(body=b"")),
        ("xml:a", factories.request(body=XML % b"<a/><b><c>1</c></b>")),
        ("pair:t", factories.request()),
    ],
)
def test_something_stands_for_what_is_not_there(locator: str, request_: Request) -> None:
    assert Template.parse(locator).render(Fields(request_), b"-") == b"-"


def test_nothing_stands_for_a_url_that_nobody_knows() -> None:
    assert Template.parse("{url}{body}").render(Fields(factories.request()), b"") is None


def test_what_is_there_and_not_read_is_named_first() -> None:
    """The others, absent, may be no obstacle."""
    fields = Fields(factories.request(body=b'{"b": true}'))

    absent = Template.parse("{url}{json:a}{json:b}").absent(fields)

    assert isinstance(absent, Unread)
    assert absent == Unread(Kind.JSON, "b") != Locator(Kind.JSON, "b")
    assert Template.parse("{url}{json:a}").absent(fields) == URL


@pytest.mark.parametrize(
    ("signed", "said"),
    [
        ("{xml:a}", "the xml a in the body cannot be told: it has other elements in it"),
        ("{form:a}", "the form a in the body cannot be told: it is there several times"),
        ("{header:X-A}", "the X-A header came several times"),
    ],
)
def test_every_kind_has_its_sentence(signed: str, said: str) -> None:
    table = {"title": "A", "scheme": "hmac", "signature": "header:S", "signed": signed}
    body = XML % b"<a>1<b/></a>" if "xml" in signed else b"a=&a=1"
    headers = factories.headers(("S", hashlib.sha256().hexdigest()), ("X-A", "1"), ("X-A", "2"))

    provider = parse("acme", {**table, "missing": ""})
    found = verify(provider, factories.request(headers=headers, body=body), ["k"], now_s=NOW_S)

    assert found.outcome is Outcome.MALFORMED
    assert found.detail.startswith(said)
