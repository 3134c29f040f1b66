"""Checking one delivery against its provider's scheme. The result is a value, whatever was sent: nothing raises.

The right signature and the right time are told apart: a good signature from yesterday is `stale`, a wrong one is a
`mismatch` however old it is.
"""

import math
import re
from binascii import unhexlify
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from inspector.core import coded, schemes, wording
from inspector.core.bodyfields import json_items
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request, Verification, furthest
from inspector.core.providers import Placement, Provider, Scheme, UrlVariant
from inspector.core.publicurl import with_query
from inspector.core.templates import Builtin, Kind, Locator, Unread
from inspector.core.text import encode_any
from inspector.core.timestamps import TimeRule

_AUTHORITY = re.compile(rb"([^:/?#]+)://([^/?#]*?)(:[0-9]*)?([/?#].*)?", re.DOTALL)
_ENCODED = re.compile(rb"%(3[ABF]|2[147-9ACF]|40)", re.IGNORECASE)
"""What `UrlVariant.DECODED` takes back."""
_DIGITS_MAX = 15
_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}


def verify(
    provider: Provider | None,
    request: Request,
    secrets: Sequence[bytes | str],
    *,
    now_s: float,
    url: str | None = None,
    tolerance_s: int | None = None,
    fields: Fields | None = None,
    fetch: Callable[[str], bytes | None] | None = None,
) -> Verification:
    """Check `request` and say what was found.

    `secrets` are written as the provider shows them; any of them may match. `url` is the one the provider was given,
    for schemes that sign it: without it, `https` and `http` with the request's own Host are tried, and a query that it
    lacks is the request's. `tolerance_s` takes the place of the provider's own. `fields` are the request's, where
    somebody has read some of them already. `fetch` gives what is at the URL of a certificate, from memory; without it
    no such signature can be checked.
    """
    if provider is None:
        return Verification(Outcome.UNKNOWN, wording.UNKNOWN)
    if not provider.signs:
        return Verification(Outcome.UNSIGNED, wording.unsigned(provider))
    if provider.is_coded:
        return coded.verify(
            provider,
            request,
            secrets,
            now_s=now_s,
            url=url,
            tolerance_s=tolerance_s,
            fetch=fetch,
            fields=fields,
        )
    keys = [provider.secret.key(secret) for secret in secrets]
    check = _Check(provider, keys, now_s, tolerance_s, url_is_guessed=url is None)
    verdicts: list[Verification] = []
    for address in _urls(provider, request, url):
        fields = Fields(request, address) if fields is None else fields.at(address)
        for placement in provider.placements:
            found = check.whole(placement, fields)
            if found.outcome is Outcome.VERIFIED:
                return found
            verdicts.append(found)
    return furthest(verdicts)  # a provider that signs has a placement


class _Claim(NamedTuple):
    """What a request claims, once all of it could be read."""

    candidates: list[bytes]
    message: bytes
    signed_at_s: float | None
    untimely: Verification | None = None
    """What to say of a right signature whose time is needed and cannot be read. A time that the template names is read
    first, as without it nothing is known of what was signed."""


class _Check(NamedTuple):
    """What a delivery is checked with."""

    provider: Provider
    keys: list[bytes | None]
    """One per secret; None where a secret is no key."""
    now_s: float
    tolerance_s: int | None
    url_is_guessed: bool

    def whole(self, placement: Placement, fields: Fields) -> Verification:
        """Check the request, or each signed item in its body; the first that fails speaks for all."""
        if not self.provider.json_root:
            return self.one(placement, fields)
        found = Verification(Outcome.MISSING, wording.missing(self.provider, placement.signature))
        for item in json_items(fields.document(), self.provider.json_root):
            found = self.one(placement, Fields(fields.request, fields.url, document=item))
            if found.outcome is not Outcome.VERIFIED:
                break
        return found

    def one(self, placement: Placement, fields: Fields) -> Verification:
        """Check one signature: is it there, whole, right, and of now."""
        provider = self.provider
        claim = self._claim(placement, fields)
        if isinstance(claim, Verification):
            return claim
        signed_at_s = None if claim.signed_at_s is None else int(claim.signed_at_s)
        if not self.keys:
            detail = wording.no_secret(placement)
            return Verification(Outcome.NO_SECRET, detail, signed_at_s=signed_at_s)
        index = self._matching(placement, fields, claim)
        if index is None:
            detail = wording.mismatch(provider, placement, self.keys) + self._about_url()
            detail += _about_length(fields.request)
            return Verification(Outcome.MISMATCH, detail, signed_at_s=signed_at_s)
        if pair := provider.unequal(fields):
            return Verification(Outcome.MISMATCH, wording.unequal(pair), index, signed_at_s)
        if claim.untimely:
            return claim.untimely
        detail = wording.verified(provider, placement, index, len(self.keys)) + self._about_url()
        outcome = Outcome.VERIFIED
        if provider.time and claim.signed_at_s is not None:
            late = provider.time.complaint(claim.signed_at_s, self.now_s, self.tolerance_s)
            if late:
                outcome, detail = Outcome.STALE, f"signature is right, but {late}"
        return Verification(outcome, detail, index, signed_at_s, _covered(provider, placement))

    def _claim(self, placement: Placement, fields: Fields) -> _Claim | Verification:
        """Read the signature, what it signs and when; or say what of it cannot be read."""
        provider = self.provider
        value = placement.signature.read(fields)
        if not value:
            return self._unreadable(placement, placement.signature, fields)
        candidates = provider.format.candidates(value)
        if not candidates:
            return Verification(Outcome.MALFORMED, wording.no_candidate(provider, placement))
        fields.pairs = provider.format.pairs(value)
        fields.signature_header = placement.signature.key
        message = placement.signed.render(fields, provider.missing)
        if message is None:
            absent = placement.signed.absent(fields)
            return self._unreadable(placement, absent, fields)
        if provider.time is None or placement.time is None:
            return _Claim(candidates, message, None)
        time = placement.time.read(fields) or _json_number(placement.time, fields)
        signed_at_s = provider.time.read(time) if time else None
        if signed_at_s is not None or not self._judges_age(provider.time):
            # A time that nobody judges may be written in any way.
            return _Claim(candidates, message, signed_at_s)
        if time:
            said = wording.no_time(provider.time, placement.time)
            untimely = Verification(Outcome.MALFORMED, said)
        else:
            untimely = self._unreadable(placement, placement.time, fields)
        if placement.time in placement.signed.placeholders():
            return untimely
        # It may be gone because what is signed was changed: of a body that is no JSON any more that is not the news.
        return _Claim(candidates, message, None, untimely)

    def _judges_age(self, rule: TimeRule) -> bool:
        return self.tolerance_s is not None or rule.tolerance_s is not None

    def _matching(self, placement: Placement, fields: Fields, claim: _Claim) -> int | None:
        """Return the first key that made one of the signatures, after trying them all."""
        found = None
        message = claim.message
        for index, key in enumerate(self.keys):
            if key is None:
                continue
            if self.provider.scheme is Scheme.DIGEST:
                fields.secret = key
                message = placement.signed.render(fields, self.provider.missing) or b""
            if schemes.matches(self.provider, key, message, claim.candidates) and found is None:
                found = index
        return found

    def _unreadable(
        self, placement: Placement, part: Locator | Builtin | None, fields: Fields
    ) -> Verification:
        if not isinstance(part, Locator):
            return Verification(Outcome.MALFORMED, wording.NO_URL)
        if isinstance(part, Unread):
            return Verification(Outcome.MALFORMED, wording.unread(part))
        if part.kind is Kind.HEADER and fields.is_repeated(part.key):
            return Verification(Outcome.MALFORMED, wording.repeated(part))
        if part.read(fields) is not None:
            return Verification(Outcome.MALFORMED, wording.empty(part))
        if part is placement.signature:
            detail = wording.missing(self.provider, part) + self._about_older(fields)
            return Verification(Outcome.MISSING, detail)
        if part.kind is Kind.PAIR:
            return Verification(Outcome.MALFORMED, wording.no_pair(placement, part))
        return Verification(Outcome.MISSING, wording.incomplete(placement, part))

    def _about_older(self, fields: Fields) -> str:
        older = self.provider.older_headers
        found = next((name for name, _ in fields.request.headers if name.lower() in older), None)
        return "" if found is None else wording.older(found)

    def _about_url(self) -> str:
        return wording.GUESSED_URL if self.url_is_guessed and self.provider.signs_url else ""


def _json_number(part: Locator, fields: Fields) -> bytes | None:
    """Return a number with a point or an exponent as a whole one: to JavaScript, and so @linear/sdk, it is one."""
    if part.kind is not Kind.JSON:
        return None
    value = next(iter(json_items(fields.document(), part.path)), None)
    return b"%d" % value if isinstance(value, float) and math.isfinite(value) else None


def _covered(provider: Provider, placement: Placement) -> tuple[str, ...]:
    if not provider.also:
        return placement.covered
    tied = (part.label for pair in provider.also for side in pair for part in side.placeholders())
    return tuple(dict.fromkeys((*placement.covered, *tied)))


def _urls(provider: Provider, request: Request, url: str | None) -> Iterator[bytes | None]:
    """Yield the addresses the provider may have signed; None where it signs none or none is known."""
    if not provider.signs_url:
        # Of the URL that somebody wrote down only the path may be signed; a token in the query has to have come.
        yield None if url is None or not provider.signs_path else encode_any(url)
        return
    known = _guesses(request) if url is None else [encode_any(with_query(url, request))]
    spelled = (_spelled(address, variant) for address in known for variant in provider.url_variants)
    yield from dict.fromkeys(spelled) or [None]


def _guesses(request: Request) -> list[bytes]:
    host = request.headers.get(b"Host")
    if not host or not request.target.startswith(b"/"):
        return []
    return [scheme + b"://" + host + request.target for scheme in (b"https", b"http")]


def _spelled(url: bytes, variant: UrlVariant) -> bytes:
    if variant is UrlVariant.DECODED:
        return _ENCODED.sub(lambda found: unhexlify(found[1]), url)
    found = _AUTHORITY.fullmatch(url)
    if found is None or variant is UrlVariant.AS_IS:
        return url
    scheme, host, port, rest = found.groups(b"")
    default = _DEFAULT_PORTS.get(scheme.lower(), b"")
    port = b"" if variant is UrlVariant.WITHOUT_PORT else port or default
    return scheme + b"://" + host + port + rest


def _about_length(request: Request) -> str:
    declared = request.headers.get(b"Content-Length")
    if not declared or not declared.isdigit() or len(declared) > _DIGITS_MAX:
        return ""
    said, here = int(declared), len(request.body)
    return "" if said == here else wording.length(said, here)
