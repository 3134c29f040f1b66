"""Which header the sender may have signed as one that is not there, or there several times."""

from collections.abc import Iterator
from dataclasses import replace

from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import SIGNING, Probe, Subject
from inspector.core.providers import Placement
from inspector.core.templates import Kind
from inspector.core.text import safe, shorten

_HEADERS_MAX = 32
_VALUE_MAX_BYTES = 128
_NAME_MAX = 60

_REPEATED = "{} came {} times, and number {} was signed: find what adds the others on the way."
_RENAMED = "What was signed as {0} stands in {1}: have the sender use {0}, or find what renames it on the way."


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield the request with one such header put right."""
    if subject.provider.scheme in SIGNING:
        for placement in subject.placements():
            yield from _of(subject, placement)


def _of(subject: Subject, placement: Placement) -> Iterator[Probe]:
    headers = subject.request.headers
    for part in placement.locators():
        own = list(dict.fromkeys(headers.get_all(part.key))) if part.kind is Kind.HEADER else [b"-"]
        if not own:
            for name, value in headers.pairs[:_HEADERS_MAX]:
                if 0 < len(value) <= _VALUE_MAX_BYTES and name.lower() != placement.signature.key:
                    detail = _RENAMED.format(part, shorten(safe(name), _NAME_MAX))
                    yield _with(subject, Cause.HEADER_NAME, detail, part.name, value)
        elif len(own) > 1:
            for number, value in enumerate(own[:_HEADERS_MAX], 1):
                detail = _REPEATED.format(part, len(own), number)
                yield _with(subject, Cause.HEADER_REPEATED, detail, part.name, value)


def _with(subject: Subject, cause: Cause, detail: str, name: str, value: bytes) -> Probe:
    headers = subject.request.headers.replacing(name.encode(), value)
    return Probe(cause, detail, request=replace(subject.request, headers=headers))
