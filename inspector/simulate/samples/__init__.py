"""Sample deliveries: what each provider sends, unsigned, built from one data file per provider beside this one.

Nothing is sent here, and nothing signed: `simulate.sender` does both. Of a provider without a file, `simulate.madeup`
makes one. The bodies are sent laid out as they are
written in the files; where a shape is assumed rather than documented, the sample says so.
"""

import functools
import hashlib
import json
import string
import tomllib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import urlencode

from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.table import nearest
from inspector.errors import ConfigError, NotFoundError

CONTENT_TYPES = {
    "json": "application/json",
    "xml": "application/xml",
    "form": "application/x-www-form-urlencoded",
}
"""The formats a body can have, the usual one first."""

_LEAD_TIME = timedelta(days=30)
"""How far ahead the sample bookings are made."""

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Sample:
    """One event of one provider in one format, ready to be made as often as wanted."""

    provider: str
    event: str
    format: str
    note: str | None
    """What about it is assumed rather than documented, in one sentence; None: the provider shows all of it."""
    headers: Mapping[str, str]
    """In the order they are sent; the values, like body and target, with `$names` for what differs each time."""
    body: str
    """That of a form is JSON too, until it is made."""
    target: str = "/"
    values: Mapping[str, str] = field(default_factory=dict)
    """What more `$names` stand for: those that only this provider's file has."""

    def request(self, *, now_s: float, unique: str, about: str | None = None) -> Request:
        """Make the delivery that happens at `now_s`; every id in it follows from that and `unique`.

        `about` makes the ids of the booking that it happens to, where the sample tells one from the other.
        """
        values = {
            **_values(now_s, unique, unique if about is None else about),
            **self.values,
            "event": self.event,
            "content_type": CONTENT_TYPES[self.format],
        }
        body = Template(self.body).substitute(values)
        if self.format == "form":
            body = urlencode(list(_form_fields(json.loads(body))))
        values["body_sha256"] = hashlib.sha256(body.encode()).hexdigest()
        pairs = tuple(
            (name.encode(), Template(value).substitute(values).encode())
            for name, value in self.headers.items()
        )
        target = Template(self.target).substitute(values).encode()
        return Request(method="POST", target=target, headers=Headers(pairs), body=body.encode())


def providers() -> list[str]:
    """Return the names of the providers there are samples of."""
    return sorted(_files())


def events(provider: str) -> list[str]:
    """Return the provider's events, the usual one first; raise NotFoundError if there are no samples of it."""
    return [event for table in _load(provider)["sample"] for event in table["events"]]


def formats(provider: str, event: str) -> list[str]:
    """Return the formats the event's body comes in, the usual one first."""
    table = _table(provider, event)
    return [name for name in CONTENT_TYPES if name in table]


def find(provider: str, event: str | None = None, *, format: str | None = None) -> Sample:  # noqa: A002 - the word of the API
    """Return one sample: of the usual event and format, where none is named.

    Raises NotFoundError for a provider without samples, ConfigError for an event or format it does not have.
    """
    event = events(provider)[0] if event is None else event
    table = _table(provider, event)
    offered = formats(provider, event)
    chosen = offered[0] if format is None else format
    if chosen not in offered:
        raise ConfigError(f"{provider} sends no {event} as '{chosen}' {nearest(chosen, offered)}")
    file = _load(provider)
    return Sample(
        provider=provider,
        event=event,
        format=chosen,
        note=table.get("assumed") or file.get(f"assumed_{chosen}") or file.get("assumed"),
        headers=file["headers"],
        # A form is written as the JSON of its fields, which may be the very same.
        body=table["json"] if table[chosen] is True else table[chosen],
        values=file.get("values", {}),
    )


def sample(
    provider: str,
    event: str | None = None,
    *,
    format: str | None = None,  # noqa: A002 - the word of the API
    now_s: float,
    unique: str,
) -> Request:
    """Return an unsigned delivery of `event`, as `find` and `Sample.request` do."""
    return find(provider, event, format=format).request(now_s=now_s, unique=unique)


@functools.cache
def _files() -> frozenset[str]:
    names = (entry.name for entry in resources.files(__package__).iterdir())
    return frozenset(name.removesuffix(".toml") for name in names if name.endswith(".toml"))


@functools.cache
def _load(provider: str) -> dict[str, Any]:
    if provider not in _files():
        raise NotFoundError(f"there is no sample of '{provider}' {nearest(provider, providers())}")
    text = resources.files(__package__).joinpath(f"{provider}.toml").read_text("utf-8")
    return tomllib.loads(text)


def _table(provider: str, event: str) -> dict[str, Any]:
    for table in _load(provider)["sample"]:
        if event in table["events"]:
            found: dict[str, Any] = table
            return found
    known = nearest(event, events(provider))
    raise ConfigError(f"there is no sample of {provider}'s event '{event}' {known}")


def _values(now_s: float, unique: str, about: str) -> dict[str, str]:
    """Return what the files' `$names` stand for. Ids are drawn from a digest, so any text is a good `unique`."""
    digest = hashlib.sha256(unique.encode()).digest()
    booking = hashlib.sha256(about.encode()).digest()
    now = datetime.fromtimestamp(int(now_s), UTC)
    later = (now + _LEAD_TIME).replace(hour=10, minute=0, second=0)
    return {
        "now_s": str(int(now_s)),
        "now_ms": str(int(now_s * 1000)),
        "now_iso": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "later_s": str(int(later.timestamp())),
        "later_ymd": later.strftime("%Y%m%d"),
        "later_dmy": later.strftime("%d%m%y"),
        "uuid": str(uuid.UUID(bytes=digest[:16], version=4)),
        "other_uuid": str(uuid.UUID(bytes=digest[16:], version=4)),
        "ulid": _ulid(int(now_s * 1000), digest[:10]),
        "other_ulid": _ulid(int(now_s * 1000), digest[-10:]),
        "token": digest.hex()[:24],
        "sha1": digest.hex()[:40],
        "number": str(10**9 + int.from_bytes(digest[:4])),
        "booking": str(10**9 + int.from_bytes(booking[:4])),
        "booking_uuid": str(uuid.UUID(bytes=booking[16:], version=4)),
        "letters": "".join(string.ascii_uppercase[byte % 26] for byte in booking[4:8]),
    }


def _ulid(now_ms: int, entropy: bytes) -> str:
    """Return the 26 characters of a ULID: 48 bits of time, 80 of `entropy`, in Crockford's base 32."""
    bits = now_ms << 80 | int.from_bytes(entropy)
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))


def _form_fields(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield a JSON value's leaves as PHP's http_build_query names them: `booking[customer][name]`."""
    inner: Iterable[tuple[Any, Any]]
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        yield name, str(value)
        return
    for key, item in inner:
        yield from _form_fields(item, f"{name}[{key}]" if name else str(key))
