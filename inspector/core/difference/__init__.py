"""What two deliveries or two answers of an app differ in, part by part; bodies by their structure, if they have one.

Nothing is normalised before it is compared; what should not count, such as a time, is ignored by name.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from inspector.core.difference import documents, texts
from inspector.core.difference.changes import Change, DiffLine, Kind, LineKind
from inspector.core.headers import Headers
from inspector.core.model import Delivery, Response
from inspector.core.text import decode

__all__ = ["Change", "DiffLine", "Difference", "Kind", "LineKind", "Subject", "compare"]

BODY_CAP_BYTES = 1 << 20
"""Longer bodies are only said to differ."""
_HEADER = "header:"
_JSON = "json:"


class Subject(NamedTuple):
    """One side of a comparison."""

    facts: tuple[tuple[str, str], ...]
    """What its first line says, by name."""
    headers: Headers
    body: bytes

    @classmethod
    def of_delivery(cls, delivery: Delivery, body: bytes) -> Self:
        """Return a delivery's request."""
        request = delivery.request
        facts = (("method", request.method), ("target", decode(request.target)))
        return cls(facts, request.headers, body)

    @classmethod
    def of_response(cls, response: Response, body: bytes) -> Self:
        """Return an app's answer."""
        return cls((("status", str(response.status)),), response.headers, body)


@dataclass(frozen=True, slots=True)
class Difference:
    """What came of a comparison."""

    changes: tuple[Change, ...]
    """Of the first line, the headers, and the values of JSON bodies."""
    lines: tuple[DiffLine, ...] = ()
    """Of bodies that are text without such a structure. Empty where they are the same."""
    note: str = ""
    """What else there is to say of the bodies: they differ and cannot be laid side by side."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs, but for what was ignored."""
        return not (self.changes or self.lines or self.note)


def compare(before: Subject, after: Subject, ignoring: Sequence[str] = ()) -> Difference:
    """Say what differs, but for what `ignoring` names: `header:Date`, `json:items.*.id`, or a JSON path alone."""
    names = {name.removeprefix(_HEADER).lower() for name in ignoring if name.startswith(_HEADER)}
    paths = [
        documents.path_of(name.removeprefix(_JSON))
        for name in ignoring
        if not name.startswith(_HEADER)
    ]
    heads = (*_facts(before, after), *_headers(before.headers, after.headers, names))
    if before.body == after.body:
        return Difference(heads)
    if max(len(before.body), len(after.body)) > BODY_CAP_BYTES:
        return Difference(heads, note=_unlike(before.body, after.body))
    return _bodies(heads, before.body, after.body, paths)


def _facts(before: Subject, after: Subject) -> Iterator[Change]:
    now = dict(after.facts)
    for name, value in before.facts:
        if value != now.get(name):
            yield Change(name, value, now.get(name))


def _headers(before: Headers, after: Headers, ignored: set[str]) -> Iterator[Change]:
    """Yield the header fields that differ, by name without regard to case; of one name, values pair off in order."""
    names = dict.fromkeys(name.lower() for name, _ in (*before, *after))
    spelled = {name.lower(): decode(name) for name, _ in (*before, *after)}
    for name in names:
        was, now = before.get_all(name), after.get_all(name)
        if was == now or decode(name) in ignored:
            continue
        gone = list((Counter(was) - Counter(now)).elements())
        come = list((Counter(now) - Counter(was)).elements())
        for at in range(max(len(gone), len(come))):
            yield Change(
                f"header {spelled[name]}",
                decode(gone[at]) if at < len(gone) else None,
                decode(come[at]) if at < len(come) else None,
            )
        if not gone and not come:
            yield Change(
                f"header {spelled[name]}", *(decode(b", ".join(each)) for each in (was, now))
            )


def _bodies(
    heads: tuple[Change, ...], before: bytes, after: bytes, ignoring: Sequence[documents.Path]
) -> Difference:
    try:
        was, now = before.decode(), after.decode()
    except UnicodeDecodeError:
        return Difference(heads, note=_unlike(before, after))
    if "\0" in was or "\0" in now:
        return Difference(heads, note=_unlike(before, after))
    try:
        parsed = documents.parse(was), documents.parse(now)
    except documents.NotComparableError:
        return Difference(heads, lines=tuple(texts.lines(was, now)))
    found = tuple(documents.changes(*parsed, ignoring))
    if found or parsed[0] != parsed[1]:  # what differs may all be ignored
        return Difference((*heads, *found))
    return Difference(heads, note="the bodies hold the same JSON, written differently")


def _unlike(before: bytes, after: bytes) -> str:
    shortest = min(len(before), len(after))
    # The first length at which the beginnings are no longer equal.
    at = bisect_left(
        range(shortest + 1), x=True, key=lambda length: before[:length] != after[:length]
    )
    lengths = f"({len(before):,} and {len(after):,} bytes long)"
    return f"the bodies differ from byte {max(at - 1, 0):,} on {lengths}"
