"""What a person changes in a delivery before it is sent once more. The delivery itself stays as it arrived."""

import base64
import binascii
import re
from dataclasses import dataclass, replace

from inspector.core import splicing
from inspector.core.forwarding import split_ingress
from inspector.core.headers import Headers, is_token
from inspector.core.model import Part, Request
from inspector.core.text import decode, encode, safe, shorten
from inspector.core.wire import JSON, headers_from_json, headers_to_json
from inspector.errors import ReplayError

BODY_MAX_BYTES = 512 * 1024
"""Of an edited body, which is kept with its attempt."""
HEAD_MAX_BYTES = 64 * 1024
"""Of the method, target and headers of an edit together: what a receiver takes."""
_SHOWN = 60
"""Characters of what is quoted in a refusal."""
_BLANK = re.compile(rb"[\0-\x20\x7f]")
_BREAK = re.compile(rb"[\r\n\0]")
_CONTENT_LENGTH = b"Content-Length"
_NAMES = {"method", "target", "headers", "body", "body_base64"}


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be sent in place of what arrived; None: as it arrived."""

    method: str | None = None
    target: bytes | None = None
    """Path and query after the endpoint."""
    headers: Headers | None = None
    """All of them. Host, Content-Length and what concerns one connection is written anew all the same."""
    body: bytes | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is changed."""
        return tuple(part for part in Part if getattr(self, part.value) is not None)


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change in any delivery, whatever else it holds."""

    method: str | None = None
    target: bytes | None = None
    headers: tuple[tuple[bytes, bytes | None], ...] = ()
    """Each takes the place of the fields of its name, and joins a value given before; None takes them away."""
    body: bytes | None = None
    values: tuple[tuple[str, str], ...] = ()
    """Values to put into a JSON body, each at its path."""

    @property
    def need_body(self) -> bool:
        """Whether what comes of it depends on the delivery's body."""
        return bool(self.values) and self.body is None

    def of(self, request: Request) -> Edit:
        """Return the edit of this request. Raises ReplayError where a value has no place in its body."""
        body = request.body if self.body is None else self.body
        for path, value in self.values:
            body = set_json(body, path, value)
        return Edit(
            method=self.method,
            target=self.target,
            headers=self._headers_of(request) if self.headers else None,
            body=body if self.values else self.body,
        )

    def _headers_of(self, request: Request) -> Headers:
        headers, given = request.headers, set[bytes]()
        for name, value in self.headers:
            if value is None:
                headers = headers.without([name])
            elif name.lower() in given:
                headers = Headers((*headers.pairs, (name, value)))
            else:
                headers = headers.replacing(name, value)
                given.add(name.lower())
        return headers


@dataclass(frozen=True, slots=True)
class Again:
    """What was changed before an earlier attempt at the delivery, once more."""

    number: int
    """Of that attempt, among those at the delivery."""


def suffix(target: bytes) -> bytes:
    """Return what an edit calls the target: path and query after the endpoint, or all of it if it names none."""
    place = split_ingress(target)
    return place[1] if place else target


def between(before: Request, after: Edit) -> Edit:
    """Return `after` without what is the same in `before`."""
    return Edit(
        method=after.method if after.method != before.method else None,
        target=after.target if after.target != suffix(before.target) else None,
        headers=after.headers if after.headers != before.headers else None,
        body=after.body if after.body != before.body else None,
    )


def apply(edit: Edit, request: Request) -> Request:
    """Return the request to sign and send. Raises ReplayError where it would be another on the wire than it seems."""
    _check(edit)
    headers = request.headers if edit.headers is None else edit.headers
    body = request.body if edit.body is None else edit.body
    if edit.body is not None and _CONTENT_LENGTH in headers:
        headers = headers.replacing(_CONTENT_LENGTH, b"%d" % len(body))
    return replace(
        request,
        method=edit.method or request.method,
        target=request.target
        if edit.target is None
        else request.target.removesuffix(suffix(request.target)) + edit.target,
        headers=headers,
        body=body,
    )


def set_json(body: bytes, path: str, value: str) -> bytes:
    """Return a JSON body with `value` at `path`, `booking.items.0.name`; every other byte stays. Raises ReplayError."""
    made = splicing.set_json(body, path.split("."), value)
    if made is None:
        raise ReplayError(
            f"cannot set {_quoted(encode(path))}: the body must be JSON that has one plain value there"
        )
    return made


def edit_to_json(edit: Edit) -> JSON:
    """Return what is changed, and nothing else; the body in Base64."""
    data: JSON = {}
    if edit.method is not None:
        data["method"] = edit.method
    if edit.target is not None:
        data["target"] = decode(edit.target)
    if edit.headers is not None:
        data["headers"] = headers_to_json(edit.headers)
    if edit.body is not None:
        data["body_base64"] = base64.b64encode(edit.body).decode()
    return data


def edit_from_json(data: object) -> Edit:
    """Read the `edit` of a replay's order. Raises ValueError with a sentence."""
    if not isinstance(data, dict) or not data.keys() <= _NAMES:
        raise ValueError(f"edit: must be an object with some of {', '.join(sorted(_NAMES))}")
    given: JSON = {name: value for name, value in data.items() if value is not None}
    headers = given.get("headers")
    return Edit(
        method=decode(_text(given, "method")) if "method" in given else None,
        target=_text(given, "target") if "target" in given else None,
        headers=None if headers is None else _headers(headers),
        body=_body(given),
    )


def _text(data: JSON, name: str) -> bytes:
    value = data[name]
    try:
        return encode(value)
    except (AttributeError, UnicodeEncodeError):
        raise ValueError(f"edit: {name} must be text") from None


def _headers(pairs: object) -> Headers:
    if not isinstance(pairs, list) or not all(map(_is_pair, pairs)):
        raise ValueError("edit: headers must be a list of [name, value]")
    try:
        return headers_from_json(pairs)
    except UnicodeEncodeError:
        raise ValueError("edit: a header holds what stands for no byte") from None


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(each, str) for each in pair)


def _body(data: JSON) -> bytes | None:
    if "body" in data and "body_base64" in data:
        raise ValueError("edit: give the body once, as body or as body_base64")
    if "body_base64" not in data:
        return _text(data, "body") if "body" in data else None
    try:
        return base64.b64decode(_text(data, "body_base64"), validate=True)
    except binascii.Error:
        raise ValueError("edit: body_base64 is not Base64") from None


def _check(edit: Edit) -> None:
    """Raise ReplayError for what could not be sent, or would be something else on the wire."""
    if edit.method is not None and not is_token(encode(edit.method)):
        raise ReplayError(
            f"the method {_quoted(encode(edit.method))} cannot be sent: it must be one word such as POST"
        )
    if edit.target is not None:
        _check_target(edit.target)
    for name, value in edit.headers or ():
        if not is_token(name):
            raise ReplayError(f"{_quoted(name)} is not a header name that can be sent")
        if _BREAK.search(value):
            raise ReplayError(
                f"header {_quoted(name)}: a value with CR, LF or NUL would be read as something else"
            )
    head = (
        encode(edit.method or ""),
        edit.target or b"",
        *(b"".join(each) for each in edit.headers or ()),
    )
    if sum(map(len, head)) > HEAD_MAX_BYTES:
        raise ReplayError(f"the edited head is longer than {HEAD_MAX_BYTES >> 10} KiB")
    if len(edit.body or b"") > BODY_MAX_BYTES:
        raise ReplayError(f"the edited body is longer than {BODY_MAX_BYTES >> 10} KiB")


def _check_target(target: bytes) -> None:
    if found := _BLANK.search(target):
        raise ReplayError(
            f"the path {_quoted(target)} cannot be sent with {_quoted(found.group())} in it: percent-encode it"
        )
    if target and target[:1] not in {b"/", b"?"}:
        raise ReplayError(f"the path {_quoted(target)} must begin with / or ?")


def _quoted(text: bytes) -> str:
    return f"'{shorten(safe(text), _SHOWN)}'"
