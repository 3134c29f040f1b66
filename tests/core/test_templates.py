import pytest

from inspector.core.fields import Fields
from inspector.core.headers import Headers
from inspector.core.templates import URL, Locator, Template
from inspector.errors import ConfigError
from tests import factories


def rendered(template: str, url: str | None = None, **fields: object) -> bytes | None:
    request = factories.request(**fields)
    return Template.parse(template).render(Fields(request, url.encode() if url else None))


@pytest.mark.parametrize(
    ("locator", "value"),
    [
        ("header:x-time", b"12"),
        ("header:X-TIME", b"12"),
        ("header:X-Absent", None),
        ("query:a", b"1 2"),
        ("query:b", b""),
        ("json:event", b"booking.completed"),
        ("json:event.deeper", None),
        ("form:event", None),
        ("xml:event", None),
        ("pair:t", None),
    ],
)
def test_locator_reads_one_value(locator: str, value: bytes | None) -> None:
    request = factories.request(
        target=b"/in/demo?a=1+2&b=&a=9#f",
        headers=factories.headers(("Host", "h"), ("X-Time", "12")),
    )

    assert Locator.parse(locator).read(Fields(request)) == value


def test_query_is_the_given_urls() -> None:
    assert rendered("{query:a}", url="https://h/?a=url", target=b"/?a=target") == b"url"


def test_form_and_xml_are_read_from_the_body() -> None:
    assert rendered("{form:b[c]}", body=b"a=1&b%5Bc%5D=2") == b"2"
    assert rendered("{xml:b.@c}", body=b'<a><b c="2"/></a>') == b"2"


def test_header_with_two_values_has_none() -> None:
    """Which of the two another program would read, nobody knows; twice the same is no question."""
    twice = factories.headers(("X-A", "1"), ("x-a", "2"), ("X-B", "1"), ("x-b", "1"))
    fields = Fields(factories.request(headers=twice))

    assert Locator.parse("header:X-A").read(fields) is None
    assert fields.is_repeated(b"x-a")
    assert Locator.parse("header:X-B").read(fields) == b"1"


def test_values_join_as_bytes() -> None:
    """Nothing is decoded: not the body, not a header."""
    body = b"\xff\x00\r\n"
    headers = Headers(((b"X-Id", b"\xe9"),))

    assert (
        rendered("v0:{header:X-Id}.{body}", headers=headers, body=body) == b"v0:\xe9.\xff\x00\r\n"
    )


def test_absent_or_empty_value_leaves_nothing_to_sign() -> None:
    headers = factories.headers(("X-Empty", ""))

    assert rendered("{header:X-Empty}.{body}", headers=headers) is None
    assert rendered("{header:X-Absent}.{body}") is None
    assert rendered("{body}", body=b"") == b""


def test_missing_text_stands_for_an_absent_value() -> None:
    template = Template.parse("{json:a}:{json:event}")

    assert template.render(Fields(factories.request()), b"") == b":booking.completed"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{method}{url}", b"POSThttps://h:1/p?q=1#f"),
        ("{path+query}", b"/p?q=1"),
        ("{body.sha256.hex}", b"fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"),
        ("{body.crc32}", b"1996459178"),
    ],
)
def test_builtins(template: str, value: bytes) -> None:
    assert rendered(template, url="https://h:1/p?q=1#f", body=b"bar") == value


def test_path_and_query_are_the_targets_without_a_url() -> None:
    assert rendered("{path+query}", target=b"/in/demo?a=1") == b"/in/demo?a=1"


def test_sorted_form_joins_names_and_values() -> None:
    """Sorted by name, then value; a field sent twice with one value counts once; an empty one counts."""
    assert rendered("{form.sorted}", body=b"b=2&a=x&b=1&b=2&c=") == b"axb1b2c"


def test_sorted_headers_leave_the_signature_out() -> None:
    fields = Fields(
        factories.request(
            headers=factories.headers(
                ("X-Acme-Topic", "t"), ("Host", "h"), ("X-ACME-HMAC", "s"), ("x-acme-Id", "1")
            )
        )
    )
    fields.signature_header = b"x-acme-hmac"

    assert (
        Template.parse("{headers.sorted:X-Acme-}").render(fields) == b"x-acme-id=1&x-acme-topic=t"
    )


def test_template_says_what_it_lacks() -> None:
    fields = Fields(factories.request())

    assert Template.parse("{url}{body}").absent(fields) == URL
    assert Template.parse("{header:X-A}{url}").absent(fields) == Locator.parse("header:X-A")
    assert Template.parse("{body}").absent(fields) is None


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{header:X-Time}.{body}", "X-Time.body"),
        ("v0:{header:X-Time}:{body}", "v0:X-Time:body"),
        ("{url}{form.sorted}", "url + form.sorted"),
        ("{json:a.b}{json:c}", "a.b + c"),
    ],
)
def test_template_reads_well(template: str, text: str) -> None:
    assert Template.parse(template).text == text


@pytest.mark.parametrize(
    ("template", "complaint"),
    [
        ("event", "is not a locator"),
        ("json:", "is not a locator"),
        ("jsn:event", "did you mean 'json'"),
        ("{bdy}", "did you mean 'body'"),
        ("{body", "unbalanced brace"),
        ("body}", "unbalanced brace"),
        ("{a{body}}", "unbalanced brace"),
        ("{}", "unknown placeholder"),
        ("header:X-É", "printable ASCII"),
        ("header:X\nY", "printable ASCII"),
    ],
)
def test_wrong_template_is_told(template: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        Template.parse(template)
