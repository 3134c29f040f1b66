"""Checking a delivery against its endpoint's overlays, and what that makes of the verdict on its signature.

Nothing raises for what a sender wrote. Every overlay is checked, and every value compared, whatever came of the others,
each in constant time; no sentence holds a token or anything a sender chose.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple, assert_never
from urllib.parse import quote_from_bytes

from inspector.core import overlays as known
from inspector.core import peers
from inspector.core.bodyfields import unquote
from inspector.core.formats import Encoding, Format, Shape
from inspector.core.forwarding import split_ingress, split_segment
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.overlays import (
    BasicLogin,
    Overlay,
    SecretHeader,
    SecretPath,
    SecretQuery,
    SourceAddresses,
)
from inspector.core.text import safe

_BASIC = Format(Shape.CREDENTIALS)
_UNPROVED = "so nothing shows that the body is as sent"


class Fault(StrEnum):
    """In what way a delivery fails an overlay."""

    ABSENT = "absent"
    """It does not show what is asked for."""
    DIFFERENT = "different"
    """It shows something else."""
    NOT_ALLOWED = "not allowed"
    """It comes from an address that is not on the list."""


@dataclass(frozen=True, slots=True)
class Check:
    """What came of one overlay."""

    label: str
    """What was looked at: `query token`."""
    fault: Fault | None
    """None: it is as configured."""
    text: str
    """For a sentence. Passed: what is as configured, `the query parameter 'token'`; failed: how, and what to do."""


@dataclass(frozen=True, slots=True)
class Admission:
    """What came of all overlays of an endpoint."""

    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> tuple[Check, ...]:
        """Those that the delivery meets."""
        return tuple(check for check in self.checks if check.fault is None)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Those that it does not."""
        return tuple(check for check in self.checks if check.fault is not None)


def judge(overlays: Sequence[Overlay], request: Request) -> Admission:
    """Check `request` against each of `overlays`."""
    return Admission(tuple(_check(overlay, request) for overlay in overlays))


def combine(
    verification: Verification, admission: Admission, title: str = "its provider"
) -> Verification:
    """Return the verdict on a delivery, from the one on its signature and the one on its overlays.

    One failed overlay makes it invalid. Where all are met, a signature's verdict stays what it is; without a
    signature to check, the delivery is verified by them. `title` is what a person calls the provider.
    """
    if not admission.checks:
        return verification
    if admission.failed:
        return _refused(verification, admission)
    met = _as_configured(admission.passed)
    labels = tuple(check.label for check in admission.passed)
    match verification.outcome:
        case Outcome.UNSIGNED:
            detail = f"{met}; {title} documents no signature, {_UNPROVED}"
            return Verification(Outcome.VERIFIED, detail, covered=labels)
        case Outcome.UNKNOWN:
            detail = f"{met}; no provider is known for this delivery, {_UNPROVED}"
            return Verification(Outcome.VERIFIED, detail, covered=labels)
        case Outcome.VERIFIED:
            covered = (*verification.covered, *labels)
            return replace(verification, detail=f"{verification.detail}; {met}", covered=covered)
        case _:
            return replace(verification, detail=f"{verification.detail}; {met}")


def equip(overlays: Sequence[Overlay], request: Request) -> Request:
    """Return `request` with what the overlays ask for added, as far as a sender can: an address it cannot.

    Its target is below `/in/`, or only what follows the endpoint there; the path `/` then stands for the endpoint
    itself. A token comes first in the query, as in a URL to which the provider adds parameters of its own.
    """
    target, headers = request.target, request.headers
    if target == b"/" or target.startswith(b"/?"):
        target = target[1:]
    for overlay in overlays:
        match overlay:
            case SecretPath(token):
                target = _with_segment(target, token)
            case SecretQuery(name, token):
                target = _with_parameter(target, name, token)
            case SecretHeader(name, token):
                headers = headers.replacing(name.encode(), token)
            case BasicLogin():
                headers = headers.replacing(b"Authorization", b"Basic " + _credentials(overlay))
            case SourceAddresses():
                pass
            case unreachable:
                assert_never(unreachable)
    return replace(request, target=target or b"/", headers=headers)


class _Place(NamedTuple):
    """Where a token stands, in words."""

    subject: str
    told: str
    """Where the provider has it from."""
    key: str
    """Where the endpoint has it from, in hooktap.toml."""


def _check(overlay: Overlay, request: Request) -> Check:
    label = known.label(overlay)
    match overlay:
        case SecretPath(token):
            place = _Place("the secret path segment", "the URL", "path")
            return _compared(label, place, [_segment(request.target)], token)
        case SecretQuery(name, token):
            place = _Place(f"the query parameter '{safe(name)}'", "the URL", "query")
            return _compared(label, place, _parameters(request.target, name), token)
        case SecretHeader(name, token):
            place = _Place(f"the header {safe(name)}", "the header", "header")
            return _compared(label, place, request.headers.get_all(name.encode()), token)
        case BasicLogin():
            place = _Place("the Basic login", "the login", "basic")
            return _compared(label, place, _logins(request.headers), _credentials(overlay))
        case SourceAddresses():
            return _allowed(label, overlay, request)
        case unreachable:
            assert_never(unreachable)


def _compared(label: str, place: _Place, found: Sequence[bytes], token: bytes) -> Check:
    """Check that `token` was sent, once or several times, and nothing else in its place."""
    is_there = any(found)  # an empty value is none, also where the token itself were empty
    is_right = is_there
    for value in found:
        is_right &= hmac.compare_digest(value, token)
    subject, told, key = place
    if is_right:
        return Check(label, None, subject)
    if not is_there:
        advice = f"is absent: add it to {told} that the provider was given"
        return Check(label, Fault.ABSENT, f"{subject} {advice}")
    said = "is not the configured one"
    if len(set(found)) > 1:
        said = "came several times with different values"
    advice = f"compare {told} that the provider was given with require.{key}"
    return Check(label, Fault.DIFFERENT, f"{subject} {said}: {advice}")


def _allowed(label: str, overlay: SourceAddresses, request: Request) -> Check:
    address, proxy = peers.sender_of(request, overlay.proxies)
    if address is not None and peers.is_within(address, overlay.networks):
        named = f" (named by the proxy {proxy})" if proxy not in {None, address} else ""
        return Check(label, None, f"the source address {address}{named}")
    if proxy is not None:
        return Check(label, Fault.NOT_ALLOWED, _why_not_forwarded(address, proxy))
    if address is None:
        return Check(label, Fault.ABSENT, "the address that this came from is not known")
    said = f"the connection came from {address}, which is not in require.source"
    if address.is_loopback or peers.FORWARDED_FOR in request.headers:
        said += "; behind a tunnel, name it in trusted_proxies"
    return Check(label, Fault.NOT_ALLOWED, said)


def _why_not_forwarded(address: peers.Address | None, proxy: peers.Address) -> str:
    if address is None:
        return f"the trusted proxy {proxy} names in X-Forwarded-For what is no address"
    if address == proxy:
        return f"the trusted proxy {proxy} names nobody in X-Forwarded-For, and is not in require.source itself"
    return f"the trusted proxy {proxy} forwarded for {address}, which is not in require.source"


def _refused(verification: Verification, admission: Admission) -> Verification:
    said = [check.text for check in admission.failed]
    if admission.passed:
        said.append(_as_configured(admission.passed))
    match verification.outcome:
        case Outcome.VERIFIED:
            said.append("the signature itself is right")
        case Outcome.UNSIGNED | Outcome.UNKNOWN:
            pass
        case _:
            said.append(verification.detail)
    is_absent = all(check.fault is Fault.ABSENT for check in admission.failed)
    # A signature that is wrong says more than a token that was left out.
    is_missing = is_absent and verification.outcome is not Outcome.MISMATCH
    outcome = Outcome.MISSING if is_missing else Outcome.MISMATCH
    return replace(verification, outcome=outcome, detail="; ".join(said))


def _as_configured(passed: Sequence[Check]) -> str:
    *others, last = (check.text for check in passed)
    if not others:
        return f"{last} is as configured"
    return f"{', '.join(others)} and {last} are as configured"


def _segment(target: bytes) -> bytes:
    place = split_ingress(target)
    return split_segment(place[1])[0] if place else b""


def _parameters(target: bytes, name: str) -> list[bytes]:
    _, _, query = target.partition(b"#")[0].partition(b"?")
    wanted = name.encode()
    fields = (field.partition(b"=") for field in query.split(b"&"))
    return [unquote(value) for key, _, value in fields if unquote(key) == wanted]


def _logins(headers: Headers) -> list[bytes]:
    # Another scheme's credentials count as none of this one.
    return [b"".join(_BASIC.candidates(value)) for value in headers.get_all(b"Authorization")]


def _credentials(login: BasicLogin) -> bytes:
    return Encoding.BASE64.text_of(login.user.encode() + b":" + login.password)


def _with_segment(target: bytes, token: bytes) -> bytes:
    place = split_ingress(target)
    rest = place[1] if place else target
    return target[: len(target) - len(rest)] + b"/" + token + rest


def _with_parameter(target: bytes, name: str, token: bytes) -> bytes:
    rest, hash_mark, fragment = target.partition(b"#")
    path, _, query = rest.partition(b"?")
    wanted = name.encode()
    fields = [field for field in query.split(b"&") if unquote(field.partition(b"=")[0]) != wanted]
    written = b"%b=%b" % (_quoted(wanted), _quoted(token))
    return path + b"?" + b"&".join([written, *filter(None, fields)]) + hash_mark + fragment


def _quoted(raw: bytes) -> bytes:
    return quote_from_bytes(raw, safe="").encode()
