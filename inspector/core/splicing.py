"""Putting one value where a locator points: into a header, a JSON body, a form or the query of the target.

Every other byte stays as it is. What was put in is what a check reads there, or nothing is put in at all.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import assert_never
from urllib.parse import quote_plus

from inspector.core import multipart
from inspector.core.bodyfields import EVERY, json_items, parse_form, parse_json
from inspector.core.model import Request
from inspector.core.templates import Kind, Locator

DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
"""For where a value ends: numbers may have more digits than int() is willing to read."""
_SPACE = re.compile(r"[ \t\n\r]*")  # RFC 8259, 2
_NUMBER = re.compile(r"0|[1-9][0-9]*")
_LITERAL = re.compile(
    r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
)  # RFC 8259, 3 and 6
_READ = '"-0123456789n'
"""What text, numbers and null begin with: what a check reads."""
_SCALARS = _READ + "tf"

Span = tuple[int, int]


def put(
    request: Request, locator: Locator, values: Sequence[bytes], root: Sequence[str] = ()
) -> Request | None:
    """Return `request` with `values` where `locator` points: one for each item at the JSON path `root`, in order.

    A header or a parameter of the query is added where there is none. A body must have the value already, under one
    name: otherwise there is no result, as for XML, which is not written.
    """
    match locator.kind:
        case Kind.HEADER:
            return replace(
                request, headers=request.headers.replacing(locator.name.encode(), values[-1])
            )
        case Kind.QUERY:
            return replace(request, target=replace_query(request.target, locator.key, values[-1]))
        case Kind.FORM:
            return _with_body(request, _replace_field(request, locator.key, values[-1]))
        case Kind.JSON:
            path = (*root, *locator.path)
            return _with_body(request, replace_json(request.body, path, values))
        case Kind.XML | Kind.PAIR:
            return None
        case unreachable:
            assert_never(unreachable)


def replace_json(body: bytes, path: Sequence[str], values: Sequence[bytes]) -> bytes | None:
    """Return `body` with `values`, in order, in place of what is at `path`, in which `*` is every element of a list.

    A number stays a number where the new value is one. None if there are not as many, or something else than text,
    numbers or null; or if a value is not UTF-8.
    """
    if parse_json(body) is None:
        return None
    mark = BOM_UTF8 if body.startswith(BOM_UTF8) else b""
    text = body.removeprefix(mark).decode()
    chunks, done = [], 0
    try:
        for (start, end), value in zip(_spans(text, 0, path), values, strict=True):
            chunks += [
                text[done:start],
                _literal(text[start], value.decode("utf-8", "surrogatepass")),
            ]
            done = end
    except ValueError:
        return None
    made = mark + ("".join(chunks) + text[done:]).encode()
    found = [_written(item) for item in json_items(parse_json(made), path)]
    return made if found == list(values) else None


def set_json(body: bytes, path: Sequence[str], value: str) -> bytes | None:
    """Return `body` with what a person wrote in place of the one text, number, boolean or null at `path`.

    Text stays text. In place of anything else a number, `true`, `false` and `null` are what they are in JSON. None if
    there is nothing else at `path`, or not one alone.
    """
    if parse_json(body) is None:
        return None
    mark = BOM_UTF8 if body.startswith(BOM_UTF8) else b""
    text = body.removeprefix(mark).decode()
    try:
        value.encode()
        [(start, end)] = _spans(text, 0, path, _SCALARS)
        literal = (
            json.dumps(value) if text[start] == '"' or not _LITERAL.fullmatch(value) else value
        )
        return mark + f"{text[:start]}{literal}{text[end:]}".encode()
    except ValueError:  # so is what cannot be written in UTF-8
        return None


def replace_form(body: bytes, name: bytes, value: bytes) -> bytes | None:
    """Return `body` with `value` in every field called `name`; None if there is none, or too much to be read."""
    if name not in dict(parse_form(body)):  # before each of a million fields is looked at
        return None
    parts = body.split(b"&")
    for index, part in enumerate(parts):
        if any(found == name for found, _ in parse_form(part)):
            parts[index] = part.partition(b"=")[0] + b"=" + quote_plus(value).encode()
    made = b"&".join(parts)
    return made if (name, value) in parse_form(made) else None


def replace_query(target: bytes, name: bytes, value: bytes) -> bytes:
    """Return `target` with `value` for the parameter `name` of its query, which is added if it is not there."""
    before, hash_mark, fragment = target.partition(b"#")
    path, _, query = before.partition(b"?")
    made = replace_form(query, name, value)
    if made is None:
        parameter = quote_plus(name).encode() + b"=" + quote_plus(value).encode()
        made = query + b"&" + parameter if query else parameter
    return path + b"?" + made + hash_mark + fragment


def _replace_field(request: Request, name: bytes, value: bytes) -> bytes | None:
    content_type = request.headers.get(b"Content-Type") or b""
    if multipart.is_form(content_type):
        return multipart.replace_form(request.body, content_type, name, value)
    return replace_form(request.body, name, value)


def _with_body(request: Request, body: bytes | None) -> Request | None:
    if body is None:
        return None
    headers = request.headers
    if b"Content-Length" in headers:
        headers = headers.replacing(b"Content-Length", b"%d" % len(body))
    return replace(request, body=body, headers=headers)


def _spans(text: str, at: int, path: Sequence[str], kinds: str = _READ) -> Iterator[Span]:
    """Yield where each value at `path` below the one at `at` begins and ends.

    Raises ValueError where one is absent, or begins with none of `kinds`.
    """
    at = past_space(text, at)
    if not path:
        if text[at] not in kinds:
            raise ValueError("of another kind")
        yield at, DECODER.raw_decode(text, at)[1]
        return
    step, rest = path[0], path[1:]
    inner = list(members(text, at))
    if step == EVERY:
        inner = inner if text[at] == "[" else []
    elif text[at] == "[":
        inner = inner[int(step) : int(step) + 1] if step.isdecimal() else []
    else:
        inner = [(name, start) for name, start in inner if name == step]
    if step != EVERY and len(inner) != 1:
        raise ValueError("absent, or there several times")
    for _, start in inner:
        yield from _spans(text, start, rest, kinds)


def members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Yield the name of each member and where its value begins; the elements of a list have none."""
    in_object = text[at] == "{"
    at = past_space(text, at + 1) if text[at] in "{[" else len(text)
    while at < len(text) and text[at] not in "}]":
        name = ""
        if in_object:
            name, at = DECODER.raw_decode(text, at)
            at = past_space(text, past_space(text, at) + 1)  # the colon
        yield name, at
        at = past_space(text, DECODER.raw_decode(text, at)[1])
        if text[at] == ",":
            at = past_space(text, at + 1)


def past_space(text: str, at: int) -> int:
    """Return where the first character from `at` on is that is no white space (RFC 8259, 2)."""
    found = _SPACE.match(text, at)
    assert found is not None, "it matches nothing too"
    return found.end()


def _literal(old: str, value: str) -> str:
    """Return `value` as JSON, where something that begins with `old` stood."""
    if old in '"n' or not _NUMBER.fullmatch(value):
        return json.dumps(value)
    return value


def _written(value: object) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else None
