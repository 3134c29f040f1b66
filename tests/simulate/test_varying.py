import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core.model import Endpoint, Request
from inspector.core.variations import SampleSign, Variation
from inspector.errors import ConfigError, ReplayError, SigningError
from inspector.simulate import catalogue, samples
from inspector.simulate.sender import secret_for, signed_sample
from inspector.simulate.varying import damaged, made
from tests.factories import NOW_S, request

KNOWN = providers.load()


def sample(name: str, otherwise: str = "1", **fields: Any) -> Request:
    provider = KNOWN[name]
    found = catalogue.find(provider)
    return made(provider, found, Variation(**fields), now_s=NOW_S, unique=otherwise)


def test_nothing_differs_unless_asked() -> None:
    for name in KNOWN:
        expected = catalogue.find(KNOWN[name]).request(now_s=NOW_S, unique="1")
        assert sample(name) == expected, name


@pytest.mark.parametrize(
    ("name", "header", "again"),
    [
        ("slack", b"X-Slack-Retry-Num", b"2"),
        ("square", b"square-retry-number", b"2"),
        ("contentful", b"x-contentful-webhook-request-attempt", b"2"),
    ],
)
def test_attempts_that_are_counted(name: str, header: bytes, again: bytes) -> None:
    """Absent on the first, as these providers do it."""
    assert header not in sample(name).headers
    assert sample(name, again=2).headers.get(header) == again


def test_a_count_in_the_body() -> None:
    numbers = [
        json.loads(sample("hubspot-v3", again=n).body)[0]["attemptNumber"] for n in (0, 1, 5)
    ]

    assert numbers == [0, 1, 5]


def test_attempts_with_ids() -> None:
    """Each its own, and nothing else differs: the event's id stays."""
    ids = {sample("jinko", again=n).headers.get(b"X-Jinko-Delivery-Id") for n in range(4)}
    first, second = sample("jinko"), sample("jinko", again=1)

    assert len(ids) == 4
    assert first.body == second.body
    assert [a for a, b in zip(first.headers, second.headers, strict=True) if a != b] == [
        (b"X-Jinko-Delivery-Id", first.headers.get(b"X-Jinko-Delivery-Id"))
    ]


@pytest.mark.parametrize("name", ["stripe", "github", "wink", "checkfront", "twilio"])
def test_without_an_id_of_its_own_an_attempt_is_the_same(name: str) -> None:
    assert sample(name, again=3) == sample(name)


def test_the_ids_follow_from_what_is_told() -> None:
    told = {"unique": "u", "happened_s": NOW_S - 5}

    assert sample("stripe", "1", **told) == sample("stripe", "2", **told)
    assert sample("stripe", "1", **told) != sample("stripe", "1")


@pytest.mark.parametrize("happened_s", [0, 2**35])
@pytest.mark.parametrize("name", samples.providers())
def test_any_time_that_is_taken_can_be_written(name: str, happened_s: int) -> None:
    assert sample(name, happened_s=happened_s).body


def test_a_header_takes_the_place_of_its_name() -> None:
    headers = sample(
        "stripe", headers=((b"user-agent", b"x"), (b"ACCEPT", None), (b"X-A", b"1"), (b"x-a", b"2"))
    ).headers

    assert headers.get_all(b"User-Agent") == [b"x"]
    assert b"Accept" not in headers
    assert headers.get_all(b"X-A") == [b"1", b"2"]
    with pytest.raises(ReplayError, match="CR, LF or NUL"):
        sample("stripe", headers=((b"A", b"b\r\nEvil: 1"),))


@given(st.binary(min_size=1))
def test_one_byte_is_changed(body: bytes) -> None:
    changed = damaged(request(body=body), Variation(corrupt=True)).body

    assert len(changed) == len(body)
    assert sum(a != b for a, b in zip(body, changed, strict=True)) == 1


@given(st.dictionaries(st.text(), st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_json_stays_json(document: dict[str, Any]) -> None:
    body = json.dumps(document).encode()

    changed = damaged(request(body=body), Variation(corrupt=True)).body

    if any(byte in b"0123456789" for byte in body):
        json.loads(changed)


def test_what_is_cut_is_changed_within() -> None:
    cut = damaged(request(body=b"12345"), Variation(truncate=2, corrupt=True)).body

    assert cut == b"13"
    for body, variation in ((b"", Variation(truncate=0)), (b"", Variation(corrupt=True))):
        with pytest.raises(ConfigError):
            damaged(request(body=body), variation)


@pytest.mark.parametrize("sign", [sign for sign in SampleSign if sign is not SampleSign.FRESH])
def test_what_is_never_signed_cannot_be_signed_wrongly(sign: SampleSign) -> None:
    for name in ("wink", "checkfront", "fareharbor"):
        provider, variation = KNOWN[name], Variation(sign=sign)
        with pytest.raises(SigningError, match="documents no signature"):
            signed_sample(
                provider,
                secret=secret_for(provider, Endpoint(name), b"", sign),
                now_s=NOW_S,
                unique="1",
                variation=variation,
            )


def test_signed_as_of_a_time() -> None:
    made_then = signed_sample(
        KNOWN["jinko"], secret="s", now_s=NOW_S, unique="1", variation=Variation(signed_s=NOW_S - 7)
    )

    assert made_then.headers.get(b"X-Jinko-Timestamp") == b"%d" % (NOW_S - 7)


def adyen_items(*signatures: bytes) -> bytes:
    item = b'{"NotificationRequestItem":{"additionalData":{"hmacSignature":%s}}}'
    return b'{"notificationItems":[%s]}' % b",".join(item % each for each in signatures)


@pytest.mark.parametrize(
    ("name", "body", "sent"),
    [
        ("mailgun", b'{"signature":{"signature":"abc","token":"t"}}', b'{"signature":{"signature":null,"token":"t"}}'),
        ("mailgun", b'{"a":1}', b'{"a":1}'),
        ("mailgun", b"\x00 no JSON", b"\x00 no JSON"),
        ("adyen", b'{"notificationItems":[]}', b'{"notificationItems":[]}'),
        ("adyen", adyen_items(b'"a"', b'"b"'), adyen_items(b"null", b"null")),
    ],
)  # fmt: skip
def test_no_signature_is_left_in_a_body(name: str, body: bytes, sent: bytes) -> None:
    """And none is put where there was none."""
    variation = Variation(body=body, sign=SampleSign.MISSING)

    unsigned = signed_sample(KNOWN[name], secret="00", now_s=NOW_S, unique="1", variation=variation)

    assert unsigned.body == sent
