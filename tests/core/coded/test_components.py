"""What a message signature covers: the examples of RFC 9421, section 2, and what cannot be had."""

import pytest

from inspector.core.coded.components import (
    COMPONENTS_MAX,
    AbsentError,
    Address,
    ComponentError,
    addresses,
    label,
    signature_base,
)
from inspector.core.coded.structured import InnerList
from inspector.core.coded.structuredreader import parse_dictionary
from inspector.core.model import Request
from tests.factories import headers, request

EXAMPLE = "https://www.example.com/path?param=value"


def covered(text: str) -> InnerList:
    found = parse_dictionary(b"sig=(" + text.encode() + b")")["sig"]
    assert isinstance(found, InnerList)
    return found


def value(component: str, made: Request, url: str = EXAMPLE) -> bytes:
    """Return what is signed for one component."""
    address = addresses(made, url.encode())[0]
    first, _, last = signature_base(made, address, covered(component)).rpartition(b"\n")
    assert last == b'"@signature-params": (' + component.encode() + b")"
    return first.removeprefix(component.encode() + b": ")


FIELDS = request(
    headers=headers(
        ("Host", "www.example.com"),
        ("Date", "Tue, 20 Apr 2021 02:07:56 GMT"),
        ("X-OWS-Header", "  Leading and trailing whitespace.  \t"),
        ("X-Obs-Fold-Header", "Obsolete\r\n    line folding."),
        ("Cache-Control", "max-age=60"),
        ("X-Empty-Header", ""),
        ("Cache-Control", "   must-revalidate"),
        ("Example-Dict", "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ("Example-Header", "value, with, lots"),
        ("Example-Header", "of, commas"),
        ("Latin", "caf\u00e9"),
    )
)


@pytest.mark.parametrize(
    ("component", "expected"),
    [
        ('"host"', "www.example.com"),
        ('"date"', "Tue, 20 Apr 2021 02:07:56 GMT"),
        ('"x-ows-header"', "Leading and trailing whitespace."),
        ('"x-obs-fold-header"', "Obsolete line folding."),
        ('"cache-control"', "max-age=60, must-revalidate"),
        ('"x-empty-header"', ""),
        ('"example-dict"', "a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
        ('"example-dict";sf', "a=1, b=2;x=1;y=2, c=(a b c), d"),
        ('"example-dict";key="a"', "1"),
        ('"example-dict";key="b"', "2;x=1;y=2"),
        ('"example-dict";key="c"', "(a b c)"),
        ('"example-dict";key="d"', "?1"),
        ('"example-header"', "value, with, lots, of, commas"),
        ('"example-header";bs', ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
        ('"latin"', "caf\u00e9"),
    ],
)
def test_field_is_signed_as_the_rfc_says(component: str, expected: str) -> None:
    """RFC 9421, 2.1 to 2.1.3; a byte outside ASCII is signed as it came."""
    assert value(component, FIELDS) == expected.encode()


@pytest.mark.parametrize(
    ("component", "url", "expected"),
    [
        ('"@method"', EXAMPLE, "POST"),
        ('"@target-uri"', EXAMPLE, "https://www.example.com/path?param=value"),
        ('"@target-uri"', "HTTPS://WWW.Example.com:443", "HTTPS://WWW.Example.com:443/"),
        ('"@target-uri"', "https://user@www.example.com/a", "https://www.example.com/a"),
        ('"@target-uri"', "https://www.example.com/a#b", "https://www.example.com/a"),
        ('"@authority"', EXAMPLE, "www.example.com"),
        ('"@authority"', "https://WWW.EXAMPLE.com:443/", "www.example.com"),
        ('"@authority"', "https://www.example.com:80/", "www.example.com:80"),
        ('"@authority"', "http://www.example.com:80/", "www.example.com"),
        ('"@authority"', "http://user@[::1]:8400/", "[::1]:8400"),
        ('"@scheme"', "HTTP://www.example.com/", "http"),
        ('"@request-target"', EXAMPLE, "/path?param=value"),
        ('"@request-target"', "https://www.example.com/path", "/path"),
        ('"@request-target"', "https://www.example.com/path?", "/path?"),
        ('"@path"', EXAMPLE, "/path"),
        ('"@path"', "https://www.example.com?x", "/"),
        ('"@query"', EXAMPLE, "?param=value"),
        ('"@query"', "https://www.example.com/path?queryString", "?queryString"),
        (
            '"@query"',
            "https://www.example.com/path?param=value&foo=bar&baz=bat%2Dman",
            "?param=value&foo=bar&baz=bat%2Dman",
        ),
        ('"@query"', "https://www.example.com/path", "?"),
        ('"@query"', "https://www.example.com/path?a?b#c", "?a?b"),
    ],
)
def test_derived_component_is_as_the_rfc_says(component: str, url: str, expected: str) -> None:
    """RFC 9421, 2.2.1 to 2.2.7."""
    assert value(component, FIELDS, url) == expected.encode()


LONG_QUERY = (
    "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value"
    "&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something&qux=&~=%7E*-._&bad=%ff"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
        ("qux", ""),
        ("%7E", "%7E*-._"),
        ("bad", "%EF%BF%BD"),
    ],
)
def test_query_parameter_is_encoded_anew(name: str, expected: str) -> None:
    """RFC 9421, 2.2.8: as a form's field would be, with a space as %20."""
    assert value(f'"@query-param";name="{name}"', FIELDS, LONG_QUERY) == expected.encode()


@pytest.mark.parametrize(
    "component",
    [
        '"@status"',
        '"@nonsense"',
        '"@signature-params"',
        '"@method";req',
        '"@method";x',
        '"@query-param"',
        '"@query-param";name="a"',
        '"@query-param";name=a',
        '"@query-param";name="b";sf',
        '"date";tr',
        '"date";req',
        '"date";sf;bs',
        '"date";key="a";bs',
        '"date";nonsense',
        '"date";sf',
        '"date";key="a"',
        '"Date"',
        '"da te"',
        '"date\\""',
        '""',
        "date",
        "1",
        ":YQ==:",
        '"date" "date"',
        '"date" "@method" "date"',
        '"broken"',
    ],
)
def test_component_that_cannot_be_had_is_refused(component: str) -> None:
    """In words of ours: what the sender wrote is not in them."""
    made = request(headers=headers(("Date", "Tue"), ("Date", "a, (b"), ("Broken", "a\nb")))
    (address,) = addresses(made, b"https://example.com/?a=1&a=2&b=3")

    with pytest.raises(ComponentError) as raised:
        signature_base(made, address, covered(component))

    assert not isinstance(raised.value, AbsentError)
    assert "nonsense" not in str(raised.value)


@pytest.mark.parametrize(
    "component",
    ['"absent"', '"absent";bs', '"example-dict";key="z"', '"@query-param";name="absent"'],
)
def test_component_that_is_not_there_is_told_apart(component: str) -> None:
    """It was signed, and somebody on the way took it out."""
    with pytest.raises(AbsentError):
        value(component, FIELDS)


def test_components_are_counted() -> None:
    """Nobody signs hundreds."""
    names = " ".join(f'"x-{number}"' for number in range(COMPONENTS_MAX + 1))
    with pytest.raises(ComponentError, match="too many"):
        value(names, FIELDS)


def test_nothing_covered_is_a_base_too() -> None:
    """RFC 9421, B.2.1: a signature may cover its own parameters only."""
    base = signature_base(FIELDS, Address(None, None, b"/", None), covered(""))

    assert base == b'"@signature-params": ()'


def test_without_a_url_the_request_is_believed() -> None:
    """Of the scheme nobody knows: both are possible, and the port goes with it."""
    made = request(target=b"/in/demo?x=1", headers=headers(("Host", "demo.test:443")))

    assert addresses(made, None) == [
        Address(b"https", b"demo.test", b"/in/demo", b"x=1", b"https://demo.test:443"),
        Address(b"https", b"demo.test", b"/in/demo", b"x=1", b"https://demo.test"),
        Address(b"http", b"demo.test:443", b"/in/demo", b"x=1", b"http://demo.test:443"),
    ]


def test_absolute_target_is_a_url() -> None:
    """As a proxy is asked (RFC 9112, 3.2.2)."""
    made = request(target=b"http://demo.test/a?b")

    assert addresses(made, None) == [
        Address(b"http", b"demo.test", b"/a", b"b", b"http://demo.test")
    ]


@pytest.mark.parametrize("component", ['"@target-uri"', '"@authority"', '"@scheme"'])
def test_unknown_url_is_named(component: str) -> None:
    """The sentence says what to set."""
    made = request(headers=headers())
    (address,) = addresses(made, None)

    with pytest.raises(AbsentError, match="public_url"):
        signature_base(made, address, covered(component))


def test_labels_are_for_people() -> None:
    """In the words that other schemes use for the same things."""
    items = covered(
        '"@method" "@authority" "@query-param";name="Pet" "content-type";sf "@target-uri"'
    )

    assert [label(item) for item in items.items] == [
        "method",
        "host",
        "query Pet",
        "header content-type",
        "url",
    ]
