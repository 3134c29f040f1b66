"""What a signature vouches for, and what of a delivery could be another without its being noticed."""

from collections.abc import Iterator
from typing import NamedTuple

from inspector.core.model import Delivery, Outcome
from inspector.core.text import decode

_AUTHENTIC = frozenset({Outcome.VERIFIED, Outcome.STALE})
_INSIDE = ("json ", "form ", "xml ")
"""How parts of a body are named in `Verification.covered`."""
_WHOLE_BODY = frozenset({"body", "form fields"})
_WHOLE_URL = frozenset({"url", "path and query"})
_NAME_MIN = 3
"""An event or its id that is shorter stands in other headers by chance."""


class Coverage(NamedTuple):
    """The two halves of a delivery that is signed."""

    covered: tuple[str, ...]
    uncovered: tuple[str, ...]
    """What anybody on the way may have changed, what matters most first."""
    vouches_for_body: bool


def of(delivery: Delivery) -> Coverage | None:
    """Return what of a delivery was authenticated; None if the check came to nothing that can be relied on."""
    verification = delivery.verification
    if verification.outcome not in _AUTHENTIC and not verification.covered:
        return None
    labels = tuple(dict.fromkeys(verification.covered))
    rest = tuple(_uncovered(delivery, labels))
    return Coverage(labels, rest, not _WHOLE_BODY.isdisjoint(labels))


def _uncovered(delivery: Delivery, labels: tuple[str, ...]) -> Iterator[str]:
    if _WHOLE_BODY.isdisjoint(labels):
        yield "the rest of the body" if any(each.startswith(_INSIDE) for each in labels) else "body"
    named = tuple(_named_in_headers(delivery, labels))
    yield from named
    if _WHOLE_URL.isdisjoint(labels):
        yield "the rest of the URL" if any(each.startswith("query ") for each in labels) else "URL"
    if "method" not in labels:
        yield "method"
    some_are = any(each.startswith("header") for each in (*labels, *named))
    yield "other headers" if some_are else "headers"


def _named_in_headers(delivery: Delivery, labels: tuple[str, ...]) -> Iterator[str]:
    """Yield the headers that say which event this is, as far as they are not signed."""
    covered = {label.lower() for label in labels}
    for value in dict.fromkeys((delivery.event, delivery.event_id)):
        if value is None or len(value) < _NAME_MIN:
            continue
        for name, said in delivery.request.headers:
            label = f"header {decode(name)}"
            if decode(said) == value and label.lower() not in covered:
                yield label
                break
