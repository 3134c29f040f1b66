"""A diagnosis takes a bounded time: what it hashes is counted, how long it takes is only printed."""

import json
import time
from collections.abc import Iterable
from dataclasses import replace

import pytest

from inspector.core import schemes
from inspector.core.diagnosis.probing import BUDGET_BYTES
from inspector.core.providers import Provider
from inspector.core.signing import sample_keys
from tests.core.diagnosis.deliveries import Sample, as_javascript, sample
from tests.factories import NOW_S

SIZE = 262_144
OTHERS = tuple((f"endpoint-{number}", b"secret %d" % number) for number in range(50))


class Counter:
    """Stands in front of the arithmetic, and counts what it is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.hashed_bytes = 0
        self.probes = 0
        self._matches = schemes.matches
        monkeypatch.setattr(schemes, "matches", self)

    def __call__(
        self, provider: Provider, key: bytes, message: bytes, candidates: Iterable[bytes]
    ) -> bool:
        self.hashed_bytes += len(message)
        self.probes += 1
        return self._matches(provider, key, message, candidates)


def large_json(size: int) -> bytes:
    item = {"id": 1, "name": "Zoë", "url": "https://a.example/1", "price": 1.5, "tags": ["a"]}
    count = size // len(as_javascript(item))
    items = [{**item, "id": number} for number in range(count)]
    return as_javascript({"webhookTimestamp": NOW_S * 1000, "items": items})


def of_a_stranger(name: str, body: bytes) -> Sample:
    """Return a delivery that nothing explains, so that all there is to try is tried."""
    delivery = sample(name)
    stranger = sample_keys(delivery.provider, b"stranger").signing
    return replace(delivery, signing=stranger, others=OTHERS).carrying(body).signed()


@pytest.mark.parametrize(
    "name",
    [
        "jinko",
        "github",
        "stripe",
        "standardwebhooks",
        "square",
        "hubspot-v3",
        "twilio-json",
        "discord",
        "sendgrid",
    ],
)
def test_large_body_is_hashed_a_bounded_number_of_times(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery = of_a_stranger(name, large_json(SIZE))
    counter = Counter(monkeypatch)

    started_s = time.process_time()
    findings = delivery.findings()
    took_s = time.process_time() - started_s

    with capsys.disabled():
        hashed = f"{counter.hashed_bytes / 2**20:.1f} MiB in {counter.probes} comparisons"
        print(f"\n{name}: {len(delivery.request.body)} bytes, {hashed}, {took_s * 1000:.0f} ms")  # noqa: T201
    assert findings == []
    assert counter.hashed_bytes <= BUDGET_BYTES + 4 * SIZE, "what is left, and the first verdict"


@pytest.mark.parametrize("body", [b"{}", b"x" * (32 << 20), b'{"a":"' + b"x" * (32 << 20) + b'"}'])
def test_every_kind_of_probe_has_its_turn(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also for the largest of bodies, which is then hashed a few times only."""
    counter = Counter(monkeypatch)

    assert of_a_stranger("jinko", body).findings() == []

    assert 8 <= counter.probes <= 500
    assert counter.hashed_bytes <= max(BUDGET_BYTES, 16 * len(body))


def test_large_body_is_still_explained() -> None:
    body = large_json(SIZE)
    spaced = json.dumps(json.loads(body), ensure_ascii=False).encode()

    for name in ("jinko", "github", "discord"):
        delivery = replace(sample(name), others=OTHERS).carrying(spaced).signed().with_body(body)
        assert [finding.cause for finding in delivery.findings()] == ["body_reserialised"]


def test_secret_of_a_large_delivery_is_still_explained() -> None:
    delivery = sample("jinko").carrying(b"x" * (32 << 20)).signed()

    (finding,) = replace(delivery, secret=delivery.secret + b"\n").findings()

    assert finding.cause == "secret_whitespace"
