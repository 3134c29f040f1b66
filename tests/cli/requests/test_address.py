"""What of a URL goes into a request."""

import pytest

from inspector.cli.requests.address import Address, read
from inspector.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (b"http://h", (b"", b"h", b"/")),
        (b"http://h:80/", (b"", b"h", b"/")),
        (b"https://h:443/", (b"", b"h", b"/")),
        (b"https://h:80/", (b"", b"h:80", b"/")),
        (b"HTTP://H:8080/a/../b//c", (b"", b"H:8080", b"/a/../b//c")),
        (b"http://h?a=/b#c?d", (b"", b"h", b"/?a=/b")),
        (b"http://u:p@h/%zz", (b"u:p", b"h", b"/%zz")),
        (b"http://[::1]:1/a", (b"", b"[::1]:1", b"/a")),
        (b"h/a", (b"", b"h", b"/a")),
        ("http://h/é".encode(), (b"", b"h", "/é".encode())),
        (b"http://h/\xff", (b"", b"h", b"/\xff")),
    ],
)
def test_parts(url: bytes, address: tuple[bytes, bytes, bytes]) -> None:
    assert read(url) == Address(*address)


@pytest.mark.parametrize(
    "url",
    [
        b"",
        b"/a",
        b"http://",
        b"http:///a",
        b"ftp://h/",
        b"http://h/a b",
        b"http://h/\0",
        b"\n",
        b"u@",
    ],
)
def test_what_is_none(url: bytes) -> None:
    with pytest.raises(ConfigError, match="is not a URL"):
        read(url)
