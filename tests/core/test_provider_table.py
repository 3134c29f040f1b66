from typing import Any

import pytest

from inspector.core.conditions import Condition
from inspector.core.formats import Encoding, Format
from inspector.core.keys import KeyForm
from inspector.core.model import Outcome
from inspector.core.provider_table import parse
from inspector.core.providers import Scheme
from inspector.core.templates import Locator
from inspector.core.timestamps import TimeRule, Unit, Window
from inspector.core.verification import verify
from inspector.errors import ConfigError
from tests import factories

ACME: dict[str, Any] = {
    "scheme": "hmac",
    "signature": "header:X-Acme-Signature",
    "signed": "{header:X-Acme-Time}.{body}",
    "timestamp": {"from": "header:X-Acme-Time", "tolerance": 300},
    "event": "json:event",
}


def test_everything_has_a_plain_default() -> None:
    acme = parse("acme", ACME)

    assert acme.title == "acme"
    assert acme.scheme is Scheme.HMAC
    assert (acme.digest, acme.encoding, acme.format) == ("sha256", Encoding.HEX, Format())
    assert acme.secret == KeyForm()
    assert acme.time == TimeRule(Unit.S, 300, Window.BOTH)
    assert acme.ack == "2xx"
    assert acme.recognised_by == ((Condition.parse("header:X-Acme-Signature"),),)
    assert acme.older_headers == ()
    assert acme.placements[0].time == Locator.parse("header:X-Acme-Time")
    assert acme.placements[0].covered == ("header X-Acme-Time", "body")


def test_extending_takes_what_is_not_said() -> None:
    """A chain of them; what names a provider or tells it apart is its own."""
    bases = {
        "acme": {
            **ACME,
            "title": "Acme",
            "recognise": ["header:X-Acme"],
            "older": "header:Old",
            "note": "n",
            "docs": "d",
        },
        "middle": {"extends": "acme", "digest": "sha512", "event": ""},
    }

    last = parse("last", {"extends": "middle", "encoding": "base64"}, bases)

    assert (last.digest, last.encoding, last.event) == ("sha512", Encoding.BASE64, ())
    assert (last.title, last.note, last.docs, last.older_headers) == ("last", "", (), ())
    assert last.recognised_by == ((Condition.parse("header:X-Acme-Signature"),),)


def test_lists_of_one_length_belong_together() -> None:
    """A single entry goes with each of the others."""
    both = parse(
        "both",
        {
            **ACME,
            "signature": ["header:A", "header:B"],
            "signed": "{header:T}{body}",
            "timestamp": {"from": ["header:TA", "header:TB"]},
        },
    )

    assert [(p.signature.name, p.signed.text, str(p.time)) for p in both.placements] == [
        ("A", "T + body", "TA"),
        ("B", "T + body", "TB"),
    ]
    assert both.recognised_by == ((Condition.parse("header:A"),), (Condition.parse("header:B"),))


def test_credentials_tell_nobody_apart() -> None:
    assert parse("b", {"scheme": "basic", "signature": "header:Authorization"}).recognised_by == ()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("header:X-Acme", [["header:X-Acme"]]),
        (["header:X-Acme", "json:type=ping"], [["header:X-Acme", "json:type=ping"]]),
        ([["header:X-Acme"], ["xml:@v", "query:q="]], [["header:X-Acme"], ["xml:@v", "query:q="]]),
        (["header:X-Acme", ["form:a"]], [["header:X-Acme"], ["form:a"]]),
        ([[], ["json:a"]], [["json:a"]]),
        ([], []),
        ("", []),
    ],
)
def test_what_tells_a_delivery_may_have_alternatives(written: Any, read: list[list[str]]) -> None:
    """A list of strings is one set of conditions, a list of lists several; an empty one tells nothing."""
    acme = parse("acme", {**ACME, "recognise": written})

    assert acme.recognised_by == tuple(tuple(map(Condition.parse, texts)) for texts in read)


def test_older_headers_are_known_in_lower_case() -> None:
    assert parse("o", {**ACME, "older": ["header:X-Old", "header:x-older"]}).older_headers == (
        b"x-old",
        b"x-older",
    )


def test_signature_of_an_item_may_be_written_from_the_top() -> None:
    """`json_root` says where the items are; a locator that points into one of them means each."""
    table = {
        "scheme": "hmac",
        "signature": "json:items.0.it.sig",
        "signed": "{json:a}",
        "json_root": "items.*.it",
    }

    assert parse("i", table).placements[0].signature == Locator.parse("json:sig")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sceme": "hmac"}, "acme.toml: unknown key 'sceme' (did you mean 'scheme'?)"),
        ({"scheme": None}, "acme.toml: scheme: missing"),
        ({"scheme": "hamc"}, "acme.toml: scheme: unknown value 'hamc' (did you mean 'hmac'?)"),
        ({"scheme": 1}, "acme.toml: scheme: expected a string, got an integer"),
        ({"digest": "sha265"}, "acme.toml: digest: unknown value 'sha265' (did you mean 'sha256'?)"),
        ({"encoding": "hexx"}, "acme.toml: encoding: unknown value 'hexx' (did you mean 'hex'?)"),
        ({"format": "prefx:a"}, "acme.toml: format: unknown format 'prefx' (did you mean 'prefix'?)"),
        ({"signature": None}, "acme.toml: signature: missing"),
        ({"signature": "heder:A"}, "acme.toml: signature: unknown locator 'heder:' (did you mean 'header'?)"),
        ({"signature": "pair:v1", "format": "pairs:,:v1"}, "acme.toml: signature: 'pair:' is part"),
        ({"signature": ["header:A", 1]}, "acme.toml: signature: expected strings"),
        ({"signed": None}, "acme.toml: signed: scheme 'hmac' needs it"),
        ({"signed": "{bdy}"}, "acme.toml: signed: unknown placeholder '{bdy}' (did you mean 'body'?)"),
        ({"signed": "{secret}{body}"}, "acme.toml: signed: {secret} belongs into a 'digest'"),
        ({"scheme": "digest"}, "acme.toml: signed: {secret} belongs into a 'digest'"),
        ({"scheme": "token"}, "acme.toml: signed: scheme 'token' signs nothing"),
        ({"scheme": "unsigned"}, "acme.toml: signature: a provider whose scheme is 'unsigned' has none"),
        ({"signed": "{pair:t}{body}"}, "acme.toml: signed: 'pair t' needs the format pairs:SEP:KEY"),
        ({"signed": ["{body}", "{url}"], "signature": ["header:A"] * 3}, "acme.toml: signed: has 2 entries"),
        ({"secret": {"decod": "hex"}}, "acme.toml: secret: unknown key 'decod' (did you mean 'decode'?)"),
        ({"secret": {"decode": "hx"}}, "acme.toml: secret.decode: unknown value 'hx'"),
        ({"secret": "x"}, "acme.toml: secret: expected a table, got a string"),
        ({"timestamp": {"unit": "s"}}, "acme.toml: timestamp.from: missing"),
        ({"timestamp": {"from": "header:T", "unit": "sec"}}, "acme.toml: timestamp.unit: unknown value"),
        ({"timestamp": {"from": "header:T", "window": "futur"}}, "acme.toml: timestamp.window: unknown"),
        ({"timestamp": {"from": "header:T", "tolerance": -1}}, "acme.toml: timestamp.tolerance: expected"),
        ({"timestamp": {"from": "header:T", "tolerance": True}}, "acme.toml: timestamp.tolerance: expected"),
        ({"timestamp": {"from": "when"}}, "acme.toml: timestamp.from: 'when' is not a locator"),
        ({"event": "json"}, "acme.toml: event: 'json' is not a locator"),
        ({"dedupe": ["json:a", "{pair:t}"]}, "acme.toml: dedupe: 'pair t' can only be signed"),
        ({"attempt": 7}, "acme.toml: attempt: expected a string, got an integer"),
        ({"recognise": ["jso:a"]}, "acme.toml: recognise: unknown locator 'jso:' (did you mean 'json'?)"),
        ({"recognise": [["header:a"], ["pair:t"]]}, "acme.toml: recognise.2: 'pair:t': an element of"),
        ({"recognise": [["header:a"], [1]]}, "acme.toml: recognise.2: expected strings"),
        ({"recognise": [["header:a"], 1]}, "acme.toml: recognise.2: expected a string, got an integer"),
        ({"recognise": {"header": "a"}}, "acme.toml: recognise: expected a string, got a table"),
        ({"older": "json:a"}, "acme.toml: older: 'json:a' is not a header"),
        ({"ack": "ok"}, "acme.toml: ack: 'ok' is not a status"),
        ({"handshake": "x"}, "acme.toml: handshake: expected a table, got a string"),
        ({"url_variants": ["asis"]}, "acme.toml: url_variants: unknown value 'asis' (did you mean 'as-is'?)"),
        ({"also": {"equal": []}}, "acme.toml: also: expected an array of tables"),
        ({"also": [{"equal": ["{body}"]}]}, "acme.toml: also.equal: expected two templates"),
        ({"also": [{"eqal": []}]}, "acme.toml: also: unknown key 'eqal' (did you mean 'equal'?)"),
        ({"extends": "pol"}, "acme.toml: extends: unknown provider 'pol' (did you mean 'pool'?)"),
        ({"extends": "loop"}, "acme.toml: extends: goes in a circle: loop -> pool -> loop"),
    ],
)  # fmt: skip
def test_mistake_is_told_with_its_place(change: dict[str, Any], complaint: str) -> None:
    """Every complaint names the file, the key, and what would be right."""
    table = {key: value for key, value in {**ACME, **change}.items() if value is not None}
    bases = {"acne": ACME, "loop": {"extends": "pool"}, "pool": {"extends": "loop"}}

    with pytest.raises(ConfigError) as raised:
        parse("acme", table, bases)

    assert str(raised.value).startswith(complaint)


def test_file_is_named_as_given() -> None:
    with pytest.raises(ConfigError, match=r"^/etc/x/acme\.toml: scheme: missing"):
        parse("acme", {}, file="/etc/x/acme.toml")


def test_unsigned_provider_has_nothing_to_check() -> None:
    told = parse("quiet", {"scheme": "unsigned", "title": "Quiet", "docs": ["https://q.example"]})

    found = verify(told, factories.request(), ["secret"], now_s=factories.NOW_S)

    assert found.outcome is Outcome.UNSIGNED
    assert found.detail == "Quiet documents no signature"
