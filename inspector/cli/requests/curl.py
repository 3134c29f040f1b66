"""The request that a curl command would send, as far as a command alone says it. Nothing is run or sent.

Options that only say how curl goes about it are passed over; one that would change the request and is not known here
is refused, because what it leads to would be checked otherwise.
"""

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from urllib.parse import quote_plus, unquote_to_bytes

from inspector.cli.requests import address, curloptions, shell
from inspector.cli.requests.shell import Command
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Request
from inspector.core.text import decode
from inspector.errors import ConfigError

_BEGINNING = re.compile(r"\s*(?:#[^\n]*\n\s*)*(?:\$ )?(?=(?:curl|printf)(?!\S))")

_JSON = b"application/json"
_NONE = Command([], "")


def begins(text: str) -> bool:
    """Whether this is a curl command rather than a request."""
    return _BEGINNING.match(text) is not None


def parse(text: str) -> Request:
    """Return the request. Raises ConfigError."""
    return _request(*_command(shell.commands(_BEGINNING.sub("", text, count=1))))


def parse_all(text: str) -> Iterator[Request]:
    """Yield the request of every curl command there is; other commands between them are passed over."""
    commands = shell.commands(_BEGINNING.sub("", text, count=1))
    for each in commands:
        if each.words[:1] in ([b"curl"], [b"printf"]):
            yield _request(*_command(chain([each], commands)))


def _request(words: list[bytes], stdin: bytes | None) -> Request:
    said = _Said(stdin)
    for option, value in curloptions.read(words, _READ):
        said.take(option, value)
    return said.request()


def _command(commands: Iterator[Command]) -> tuple[list[bytes], bytes | None]:
    """Return the words after `curl`, and what is piped into it. What follows that command is not looked at."""
    stdin = None
    words, operator = next(commands)
    match words:
        # `printf %s '...' | base64 -d | curl ...`: how `hooktap export` writes a body that is not text.
        case [b"printf", b"%s", text] if next(commands, _NONE).words[:1] == [b"base64"]:
            stdin = _decoded(text)
            words, operator = next(commands, _NONE)
    if words[:1] != [b"curl"]:
        raise ConfigError("holds no curl command at its beginning")
    if operator in {"<", "(", ")"}:
        raise ConfigError(
            f"'{operator}' is not read here: name the body's file with --data-binary @FILE"
        )
    return words[1:], stdin


@dataclass
class _Said:
    """What the options said so far."""

    stdin: bytes | None = None
    flags: set[str] = field(default_factory=set)
    method: str | None = None
    urls: list[bytes] = field(default_factory=list)
    query: list[bytes] = field(default_factory=list)
    target: bytes | None = None
    headers: list[HeaderPair] = field(default_factory=list)
    removed: set[bytes] = field(default_factory=set)
    """Lower-case names of headers that curl is told not to add."""
    own: dict[bytes, bytes] = field(default_factory=dict)
    """Headers that an option of their own sets; one given with -H counts before it."""
    data: bytes | None = None
    is_json: bool = False

    def take(self, option: str, value: bytes | None) -> None:
        """Take one option in."""
        if value is None:
            self.flags.add(option)
        elif option in _READ:
            _READ[option](self, value)

    def request(self) -> Request:
        """Return the request that all of it comes to."""
        if len(self.urls) != 1:
            raise ConfigError("names no URL" if not self.urls else "names several URLs: keep one")
        url = address.read(self._url())
        if url.credentials and b"Authorization" not in self.own:
            self.user(unquote_to_bytes(url.credentials))
        body = None if "get" in self.flags else self.data
        target = url.target if self.target is None else self.target
        return Request(
            self._method(body), target, Headers(tuple(self._fields(url.host, body))), body or b""
        )

    def _url(self) -> bytes:
        (url,) = self.urls
        if "globoff" not in self.flags:
            url = _without_globs(url)
        query = [*self.query, *([self.data] if self.data and "get" in self.flags else [])]
        for part in query:
            url += (b"&" if b"?" in url else b"?") + part
        path = url.partition(b"?")[0]
        if "path-as-is" not in self.flags and re.search(rb"/\.\.?(/|$)", path):
            raise ConfigError("curl would shorten the './' in its URL: write the URL without it")
        return url

    def _method(self, body: bytes | None) -> str:
        if self.method is not None:
            return self.method
        if "head" in self.flags:
            return "HEAD"
        return "GET" if body is None else "POST"

    def _fields(self, host: bytes, body: bytes | None) -> Iterator[HeaderPair]:
        """Yield the headers in curl's order; those that differ from one curl to the next are left out."""
        given = {name.lower() for name, _ in self.headers} | self.removed

        def added(headers: Mapping[bytes, bytes]) -> Iterator[HeaderPair]:
            return ((name, value) for name, value in headers.items() if name.lower() not in given)

        yield from added({b"Host": host, **self.own})
        yield from self.headers
        if self.is_json:
            yield from added({b"Content-Type": _JSON, b"Accept": _JSON})
        if body is not None and b"transfer-encoding" not in given:
            yield from added({b"Content-Length": b"%d" % len(body)})
        if body is not None and not self.is_json:
            yield from added({b"Content-Type": b"application/x-www-form-urlencoded"})

    # What each option does that has a value.

    def header(self, text: bytes) -> None:
        """Read `Name: value`, `Name;` for an empty one, `Name:` for none at all, or a file of them."""
        if text.startswith(b"@"):
            for line in _file(text[1:]).splitlines():
                self.header(line)
            return
        name, colon, value = text.partition(b":")
        value = value.strip(b" \t\r\n")
        if not colon and text.endswith(b";"):
            self.headers.append((text[:-1], b""))
        elif colon and value:
            self.headers.append((name, value))
        elif colon:
            self.removed.add(name.lower())

    def add(self, value: bytes, separator: bytes = b"&") -> None:
        """Add a piece of the body."""
        self.data = value if self.data is None else self.data + separator + value

    def text(self, value: bytes) -> None:
        """Read `--data`: of a file, line ends and NUL are left out."""
        if value.startswith(b"@"):
            value = re.sub(rb"[\r\n\x00]", b"", self._read(value[1:]))
        self.add(value)

    def binary(self, value: bytes) -> None:
        """Read `--data-binary`."""
        self.add(self._read(value[1:]) if value.startswith(b"@") else value)

    def json(self, value: bytes) -> None:
        """Read `--json`."""
        self.add(self._read(value[1:]) if value.startswith(b"@") else value, b"")
        self.is_json = True

    def urlencode(self, value: bytes) -> None:
        """Read `--data-urlencode`: `text`, `=text`, `name=text`, `@file` or `name@file`."""
        self.add(self._encoded(value))

    def url_query(self, value: bytes) -> None:
        """Read `--url-query`, which is written like `--data-urlencode`, or after a `+` as it is to be sent."""
        self.query.append(value[1:] if value.startswith(b"+") else self._encoded(value))

    def user(self, value: bytes) -> None:
        """Read `--user`."""
        if b":" not in value:
            raise ConfigError("--user has no password: curl would ask for it")
        self.own[b"Authorization"] = b"Basic " + base64.b64encode(value)

    def cookie(self, value: bytes) -> None:
        """Read `--cookie`."""
        if b"=" not in value:
            raise ConfigError("a file of cookies is not read here: give them as NAME=VALUE")
        self.own[b"Cookie"] = value

    def _encoded(self, value: bytes) -> bytes:
        found = re.fullmatch(rb"([^=@]*)([=@])(.*)", value, re.DOTALL)
        if found is None:
            return _quoted(value)
        name, sign, rest = found.groups()
        text = _quoted(self._read(rest) if sign == b"@" else rest)
        return name + b"=" + text if name else text

    def _read(self, path: bytes) -> bytes:
        if path != b"-":
            return _file(path)
        if self.stdin is None:
            raise ConfigError("its body comes from a pipe: name the file with --data-binary @FILE")
        return self.stdin


def _set_method(said: _Said, value: bytes) -> None:
    said.method = decode(value)


def _set_target(said: _Said, value: bytes) -> None:
    said.target = value


def _own_header(name: bytes) -> Callable[[_Said, bytes], None]:
    return lambda said, value: said.own.update({name: value})


_READ: Mapping[str, Callable[[_Said, bytes], None]] = {
    "request": _set_method,
    "request-target": _set_target,
    "url": lambda said, value: said.urls.append(value),
    "url-query": _Said.url_query,
    "header": _Said.header,
    "data": _Said.text,
    "data-ascii": _Said.text,
    "data-raw": _Said.add,
    "data-binary": _Said.binary,
    "data-urlencode": _Said.urlencode,
    "json": _Said.json,
    "user": _Said.user,
    "cookie": _Said.cookie,
    "user-agent": _own_header(b"User-Agent"),
    "referer": _own_header(b"Referer"),
    "oauth2-bearer": lambda said, value: said.own.update({b"Authorization": b"Bearer " + value}),
}


def _without_globs(url: bytes) -> bytes:
    """Return what curl makes of `\\[` and the like; a bare bracket would stand for several URLs."""
    start = re.match(rb"(?:[A-Za-z]+://)?\[[0-9A-Fa-f:.]+\]", url)  # but for an address of IPv6
    head, rest = (url[: start.end()], url[start.end() :]) if start else (b"", url)
    if re.search(rb"(?<!\\)[\[{]", rest):
        raise ConfigError(
            "curl would read the brackets in its URL as several URLs: add --globoff if they are part of it"
        )
    return head + re.sub(rb"\\([\[\]{}])", rb"\1", rest)


def _decoded(text: bytes) -> bytes:
    try:
        return base64.b64decode(text)
    except ValueError as error:
        raise ConfigError("what is piped into `base64` is none") from error


def _quoted(text: bytes) -> bytes:
    return quote_plus(text, safe="").encode()


def _file(path: bytes) -> bytes:
    try:
        return Path(decode(path)).read_bytes()
    except (OSError, ValueError) as error:  # the latter: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"cannot read {decode(path)}: {reason}") from error
