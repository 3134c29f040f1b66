"""Trying one change after another on a delivery, until the signature is right: the engine of a diagnosis.

A probe is proof because verification itself judges it: the same code that refused the delivery accepts it with that one
thing changed.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from inspector.core.diagnosis.findings import Cause
from inspector.core.fields import Fields
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Placement, Provider, Scheme
from inspector.core.templates import Builtin, Kind, Locator, Template
from inspector.core.timestamps import TimeRule
from inspector.core.verification import verify

BUDGET_BYTES = 16 << 20
"""How much one diagnosis hashes at most: for 256 KiB that is 64 probes."""
_PROBES_MIN = 12
"""However large the body is, this many probes are made."""
_OVERHEAD_BYTES = 1024
"""What a probe costs whose body is empty, in bytes hashed."""
_ASYMMETRIC_BYTES = 50_000
_ESCAPE_BYTES = 100
"""What reading one escape of a form costs, likewise."""
_FIELD_BYTES = 700
"""And one of its fields, which are sorted."""

SIGNING = frozenset({Scheme.HMAC, Scheme.DIGEST, Scheme.ED25519, Scheme.ECDSA_P256})
"""The schemes that sign a text, which a template makes."""

_FORM = "form fields"

Fetch = Callable[[str], bytes | None]


class Probe(NamedTuple):
    """What is changed, and what it means if the signature then is right. None: left as it is."""

    cause: Cause
    detail: str
    provider: Provider | None = None
    request: Request | None = None
    secrets: Sequence[bytes | str] | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The delivery to be explained, and what it was checked with."""

    provider: Provider
    """Without its time: how old a signature is can be asked once it is right."""
    request: Request
    secrets: tuple[bytes, ...] = field(repr=False)
    url: str | None
    others: tuple[tuple[str, bytes], ...] = field(repr=False)
    """Secrets of other endpoints, with their names."""
    time: TimeRule | None
    """The rule that `provider` had."""
    fields: Fields
    """Of `request`, shared, so that its body is parsed once for all probes that leave it alone."""

    def placements(self) -> Iterator[Placement]:
        """Yield the places for a signature that the delivery fills, and the first if it fills none."""
        used = [place for place in self.provider.placements if place.signature.read(self.fields)]
        yield from used or self.provider.placements[:1]

    def read(self, locator: Locator, placement: Placement) -> bytes:
        """Return the value of a locator that belongs to a placement; nothing if it is not there."""
        value = placement.signature.read(self.fields) or b""
        self.fields.pairs = self.provider.format.pairs(value)
        return locator.read(self.fields) or b""

    def secret_name(self, index: int) -> str:
        """Return one of the secrets in words, as the start of a sentence."""
        count = len(self.secrets)
        return "The secret" if count == 1 else f"Secret {index + 1} of {count}"

    def signing(self, template: Template, placement: Placement) -> Provider:
        """Return the provider as if it signed `template` where it uses `placement`."""
        changed = Placement(placement.signature, template, placement.time)
        return replace(self.provider, placements=(changed,))

    def with_body(self, body: bytes) -> Request:
        """Return the request with another body."""
        return replace(self.request, body=body)

    @property
    def covers_body(self) -> bool:
        """Whether the signature depends on the bytes of the body, as far as that is known."""
        if self.provider.is_coded:
            return self.provider.scheme is not Scheme.SNS
        return not _signed(self.provider).isdisjoint({"body", _FORM})


def is_time(part: object, placement: Placement) -> bool:
    """Whether a placeholder is the time, by the provider's table or by its name."""
    if not isinstance(part, Locator):
        return False
    name = part.name.lower()
    return (
        part == placement.time or "time" in name or (part.kind is Kind.PAIR and name in {"t", "ts"})
    )


class Prober:
    """Makes probes of one subject while its budget lasts."""

    def __init__(
        self, subject: Subject, *, now_s: float, tolerance_s: int | None, fetch: Fetch | None
    ) -> None:
        self._subject = subject
        self._now_s = now_s
        self._tolerance_s = tolerance_s
        self._fetch = fetch
        self._covers_body = subject.covers_body
        if _FORM in _signed(subject.provider):
            subject.fields.sorted_form()  # read now, it is shared by what is made of these for each URL
        self._left_bytes = max(BUDGET_BYTES, _PROBES_MIN * self._cost_bytes(Probe(Cause.CLOCK, "")))

    def first(self, kinds: Iterable[Callable[[Subject], Iterator[Probe]]]) -> Probe | None:
        """Return the first probe that holds. No kind takes more than half of what is left, so each has its turn."""
        for kind in kinds:
            reserve = self._left_bytes // 2
            for probe in kind(self._subject):
                self._left_bytes -= self._cost_bytes(probe)
                if self._left_bytes < reserve:
                    break
                if self._judge(probe).outcome in {Outcome.VERIFIED, Outcome.STALE}:
                    return probe
        return None

    def with_time(self, probe: Probe) -> Verification:
        """Return the verdict with the change made, now that its time counts again."""
        provider = probe.provider or self._subject.provider
        return self._judge(probe._replace(provider=replace(provider, time=self._subject.time)))

    def _judge(self, probe: Probe) -> Verification:
        subject = self._subject
        return verify(
            probe.provider or subject.provider,
            probe.request or subject.request,
            subject.secrets if probe.secrets is None else probe.secrets,
            now_s=self._now_s,
            url=probe.url or subject.url,
            tolerance_s=self._tolerance_s,
            fields=subject.fields if probe.request is None else None,
            fetch=self._fetch,
        )

    def _cost_bytes(self, probe: Probe) -> int:
        provider = probe.provider or self._subject.provider
        body = (probe.request or self._subject.request).body if self._covers_body else b""
        once = len(body) + _OVERHEAD_BYTES
        if provider.is_asymmetric or provider.is_coded:
            once += _ASYMMETRIC_BYTES
        if provider.scheme is Scheme.ED25519:
            once += len(body) // 2  # its SHA-512 takes longer than the SHA-256 of most others
        if probe.request is not None and _FORM in _signed(provider):
            once += body.count(b"%") * _ESCAPE_BYTES + body.count(b"&") * _FIELD_BYTES
        addresses = 1
        if provider.signs_url:
            guesses = 2 if (probe.url or self._subject.url) is None else 1
            addresses = guesses * len(provider.url_variants)
        secrets = self._subject.secrets if probe.secrets is None else probe.secrets
        return once * max(1, len(secrets)) * addresses


def _signed(provider: Provider) -> set[str]:
    """Return the labels of the builtins whose values make a difference."""
    templates = [placement.signed for placement in provider.placements]
    templates += (side for pair in provider.also for side in pair)
    return {
        part.label
        for template in templates
        for part in template.placeholders()
        if isinstance(part, Builtin)
    }
