"""The named values of one request: what locators and templates read."""

from collections.abc import Mapping
from typing import Any

from inspector.core import multipart
from inspector.core.bodyfields import (
    json_is_unread,
    json_text,
    parse_json,
    parse_xml,
    read_form,
    whole_form,
    xml_is_unread,
)
from inspector.core.headers import Headers
from inspector.core.model import Request

_UNREAD: Any = object()


class Fields:
    """One request, of which each part is parsed at most once, and only when something asks for it."""

    __slots__ = (
        "_document",
        "_form",
        "_query",
        "_sorted_form",
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
        self._query: list[tuple[bytes, bytes]] | None = _UNREAD
        self._form: list[tuple[bytes, bytes]] | None = _UNREAD
        self._sorted_form: bytes | None = _UNREAD
        self._xml: Mapping[tuple[str, ...], str] = _UNREAD

    def at(self, url: bytes | None) -> "Fields":
        """Return the same request's values as of another URL; what is parsed already is not parsed again."""
        if url == self.url:
            return self
        other = Fields(self.request, url, document=self._document)
        other._form, other._xml, other._sorted_form = self._form, self._xml, self._sorted_form
        return other

    def is_repeated(self, key: bytes) -> bool:
        """Whether that header came several times with different values: programs differ in which one they read."""
        return key in self.headers and self.headers[key] is None

    def query(self, name: bytes) -> bytes | None:
        """Return the first value of `name` in the query of the URL, or of the target where no URL is known."""
        return _first(self._query_fields(), name)

    def query_is_unread(self, name: bytes) -> bool:
        """Whether a value may be there besides the first, or the query is longer than is looked into."""
        return _is_unread(self._query_fields(), name)

    def form(self, name: bytes) -> bytes | None:
        """Return the first value of the form's field `name`; the form may be `multipart/form-data` (RFC 7578)."""
        return _first(self._form_fields(), name)

    def form_is_unread(self, name: bytes) -> bool:
        """Whether a value may be there besides the first, or the form is longer than is looked into."""
        return _is_unread(self._form_fields(), name)

    def sorted_form(self) -> bytes | None:
        """Return names and values of every field of an URL-encoded form, sorted; None if there are too many to read."""
        if self._sorted_form is _UNREAD:
            found = whole_form(self.request.body)
            # As Twilio's libraries do it: a field sent twice with one value counts once.
            self._sorted_form = (
                None
                if found is None
                else b"".join(name + value for name, value in sorted(set(found)))
            )
        return self._sorted_form

    def json(self, path: tuple[str, ...]) -> bytes | None:
        """Return the string or integer at `path`."""
        return json_text(self.document(), path)

    def json_is_unread(self, path: tuple[str, ...]) -> bool:
        """Whether something is, or may be, at `path` that is neither text nor an integer, or is there twice."""
        return json_is_unread(self.request.body, self.document(), path)

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

    def xml_is_unread(self, path: tuple[str, ...]) -> bool:
        """Whether something is, or may be, at `path` that is not text alone."""
        return xml_is_unread(self.request.body, path)

    def _query_fields(self) -> list[tuple[bytes, bytes]] | None:
        if self._query is _UNREAD:
            _, _, query = (self.url or self.request.target).partition(b"?")
            self._query = read_form(query.partition(b"#")[0])
        return self._query

    def _form_fields(self) -> list[tuple[bytes, bytes]] | None:
        if self._form is _UNREAD:
            content_type = self.headers.get(b"content-type") or b""
            if multipart.is_form(content_type):
                self._form = multipart.read_form(self.request.body, content_type)
            else:
                self._form = read_form(self.request.body)
        return self._form


def _first(fields: list[tuple[bytes, bytes]] | None, wanted: bytes) -> bytes | None:
    return next((value for name, value in fields or () if name == wanted), None)


def _is_unread(fields: list[tuple[bytes, bytes]] | None, wanted: bytes) -> bool:
    # Of several, programs differ in which they read: an empty one must not hide another.
    return fields is None or len({value for name, value in fields if name == wanted}) > 1


def _by_name(headers: Headers) -> dict[bytes, bytes | None]:
    values: dict[bytes, bytes | None] = {}
    for name, value in headers.pairs:
        key = name.lower()
        if values.setdefault(key, value) != value:
            values[key] = None
    return values
