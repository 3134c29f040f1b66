"""Putting a value into a body that we make ourselves: JSON, a form or XML, at a path of names and indexes.

What else the body holds stays as it is laid out. Unlike `splicing`, which changes what somebody else sent, a value may
be of another kind than the one before it, and JSON and forms take what was not there.
"""

import json
import re
from codecs import BOM_UTF8
from urllib.parse import quote_plus
from xml.parsers import expat
from xml.sax.saxutils import escape

from inspector.core.bodyfields import parse_json, parse_xml, read_form
from inspector.core.splicing import DECODER, members, past_space, replace_form
from inspector.core.text import encode_any, safe
from inspector.errors import ConfigError


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is Python's own, and not in RFC 8259")


_STRICT = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
_START_TAG = re.compile(rb"""<[^\s/>]+(?:[^>"']|"[^"]*"|'[^']*')*>""")


def set_value(body: bytes, format: str, path: str, value: str) -> bytes:  # noqa: A002 - the word of the API
    """Return `body` with `value` at `path`: `booking.items.0.sku`. `format` is json, form or xml.

    In JSON, what reads as JSON is taken as that (`12.50`, `true`, `null`, `[1]`, `"12"`), anything else as text. In a
    form `a.b` also stands for the field `a[b]`. In XML the path begins below the root, and `@name` is an attribute.
    Raises ConfigError where the value has no place.
    """
    match format:
        case "form":
            return _set_form(body, path, value)
        case "xml":
            return _set_xml(body, path, value)
        case _:
            return _set_json(body, path, value)


def _set_json(body: bytes, path: str, value: str) -> bytes:
    if parse_json(body) is None:
        raise _refusal(path, "the body is not JSON, or longer than 1 MiB")
    mark = BOM_UTF8 if body.startswith(BOM_UTF8) else b""
    text = body.removeprefix(mark).decode()
    at, steps = past_space(text, 0), path.split(".")
    for depth, step in enumerate(steps):
        if text[at] not in "{[":
            where = ".".join(steps[:depth]) or "the body"
            raise _refusal(path, f"{safe(where)} is neither an object nor a list")
        inner = list(members(text, at))
        found = [
            start
            for index, (name, start) in enumerate(inner)
            if step == (name if text[at] == "{" else str(index))
        ]
        if len(found) > 1:
            raise _refusal(path, f"'{safe(step)}' is there several times")
        if not found:
            return mark + _added(text, at, inner, steps[depth:], value, path).encode()
        at = found[0]
    end = DECODER.raw_decode(text, at)[1]
    return mark + f"{text[:at]}{_literal(value)}{text[end:]}".encode()


def _added(
    text: str, at: int, inner: list[tuple[str, int]], steps: list[str], value: str, path: str
) -> str:
    """Return `text` with a member more in the object or list that begins at `at`, laid out like its first."""
    literal = _literal(value)
    for step in reversed(steps[1:]):
        literal = f"{{{json.dumps(step, ensure_ascii=False)}:{literal}}}"
    if text[at] == "[" and steps[0] != str(len(inner)):
        raise _refusal(path, f"the list has {len(inner)} elements, and the next is {len(inner)}")
    if not inner:
        key = "" if text[at] == "[" else json.dumps(steps[0], ensure_ascii=False) + ":"
        return f"{text[: at + 1]}{key}{literal}{text[past_space(text, at + 1) :]}"
    first = past_space(text, at + 1)
    key = ""
    if text[at] == "{":
        colon = text[DECODER.raw_decode(text, first)[1] : inner[0][1]]
        key = json.dumps(steps[0], ensure_ascii=False) + colon
    end = DECODER.raw_decode(text, inner[-1][1])[1]
    return f"{text[:end]},{text[at + 1 : first]}{key}{literal}{text[end:]}"


def _literal(value: str) -> str:
    try:
        _STRICT.decode(value)
    except (ValueError, RecursionError):
        return json.dumps(value, ensure_ascii=False)
    return value.strip()


def _set_form(body: bytes, path: str, value: str) -> bytes:
    if read_form(body) is None:
        raise _refusal(path, "the form has more fields than are looked through")
    first, *rest = path.split(".")
    nested = encode_any(first + "".join(f"[{step}]" for step in rest))
    new = encode_any(value)
    for name in (encode_any(path), nested):
        made = replace_form(body, name, new)
        if made is not None:
            return made
    field = f"{quote_plus(nested)}={quote_plus(new)}".encode()
    return body + b"&" + field if body else field


def _set_xml(body: bytes, path: str, value: str) -> bytes:
    steps = tuple(path.split("."))
    if not parse_xml(body):
        raise _refusal(path, "the body is no XML that can be read")
    found = _elements(body, steps[:-1] if steps[-1].startswith("@") else steps)
    if len(found) != 1:
        raise _refusal(path, "XML must have it already, and once")
    start, end = found[0]
    if steps[-1].startswith("@"):
        made = _with_attribute(body, start, steps[-1][1:], value)
    else:
        made = _with_text(body, start, end, value)
    if made is None or parse_xml(made).get(steps, "") != value:
        raise _refusal(path, "XML must have it already as text, and cannot hold every character")
    return made


def _elements(body: bytes, steps: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return where the start tag and the end tag of each element at this path begin; of an empty tag, both there."""
    parser, path, begun = expat.ParserCreate(), list[str](), list[int]()
    found: list[tuple[int, int]] = []

    def start(name: str, _: object) -> None:
        path.append(name)
        begun.append(parser.CurrentByteIndex)

    def end(_: str) -> None:
        at = begun.pop()
        if tuple(path[1:]) == steps:
            found.append((at, parser.CurrentByteIndex))
        path.pop()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(body, True)  # noqa: FBT003 - positional only
    return found


def _with_text(body: bytes, start: int, end: int, value: str) -> bytes | None:
    tag = _START_TAG.match(body, start)
    if tag is None or b"<" in body[tag.end() : max(end, tag.end())]:
        return None
    text = encode_any(escape(value, {"\r": "&#13;"}))
    if tag[0].endswith(b"/>"):
        name = re.match(rb"<([^\s/>]+)", tag[0])
        assert name is not None, "a tag has a name"
        text = tag[0][:-2].rstrip() + b">" + text + b"</" + name[1] + b">"
        return body[:start] + text + body[tag.end() :]
    return body[: tag.end()] + text + body[end:]


def _with_attribute(body: bytes, start: int, name: str, value: str) -> bytes | None:
    tag = _START_TAG.match(body, start)
    if tag is None:
        return None
    pattern = rb"(\s" + re.escape(encode_any(name)) + rb"""\s*=\s*)("[^"]*"|'[^']*')"""
    text = encode_any(escape(value, {'"': "&quot;", "\n": "&#10;", "\t": "&#9;", "\r": "&#13;"}))
    made, count = re.subn(pattern, lambda found: found[1] + b'"' + text + b'"', tag[0], count=1)
    return body[:start] + made + body[tag.end() :] if count else None


def _refusal(path: str, reason: str) -> ConfigError:
    return ConfigError(f"cannot set '{safe(path)}': {reason}")
