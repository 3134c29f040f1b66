"""Bodies changed on purpose: with a field more, a great deal longer, or so that nobody can read them."""

import re

EXTRA_FIELD = b"hooktap_lab"
HUGE_BYTES = 1 << 20
UNREADABLE = b'{"event": "booking.'
"""Cut off where the connection broke: neither JSON nor XML, and no form that anybody sends."""

_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\[\s*)?\{")
_EMPTY = re.compile(rb"\s*\}")
_XML = re.compile(rb"\s*<")
_WORD = re.compile(rb"[0-9A-Za-z]{3}")


def with_field(body: bytes, value: bytes = b"new") -> bytes | None:
    """Return a JSON object, XML or a form with one field more, which no provider has; None for any other body.

    Of a list of objects, the first one has it. Every other byte stays.
    """
    if found := _OBJECT.match(body):
        rest = body[found.end() :]
        comma = b"" if _EMPTY.match(rest) else b","
        return b'%b"%b":"%b"%b%b' % (found[0], EXTRA_FIELD, value, comma, rest)
    if _XML.match(body):
        before, end, root = body.rpartition(b"</")
        element = b"<%b>%b</%b>" % (EXTRA_FIELD, value, EXTRA_FIELD)
        return before + element + end + root if end else None
    return b"%b&%b=%b" % (body, EXTRA_FIELD, value) if b"=" in body else None


def huge(body: bytes) -> bytes | None:
    """Return the body with a field so long that all of it has `HUGE_BYTES`; None where there is no place for one."""
    shortest = with_field(body, b"")
    if shortest is None:
        return None
    return with_field(body, b"x" * max(0, HUGE_BYTES - len(shortest)))


def not_utf8(body: bytes) -> bytes | None:
    """Return the body with a byte within its first word that UTF-8 has nowhere; None where there is no word."""
    made, count = _WORD.subn(lambda word: word[0][:1] + b"\xff" + word[0][1:], body, count=1)
    return made if count else None
