"""HTTP Message Signatures (RFC 9421), with the body's digest (RFC 9530).

`Signature-Input` says, under a label, what `Signature` covers and when it was made. It may leave out anything: so the
verdict says whether the body is among it.
"""

from typing import NamedTuple

from inspector.core import wording
from inspector.core.coded import components, contentdigest, keypairs, structuredreader
from inspector.core.coded.components import AbsentError, ComponentError
from inspector.core.coded.given import Given, judged, malformed
from inspector.core.coded.keypairs import Key
from inspector.core.coded.structured import InnerList, Item, Member
from inspector.core.coded.structuredreader import StructureError
from inspector.core.model import Outcome, Verification, furthest
from inspector.core.timestamps import TimeRule, Unit, Window, duration

_RULE = TimeRule(Unit.S, 300, Window.BOTH)
_LABELS_MAX = 16
"""Each label costs a signature to check, with every key; nobody sends more than two."""
_OF_THE_URL = frozenset({"@authority", "@scheme", "@target-uri"})


class _Claim(NamedTuple):
    """One label's signature, once all that it covers could be read."""

    covered: InnerList
    bases: list[bytes]
    """The texts that may have been signed: two where nobody knows whether the URL was `https`."""
    created_s: int | None
    expires_s: int | None
    body_is_covered: bool
    body_is_right: bool


def verify(given: Given) -> Verification:
    """Check the labels' signatures; any of them may be right."""
    labels = _labels(given)
    if isinstance(labels, Verification):
        return labels
    keys = [None if secret is None else keypairs.read(secret) for secret in given.keys]
    verdicts: list[Verification] = []
    for covered, signature in labels:
        found = _one(given, keys, covered, signature)
        if found.outcome is Outcome.VERIFIED:
            return found
        verdicts.append(found)
    return furthest(verdicts)


def _labels(given: Given) -> list[tuple[InnerList, bytes]] | Verification:
    """Return what each label covers, with its signature; a label that only one of the headers has is left out."""
    signatures = _dictionary(given, "Signature")
    if isinstance(signatures, Verification):
        return signatures
    inputs = _dictionary(given, "Signature-Input")
    if isinstance(inputs, Verification):
        return inputs
    found: list[tuple[InnerList, bytes]] = []
    for label, covered in inputs.items():
        member = signatures.get(label)
        raw = member.value if isinstance(member, Item) else None
        if isinstance(covered, InnerList) and isinstance(raw, bytes):
            found.append((covered, raw))
    if not found:
        return malformed("Signature-Input and Signature have no label in common")
    return found[:_LABELS_MAX]


def _dictionary(given: Given, name: str) -> dict[str, Member] | Verification:
    value = components.field_value(given.request, name)
    if value is None:
        detail = f"no {name} header, so this is not signed as {given.provider.title} signs"
        return Verification(Outcome.MISSING, detail)
    if not value:
        return malformed(f"the {name} header is empty")
    try:
        return structuredreader.parse_dictionary(value)
    except StructureError as error:
        return malformed(f"{name} is not a structured field: {error}")


def _one(
    given: Given, keys: list[Key | None], covered: InnerList, signature: bytes
) -> Verification:
    try:
        claim = _claim(given, covered)
    except AbsentError as error:
        return Verification(Outcome.MISSING, str(error))
    except ComponentError as error:
        return malformed(str(error))
    if not keys:
        detail = "Signature was sent, and this endpoint has no secret to check it with"
        return Verification(Outcome.NO_SECRET, detail, signed_at_s=claim.created_s)
    for index, key in enumerate(keys):
        for algorithm in _usable(key, covered):
            assert key is not None, "it has an algorithm"
            if any(keypairs.verifies(key, algorithm, base, signature) for base in claim.bases):
                return _right(given, claim, index, algorithm)
    detail = _wrong(given, keys, covered) + _about_url(given, covered)
    return Verification(Outcome.MISMATCH, detail, signed_at_s=claim.created_s)


def _claim(given: Given, covered: InnerList) -> _Claim:
    """Read what is covered. Raises ComponentError."""
    request = given.request
    created_s, expires_s = (_time(covered, name) for name in ("created", "expires"))
    if created_s is None and expires_s is None and given.checks_age(_RULE):
        raise ComponentError("Signature-Input does not say when it was made (created)")
    addresses = components.addresses(request, given.fields.url)
    bases = [components.signature_base(request, address, covered) for address in addresses]
    try:
        is_covered, is_right = contentdigest.proves(request, covered)
    except StructureError:
        raise ComponentError("Content-Digest is not a structured field") from None
    return _Claim(covered, list(dict.fromkeys(bases)), created_s, expires_s, is_covered, is_right)


def _time(covered: InnerList, name: str) -> int | None:
    value = covered.parameters.get(name)
    if value is None:
        return None
    if type(value) is not int or _RULE.read(b"%d" % value) is None:
        raise ComponentError(f"{name} in Signature-Input is not Unix seconds")
    return value


def _usable(key: Key | None, covered: InnerList) -> tuple[str, ...]:
    """Return the algorithms to try: the one that is named, if the key is for that, else all the key is for."""
    if key is None:
        return ()
    algorithm = covered.parameters.get("alg")
    if algorithm is None:
        return key.algorithms
    return tuple(known for known in key.algorithms if known == algorithm)


def _right(given: Given, claim: _Claim, index: int, algorithm: str) -> Verification:
    """Return the verdict on a label whose signature is right."""
    if not claim.body_is_right:
        detail = "signature is right, but the body is not the one that Content-Digest names"
        return Verification(Outcome.MISMATCH, detail, index, claim.created_s)
    items = claim.covered.items
    labels = list(dict.fromkeys(components.label(item) for item in items))
    detail = f"{algorithm} signature over {len(items)} components fits {_which(given, index)}"
    if claim.body_is_covered:
        labels.append("body")
    else:
        detail += "; the body is not among them"
    detail += _about_url(given, claim.covered)
    late = None if claim.created_s is None else given.lateness(_RULE, claim.created_s)
    if claim.expires_s is not None and given.now_s > claim.expires_s:
        late = f"it expired {duration(given.now_s - claim.expires_s)} ago"
    return judged(late, detail, index=index, signed_at_s=claim.created_s, covered=labels)


def _about_url(given: Given, covered: InnerList) -> str:
    is_covered = not _OF_THE_URL.isdisjoint(str(item.value) for item in covered.items)
    return wording.GUESSED_URL if given.fields.url is None and is_covered else ""


def _which(given: Given, index: int) -> str:
    return wording.one_of("secret", index, len(given.keys))


def _wrong(given: Given, keys: list[Key | None], covered: InnerList) -> str:
    count = len(keys)
    said = f"Signature over {len(covered.items)} components was not made with {wording.any_of('secret', count)}"
    if not any(_usable(key, covered) for key in keys):
        known = sorted({algorithm for key in keys if key for algorithm in key.algorithms})
        if known:
            said += f": alg in Signature-Input is not what the key is for ({', '.join(known)})"
    useless = [_which(given, index) for index, key in enumerate(keys) if key is None]
    if useless:
        verb = "is" if len(useless) == 1 else "are"
        said += f"; {', '.join(useless)} {verb} empty, or a key that cannot be read"
    return said
