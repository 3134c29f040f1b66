"""What kind of request a file holds is seen from what is in it."""

import json

import pytest

from inspector.cli.requests import parse
from inspector.errors import ConfigError

HAR = json.dumps({"log": {"entries": [{"request": {"method": "PUT", "url": "http://h/har"}}]}})


@pytest.mark.parametrize(
    ("content", "target"),
    [
        ("POST /raw HTTP/1.1\r\n\r\ncurl x", b"/raw"),
        ("curl http://h/curl", b"/curl"),
        ("  \n# how\n$ curl http://h/curl", b"/curl"),
        ("printf %s eA== | base64 -d | curl --data-binary @- http://h/curl", b"/curl"),
        (HAR, b"/har"),
        (f"\ufeff\r\n {HAR}", b"/har"),
    ],
)
def test_kinds(content: str, target: bytes) -> None:
    request, _ = parse("f", content.encode())

    assert request.target == target


@pytest.mark.parametrize("content", ["", "{}", '{"log', "curly", "\x00", "[1]", "{" * 100_000])
def test_none_of_them(content: str) -> None:
    with pytest.raises(ConfigError, match="begins with no request line"):
        parse("f", content.encode())


def test_an_entry_of_what_has_none() -> None:
    with pytest.raises(ConfigError, match="is not a HAR file"):
        parse("f", b"curl http://h/", 1)
