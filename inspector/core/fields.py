"""The named values of one request: what locators and templates read."""

from collections.abc import Mapping
from typing import Any

from inspector.core.bodyfields import json_text, parse_form, parse_json, parse_xml
from inspector.core.headers import Headers
from inspector.core.model import Request

_UNREAD: Any = object()


class Fields:
    """One request, of which each part is parsed at most once, and only when something asks for it."""

    __slots__ = (
        "_document",
        "_form",
        "_query",
        "_xml",
        "headers",
        "pairs",
        "request",
        "secret",
        "signature_header",
        "url",
    )

    def __init__(
        self, request: Request, url: bytes | None = None, *, document: Any = _UNREAD
    ) -> None:
        self.request = request
        self.headers = _by_name(request.headers)
        """By lower-case name; None where a header came several times with different values."""
        self.url = url
        """The URL the provider was given, if anybody knows it."""
        self.pairs: Mapping[bytes, bytes] = {}
        """The elements of the signature header, where the provider packs several into it."""
        self.signature_header = b""
        """The lower-case name of the header the signature stands in."""
        self.secret = b""
        """The key, for schemes that hash it together with the rest."""
        self._document = document
        self._query: dict[bytes, bytes] = _UNREAD
        self._form: list[tuple[bytes, bytes]] = _UNREAD
        self._xml: Mapping[tuple[str, ...], str] = _UNREAD

    def at(self, url: bytes | None) -> "Fields":
        """Return the same request's values as of another URL; what is parsed already is not parsed again."""
        if url == self.url:
            return self
        other = Fields(self.request, url, document=self._document)
        other._form, other._xml = self._form, self._xml
        return other

    def is_repeated(self, key: bytes) -> bool:
        """Whether that header came several times with different values: programs differ in which one they read."""
        return key in self.headers and self.headers[key] is None

    def query(self, name: bytes) -> bytes | None:
        """Return the first value of `name` in the query of the URL, or of the target where no URL is known."""
        if self._query is _UNREAD:
            _, _, query = (self.url or self.request.target).partition(b"?")
            self._query = dict(reversed(parse_form(query.partition(b"#")[0])))
        return self._query.get(name)

    def form_fields(self) -> list[tuple[bytes, bytes]]:
        """Return the form's fields in order."""
        if self._form is _UNREAD:
            self._form = parse_form(self.request.body)
        return self._form

    def form(self, wanted: bytes) -> bytes | None:
        """Return the first value of the form's field `wanted`."""
        return next((value for name, value in self.form_fields() if name == wanted), None)

    def json(self, path: tuple[str, ...]) -> bytes | None:
        """Return the string or integer at `path`."""
        return json_text(self.document(), path)

    def document(self) -> Any:
        """Return the JSON body, or what stands for it here."""
        if self._document is _UNREAD:
            self._document = parse_json(self.request.body)
        return self._document

    def xml(self, path: tuple[str, ...]) -> bytes | None:
        """Return the text of the element or attribute at `path`, below the root."""
        if self._xml is _UNREAD:
            self._xml = parse_xml(self.request.body)
        text = self._xml.get(path)
        return None if text is None else text.encode()


def _by_name(headers: Headers) -> dict[bytes, bytes | None]:
    values: dict[bytes, bytes | None] = {}
    for name, value in headers.pairs:
        key = name.lower()
        if values.setdefault(key, value) != value:
            values[key] = None
    return values
