"""Whether another secret that we know made the signature: test and live swapped, or the wrong endpoint."""

from collections.abc import Iterator

from inspector.core.diagnosis.findings import Cause
from inspector.core.diagnosis.probing import Probe, Subject
from inspector.core.text import safe, shorten

_NAMES_MAX = 5
_NAME_MAX = 64
_NAMED = (
    "The secret of endpoint {} made this signature: set it for this endpoint too, or give the sender the other "
    "endpoint's URL (are test and live swapped?)."
)
_UNNAMED = (
    "Another secret that Hooktap knows made this signature: set that one for this endpoint "
    "(are test and live swapped?)."
)


def probes(subject: Subject) -> Iterator[Probe]:
    """Yield each of them once, with the names of all endpoints that have it."""
    names: dict[bytes, list[str]] = {}
    for name, secret in subject.others:
        # One that is no key of this scheme costs as much to try as one that is.
        if secret not in subject.secrets and subject.provider.secret.key(secret):
            names.setdefault(secret, []).append(name)
    for secret, having in names.items():
        yield Probe(Cause.SECRET_OF_OTHER, _detail(having), secrets=(secret,))


def _detail(names: list[str]) -> str:
    known = [f"'{shorten(safe(name), _NAME_MAX)}'" for name in dict.fromkeys(names) if name]
    return _NAMED.format(" and ".join(known[:_NAMES_MAX])) if known else _UNNAMED
