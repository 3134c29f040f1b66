"""A request out of a HAR file."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.cli.requests import parse
from inspector.core.model import Request
from inspector.errors import ConfigError

HEADERS = [
    {"name": "x-B", "value": "1"},
    {"name": "X-A", "value": "é"},
    {"name": "x-b", "value": "2"},
]


def entry(**request: Any) -> dict[str, Any]:
    base = {"method": "POST", "url": "https://example.test/in/a?b=%20c#d", "headers": HEADERS}
    return {"request": base | request, "response": {"status": 200}}


def har(*entries: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "entries": entries}}).encode()


def read(content: bytes, number: int | None = None) -> tuple[Request, list[str]]:
    request, notes = parse("f.har", content, number)
    return request, list(notes)


def test_a_request_with_a_text() -> None:
    """Order and case of its headers stay; that its body is text, and may have been others' bytes, is said."""
    request, notes = read(
        har(entry(postData={"mimeType": "application/json", "text": '{"é": 1}\r\n'}))
    )

    assert (request.method, request.target) == ("POST", b"/in/a?b=%20c")
    assert request.headers.pairs == (
        (b"Host", b"example.test"),
        (b"x-B", b"1"),
        (b"X-A", "é".encode()),
        (b"x-b", b"2"),
    )
    assert request.body == '{"é": 1}\r\n'.encode()
    assert notes == ["f.har: a HAR holds text, so its body may not be the bytes that were sent"]


def test_a_body_in_base64_is_the_bytes() -> None:
    text = base64.b64encode(b"\x00\xff\x1b").decode()
    request, notes = read(har(entry(postData={"text": text, "encoding": "base64"})))

    assert (request.body, notes) == (b"\x00\xff\x1b", [])


def test_a_length_that_is_not_the_bodys_is_told() -> None:
    headers = [{"name": "Content-Length", "value": "9"}]
    _, notes = read(har(entry(headers=headers, postData={"text": "{}"})))

    assert notes[1] == "f.har: the body has 2 bytes, its Content-Length says 9"


def test_a_form_of_fields() -> None:
    params = [{"name": "a b", "value": "ü&"}, {"name": "c"}]
    posted = {"mimeType": "application/x-www-form-urlencoded; charset=utf-8", "params": params}
    request, notes = read(har(entry(postData=posted)))

    assert request.body == b"a+b=%C3%BC%26&c="
    assert "written anew" in notes[0]


def test_what_http_2_says_otherwise() -> None:
    headers = [
        {"name": ":method", "value": "POST"},
        {"name": ":authority", "value": "other"},
        *HEADERS,
    ]
    request, _ = read(har(entry(headers=headers)))

    assert request.headers.pairs[0] == (b"Host", b"example.test")
    assert len(request.headers) == 4


def test_a_host_of_its_own() -> None:
    request, _ = read(har(entry(headers=[{"name": "host", "value": "h:1"}])))

    assert request.headers.pairs == ((b"host", b"h:1"),)


def test_one_of_several() -> None:
    content = har(entry(), entry(method="PUT", url="http://a/b"))

    assert read(content, 2)[0].method == "PUT"
    assert read(content, 1)[0].method == "POST"


def test_which_of_several_has_to_be_said() -> None:
    """They are listed, with nothing in them that a terminal would obey."""
    content = har(*[entry(url=f"http://a/{number}\x1b[2J") for number in range(1, 31)])

    with pytest.raises(ConfigError) as raised:
        read(content)

    lines = str(raised.value).splitlines()
    assert lines[0] == "f.har: has 30 requests: choose one with --entry"
    assert lines[1] == "    1  POST http://a/1␛[2J"
    assert lines[-1] == "  and 10 more"
    assert len(lines) == 22


@pytest.mark.parametrize(
    ("content", "number", "words"),
    [
        (har(), None, "has no request in it"),
        (har(entry()), 2, "has 1 requests, and --entry says 2"),
        (har(entry(bodySize=7)), None, "its body of 7 bytes was not saved"),
        (har(entry(postData={"text": "!", "encoding": "base64"})), None, "said to be base64"),
        (
            har(entry(postData={"params": [{"name": "a"}], "mimeType": "multipart/form-data"})),
            None,
            "fields only",
        ),
        (har(entry(url="data:text/plain,x")), None, "is not a URL"),
        (har(entry(url="wss://a/")), None, "is not a URL of http"),
        (har(entry(url=7)), None, "is not a HAR file"),
        (har(entry(headers=[{"name": "a"}])), None, "is not a HAR file"),
        (har({}), None, "is not a HAR file"),
        (har(7), None, "is not a HAR file"),
        (b'{"log": 1}', None, "is not a HAR file"),
        (b'{"log": {"entries": {"a": 1}}}', None, "is not a HAR file"),
        (har(entry(postData={"text": "\ud800"})), None, "is not a HAR file"),
    ],
)
def test_what_cannot_be_read(content: bytes, number: int | None, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"^f\.har: .*{words}"):
        read(content, number)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "value", "text", "params", "url", "method"]), inner
            )
        ),
        max_leaves=5,
    )
)
def test_no_document_is_more_than_refused(value: Any) -> None:
    request = {"request": value}
    for each in (value, request, entry(postData=value), entry(headers=value)):
        assert complaint(har(each)).startswith(("f.har: ", "none"))


def complaint(content: bytes) -> str:
    try:
        read(content)
    except ConfigError as error:
        return str(error)
    return "none"
