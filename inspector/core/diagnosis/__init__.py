"""Why a check failed, found by computing it.

`diagnose` changes one thing after another until the signature is right. What it reports is proven: verification itself
accepts the delivery with that one thing changed. A delivery signed with a secret that nobody knows has no findings.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from inspector.core.diagnosis import (
    bodies,
    clock,
    credentials,
    othersecrets,
    publickeys,
    secretforms,
    signatures,
    signedheaders,
    signedtexts,
    urls,
)
from inspector.core.diagnosis.findings import Cause, Finding
from inspector.core.diagnosis.probing import Fetch, Prober, Subject
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider
from inspector.core.verification import verify

__all__ = ["Cause", "Finding", "diagnose"]

OtherSecret = bytes | str | tuple[str, bytes | str]

_KINDS = (
    clock.probes,
    signatures.probes,
    othersecrets.probes,
    urls.probes,
    bodies.probes,
    secretforms.probes,
    credentials.probes,
    publickeys.probes,
    signedheaders.probes,
    signedtexts.probes,
)
"""The usual causes first: a large body leaves time for some only."""
_EXPLAINED = frozenset({Outcome.MISMATCH, Outcome.MALFORMED, Outcome.MISSING, Outcome.NO_SECRET})


def diagnose(
    provider: Provider | None,
    request: Request,
    secrets: Sequence[bytes | str],
    *,
    now_s: float,
    url: str | None = None,
    other_secrets: Iterable[OtherSecret] = (),
    tolerance_s: int | None = None,
    fetch: Fetch | None = None,
) -> list[Finding]:
    """Return why `verify`, asked the same, does not verify; most likely cause first, nothing if none could be proven.

    `other_secrets` are those of other endpoints, each on its own or with the endpoint's name: `("shop", b"...")`.
    """
    if provider is None:
        return []
    subject = _subject(provider, request, secrets, url, other_secrets)
    found = verify(
        provider,
        request,
        secrets,
        now_s=now_s,
        url=url,
        tolerance_s=tolerance_s,
        fields=subject.fields,
        fetch=fetch,
    )
    if found.outcome in _EXPLAINED:
        return _proven(subject, now_s, tolerance_s, fetch)
    if found.outcome is Outcome.STALE:
        return [clock.explained(subject, found, now_s, tolerance_s)]
    return []


def _proven(
    subject: Subject, now_s: float, tolerance_s: int | None, fetch: Fetch | None
) -> list[Finding]:
    """Find the change that makes the signature right, and say whether its time would be wrong besides."""
    prober = Prober(subject, now_s=now_s, tolerance_s=tolerance_s, fetch=fetch)
    probe = prober.first(_KINDS if subject.secrets else (othersecrets.probes,))
    if probe is None:
        return []
    findings = [Finding(probe.cause, probe.detail)]
    late = prober.with_time(probe)
    if late.outcome is Outcome.STALE:
        findings.append(clock.explained(subject, late, now_s, tolerance_s))
    return findings


def _subject(
    provider: Provider,
    request: Request,
    secrets: Sequence[bytes | str],
    url: str | None,
    others: Iterable[OtherSecret],
) -> Subject:
    return Subject(
        provider=replace(provider, time=None),
        request=request,
        secrets=tuple(map(_bytes, secrets)),
        url=url,
        others=tuple(_named(others)),
        time=provider.time,
        fields=Fields(request),
    )


def _named(others: Iterable[OtherSecret]) -> Iterator[tuple[str, bytes]]:
    for other in others:
        name, secret = other if isinstance(other, tuple) else ("", other)
        yield name, _bytes(secret)


def _bytes(secret: bytes | str) -> bytes:
    return secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
