"""What goes into an export: a delivery as it may leave this machine. Every format is written from nothing else."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from inspector.core.headers import HeaderPair, Headers, is_token
from inspector.core.model import Attempt, Delivery, Request
from inspector.core.redaction import redact, redact_url
from inspector.core.text import decode


class Copy(NamedTuple):
    """One delivery to be exported."""

    delivery: Delivery
    """Its request with the body, and without secrets unless they were asked for."""
    url: str
    """Where it is to be sent."""
    attempts: Sequence[Attempt] = ()
    """Of each only how it ended is written, and where it went."""

    @property
    def request(self) -> Request:
        """The request, as it may be shown."""
        return self.delivery.request


def copy_of(
    delivery: Delivery,
    body: bytes,
    url: str,
    attempts: Sequence[Attempt] = (),
    *,
    secret_places: Sequence[str] = (),
    include_secrets: bool = False,
) -> Copy:
    """Return what may be exported of a delivery whose body is `body`, to be sent to `url`.

    Secrets read `REDACTED` unless `include_secrets`: credentials always, and what stands at `secret_places`
    (`redaction.places`).
    """
    request = replace(delivery.request, body=body)
    if include_secrets:
        return Copy(replace(delivery, request=request), url, attempts)
    request = _framed(redact(request, secret_places), len(body))
    return Copy(
        replace(delivery, request=request),
        redact_url(url, secret_places),
        [replace(each, url=redact_url(each.url, secret_places)) for each in attempts],
    )


def url_of(
    delivery: Delivery, attempts: Sequence[Attempt], ingress: str, *, is_record: bool = False
) -> str:
    """Return where an export is to send a delivery: where it went last, or to the public door at `ingress`.

    Where it is to be a record, it is where the delivery arrived.
    """
    if attempts and not is_record:
        return attempts[-1].url
    target = decode(delivery.request.target)
    # A target may be a whole URL (RFC 9112, 3.2.2), and is `*` for OPTIONS.
    return target if "://" in target and not target.startswith("/") else ingress + target


def _framed(request: Request, was_bytes: int) -> Request:
    """Return the request with the length of its body, where taking a secret out of it has changed that."""
    length = b"%d" % len(request.body)
    if len(request.body) == was_bytes or b"Content-Length" not in request.headers:
        return request
    return replace(request, headers=request.headers.replacing(b"Content-Length", length))


_OF_A_CONNECTION = frozenset(
    {
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)


def sendable(headers: Headers) -> Sequence[HeaderPair]:
    """Return those fields that a client is to be told: the others it makes itself, or has no way to send.

    Left out are those said of one connection (RFC 9110, 7.6.1), Host and the framing, and names that are no token
    (RFC 9110, 5.6.2).
    """
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in _OF_A_CONNECTION and is_token(name)
    ]
