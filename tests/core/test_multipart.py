import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core import multipart
from inspector.core.bodyfields import CAP_BYTES
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request
from inspector.core.recognition import Recogniser
from inspector.core.redaction import redact
from inspector.core.signing import sign
from inspector.core.verification import verify
from tests import factories
from tests.factories import NOW_S

BUILT_IN = providers.load()
MAILGUN = BUILT_IN["mailgun"]
TYPE = "multipart/form-data; boundary=B"


def part(name: str, value: bytes, more: str = "") -> bytes:
    return b'--B\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        name.encode(),
        more.encode(),
        value,
    )


def form(**fields: bytes) -> bytes:
    return b"".join(part(name, value) for name, value in fields.items()) + b"--B--\r\n"


def sent(body: bytes, content_type: str = TYPE) -> Request:
    return factories.request(headers=factories.headers(("Content-Type", content_type)), body=body)


def mailgun(**more: bytes) -> Request:
    time, token = b"%d" % NOW_S, b"x" * 50
    signature = hmac.digest(b"k", time + token, "sha256").hex().encode()
    return sent(form(timestamp=time, token=token, signature=signature, **more))


def test_mailguns_older_webhooks_come_in_parts() -> None:
    """They did where there were attachments: the reference's Table B."""
    request = mailgun(event=b"opened")

    found = verify(MAILGUN, request, ["k"], now_s=NOW_S)

    assert found.outcome is Outcome.VERIFIED
    assert found.covered == ("form timestamp", "form token")
    assert Recogniser(BUILT_IN).recognise(request).provider == MAILGUN
    assert MAILGUN.locate(request).event == "opened"


def test_another_token_in_a_part_is_a_mismatch() -> None:
    request = mailgun()
    other = sent(request.body.replace(b"x" * 50, b"y" * 50))

    assert verify(MAILGUN, other, ["k"], now_s=NOW_S).outcome is Outcome.MISMATCH


def test_parts_are_signed_where_they_stand() -> None:
    old = sent(form(event=b"a\r\n\r\nb", timestamp=b"1", token=b"t", signature=b"old"))
    right = hmac.digest(b"k", b"%dt" % NOW_S, "sha256").hex().encode()

    made = sign(MAILGUN, old, "k", now_s=NOW_S)

    assert made.body == form(
        event=b"a\r\n\r\nb", timestamp=b"%d" % NOW_S, token=b"t", signature=right
    )
    assert verify(MAILGUN, made, ["k"], now_s=NOW_S).outcome is Outcome.VERIFIED


def test_parts_of_a_form_are_values_of_the_sender() -> None:
    """Names may be quoted or not and of equal ones the first counts; files, and what is no field, are none."""
    body = (
        b"preamble\r\n--B\r\ncontent-disposition:form-data;NAME=plain\r\nX: y\r\n\r\n\xff\r\n\r\n"
        b'\r\n--B \r\nContent-Disposition: form-data; name="a \\"b\\""\r\n\r\n\r\n'
        + part("twice", b"1")
        + part("twice", b"2")
        + part("file", b"f", '; filename="a; name=hidden"')
        + b'--B\r\nContent-Disposition: attachment; name="other"\r\n\r\nx\r\n'
        + b"--B\r\n\r\nno head\r\n--B\r\nContent-Disposition: form-data\r\n\r\nx\r\n--BB\r\n--B--\r\n"
        + part("after", b"x")
    )

    assert multipart.read_form(body, b"Multipart/Form-Data ; charset=x; BOUNDARY=B") == [
        (b"plain", b"\xff\r\n\r\n"),
        (b'a "b"', b""),
        (b"twice", b"1"),
        (b"twice", b"2"),
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (form(a=b"1"), b"multipart/form-data"),
        (form(a=b"1"), b"multipart/form-data; boundary="),
        (form(a=b"1"), b'multipart/form-data; boundary="'),
        (form(a=b"1"), b"multipart/form-data; boundary=b"),
        (form(a=b"1"), b'multipart/form-data; x="; boundary=B"; boundary=C'),
        (form(a=b"1").replace(b"B", b"B" * 201), b"multipart/form-data; boundary=" + b"B" * 201),
        (b"a=1", b"multipart/form-data; boundary=B"),
        (part("a", b"1") * 1001, b"multipart/form-data; boundary=B"),
        (part("b", b"1", ";" * 20) + form(a=b"1"), b"multipart/form-data; boundary=B"),
        (form(a=b"1" * CAP_BYTES), b"multipart/form-data; boundary=B"),
    ],
)
def test_what_cannot_be_read_has_no_fields_and_is_not_empty(
    body: bytes, content_type: bytes
) -> None:
    assert multipart.read_form(body, content_type) is None
    assert multipart.replace_form(body, content_type, b"a", b"2") is None


def test_a_form_is_read_by_its_content_type() -> None:
    """Only where it says so: otherwise it is URL-encoded, as the form that is signed as a whole always is."""
    assert Fields(sent(form(a=b"1"))).form(b"a") == b"1"
    assert Fields(sent(form(a=b"1"), "text/plain; boundary=B")).form(b"a") is None
    assert Fields(sent(b"a=1", "application/x-www-form-urlencoded")).form(b"a") == b"1"
    assert Fields(sent(b"b=2&a=1")).sorted_form() == b"a1b2"


def test_a_value_takes_the_place_of_every_field_of_that_name() -> None:
    body = part("a", b"1") + part("b", b"a") + part("a", b"") + b"--B--"

    made = multipart.replace_form(body, TYPE.encode(), b"a", b"new")

    assert made == part("a", b"new") + part("b", b"a") + part("a", b"new") + b"--B--"
    assert multipart.replace_form(body, TYPE.encode(), b"c", b"new") is None
    assert multipart.replace_form(body, TYPE.encode(), b"a", b"x\r\n--B--\r\n") is None


def test_a_secret_in_a_part_is_taken_out() -> None:
    """Or the whole body, where the part is a file or the form is not read."""
    unread = sent(form(token=b"hush", x=b"y" * CAP_BYTES))
    file = sent(part("token", b"hush", '; filename="x"') + b"--B--")

    assert redact(sent(form(a=b"1", token=b"hush")), ["form:token"]).body == form(
        a=b"1", token=b"REDACTED"
    )
    assert redact(sent(form(a=b"1")), ["form:token"]).body == form(a=b"1")
    assert redact(sent(b""), ["form:token"]).body == b""
    assert redact(unread, ["form:token"]).body == b"REDACTED"
    assert redact(file, ["form:token"]).body == b"REDACTED"


@given(st.binary(), st.binary(), st.binary())
def test_nothing_raises(body: bytes, content_type: bytes, value: bytes) -> None:
    multipart.parameters(content_type)
    for given_type in (content_type, TYPE.encode()):
        multipart.read_form(b"--B\r\n" + body, given_type)
        multipart.replace_form(form(a=body), given_type, b"a", value)


@given(st.binary())
def test_a_value_without_the_boundary_reads_as_written(value: bytes) -> None:
    found = multipart.read_form(form(a=value), TYPE.encode())

    assert found == [(b"a", value)] or b"--B" in value
