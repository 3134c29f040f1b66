"""Values inside JSON, form and XML bodies, and inside query strings.

A body that cannot be read has none: nothing here raises for what a sender wrote. Bodies over `CAP_BYTES` are not
looked into, so that capturing one stays quick. Where something is signed that may be absent, or all of a form is, "not
read" must not pass for "not there": `read_form`, `json_is_unread` and `xml_is_unread` tell them apart.
"""

import json
import re
from binascii import unhexlify
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

CAP_BYTES = 1 << 20

_FORM_FIELDS_MAX = 1000
_WHOLE_FORM_FIELDS_MAX = 50_000
_WHOLE_FORM_ESCAPES_MAX = 200_000
"""Of a form that is signed field by field, however long: reading and sorting one with both takes less than half a
second; 32 MiB of `a&` would take many times as long."""
_XML_ELEMENTS_MAX = 10_000
_XML_DEPTH_MAX = 8
"""How deep below the root a locator can reach."""

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")

EVERY = "*"
"""The step of a JSON path that stands for every element of a list."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        for key, count in Counter(key for key, _ in pairs).items():
            if count > 1:
                made[key] = None
    return made


# Integers stay as written: an id may have more digits than int() is willing to read.
_DECODER = json.JSONDecoder(parse_int=str, object_pairs_hook=_object)


def parse_json(body: bytes) -> Any:
    """Return the document, its integers as text, or None.

    A key that an object has twice is None: which of the two counts is every parser's own choice.
    """
    if len(body) > CAP_BYTES:
        return None
    try:
        return _DECODER.decode(body.removeprefix(BOM_UTF8).decode())
    except (ValueError, RecursionError):
        return None


def json_text(document: Any, path: Sequence[str]) -> bytes | None:
    """Return the string or integer at `path`, in UTF-8; a number in the path is an index."""
    for step in path:
        document = _child(document, step)
    return document.encode("utf-8", "surrogatepass") if isinstance(document, str) else None


def json_items(document: Any, path: Sequence[str]) -> list[Any]:
    """Return what is at `path`, in which `*` stands for every element of a list; None where an element has no such."""
    found = [document]
    for step in path:
        if step == EVERY:
            found = [child for item in found if isinstance(item, list) for child in item]
        else:
            found = [_child(item, step) for item in found]
    return found


def json_is_unread(body: bytes, document: Any, path: Sequence[str]) -> bool:
    """Whether something other than text or an integer is at `path` or on the way there, or a key that is there twice.

    `document` is what was read of `body`, or an item in it. Of a body that is not read, nobody knows: that is True.
    """
    if document is None and not body.strip():
        return False
    for step in path:
        if isinstance(document, dict):
            if step not in document:
                return False
            document = document[step]
        elif isinstance(document, list) and step.isdecimal():
            if int(step) >= len(document):
                return False
            document = document[int(step)]
        else:
            return True
    return not isinstance(document, str)


def parse_form(body: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and values in order, percent-decoded to bytes; a field without `=` has an empty value."""
    return read_form(body) or []


def read_form(body: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return the same; None where it is more than is looked into."""
    if len(body) > CAP_BYTES or body.count(b"&") >= _FORM_FIELDS_MAX:
        return None
    return list(_form_fields(body))


def whole_form(body: bytes) -> list[tuple[bytes, bytes]] | None:
    """Return every field of a form of any length, for schemes that sign them all; None if there are too many."""
    if body.count(b"&") >= _WHOLE_FORM_FIELDS_MAX or body.count(b"%") > _WHOLE_FORM_ESCAPES_MAX:
        return None
    return list(_form_fields(body))


def unquote(text: bytes) -> bytes:
    """Return `text` with its percent-escapes decoded (RFC 3986, 2.1); a `%` that begins none stays."""
    # Not urllib's: a megabyte of bare `%` keeps it busy for most of a second.
    return _ESCAPE.sub(lambda found: unhexlify(found[1]), text)


def parse_xml(body: bytes) -> Mapping[tuple[str, ...], str]:
    """Return the text of each leaf element by its path below the root; attributes are `@name`.

    Of elements with one path, the first counts. A document type, which is where entities come from, is refused.
    """
    if len(body) > CAP_BYTES:
        return {}
    reader = _XmlReader()
    try:
        reader.parser.Parse(body, True)  # noqa: FBT003 - positional only
    except _EnoughError:
        return reader.values
    except (expat.ExpatError, ValueError, LookupError):  # the latter two for odd encodings
        return {}
    return reader.values


def xml_is_unread(body: bytes, path: tuple[str, ...]) -> bool:
    """Whether the element at `path` has others in it, so that its text is none.

    Of a body that is not read to its end, nobody knows: that is True.
    """
    if not body.strip():
        return False
    if len(body) > CAP_BYTES or len(path) >= _XML_DEPTH_MAX:
        return True
    reader = _XmlParents()
    try:
        reader.parser.Parse(body, True)  # noqa: FBT003 - positional only
    except (_EnoughError, expat.ExpatError, ValueError, LookupError):
        return True
    return path in reader.parents


def _child(document: Any, step: str) -> Any:
    if isinstance(document, dict):
        return document.get(step)
    if isinstance(document, list) and step.isdecimal() and int(step) < len(document):
        return document[int(step)]
    return None


def _form_fields(body: bytes) -> Iterator[tuple[bytes, bytes]]:
    for field in body.replace(b"+", b" ").split(b"&"):
        if field:
            name, _, value = field.partition(b"=")
            yield unquote(name), unquote(value)


class _EnoughError(Exception):
    """The document has more elements than we look at; those before are good."""


class _XmlReader:
    """What expat calls while it reads one document."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], str] = {}
        self._path: list[str] = []
        self._text: list[str] = []
        self._elements = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text.append

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _XML_ELEMENTS_MAX:
            raise _EnoughError
        self._path.append(name)
        self._text.clear()
        if len(self._path) <= _XML_DEPTH_MAX:
            for attribute, value in attributes.items():
                self.values.setdefault((*self._path[1:], f"@{attribute}"), value)

    def _end(self, _name: str) -> None:
        if self._text and 1 < len(self._path) <= _XML_DEPTH_MAX:
            self.values.setdefault(tuple(self._path[1:]), "".join(self._text))
        self._path.pop()
        self._text.clear()

    def _refuse(self, *_declaration: object) -> None:
        raise ValueError("a document type is not read")


class _XmlParents(_XmlReader):
    """Also remembers the elements that have others in them, which costs time."""

    def __init__(self) -> None:
        self.parents: set[tuple[str, ...]] = set()
        super().__init__()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.parents.add(tuple(self._path[1 : _XML_DEPTH_MAX + 1]))
        super()._start(name, attributes)
