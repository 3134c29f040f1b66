"""What checking a signature costs in each family of schemes, and what explaining a wrong one costs at worst.

Every family checks a right delivery of 2 KB, several rounds in turn; beside each stands the ratio to a bare
`hmac.digest` of 2 KB in the same round. Explained are deliveries of 256 KB, which anybody signed or something spoiled.
"""

import argparse
import base64
import gzip
import hashlib
import hmac
import json
import statistics
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inspector.core import signing
from inspector.core.diagnosis import diagnose
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.signing import sample_keys
from tests import authority
from tests.core.covering import BUILT_IN, Signed, in_body, signed
from tests.core.diagnosis import deliveries
from tests.core.diagnosis.spoilers import SPOILERS
from tests.factories import NOW_S

VERIFY_MARK_US = 40.0
DIAGNOSE_MARK_MS = 50.0
BODY = json.dumps({"event": "booking.completed", "padding": "x" * 2000}).encode()[:2048]
FORM = b"From=%2B15551234&To=%2B1999&Body=" + b"x+" * 1007
LARGE_BYTES = 262_144
OTHERS = tuple((f"endpoint-{number}", b"secret %d" % number) for number in range(50))
TIME = "2026-06-02T08:00:00Z"
TOPIC = "arn:aws:sns:eu-west-1:1:t"
WEBHOOK = "9XL90610J3647323C"

FAMILIES = {
    "HMAC of the body": "github",
    "HMAC of a template": "jinko",
    "HMAC, pairs": "stripe",
    "HMAC, list": "standardwebhooks",
    "HMAC of URL and body": "square",
    "HMAC of URL and form": "twilio",
    "HMAC of JSON fields": "mailgun",
    "HMAC of JSON items": "adyen",
    "plain digest": "hubspot-v2",
    "token": "gitlab-token",
    "Basic": "basic-auth",
    "Ed25519": "discord",
    "ECDSA P-256": "sendgrid",
    "Contentful": "contentful",
    "JWT": "plaid",
    "SNS": "aws-sns",
    "PayPal": "paypal",
    "RFC 9421, HMAC": "rfc9421",
    "RFC 9421, Ed25519": "rfc9421 by key pair",
}


class Worst(NamedTuple):
    """A delivery that takes long to explain."""

    took_ms: float
    provider: str
    what: str
    explain: Callable[[], object]


def main() -> None:
    """Print both tables; exit with 1 where a mark is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9, help="runs of each family")
    parser.add_argument("--ms", type=float, default=20, help="length of each run")
    options = parser.parse_args()
    met = verifying(options.rounds, options.ms / 1000)
    print()
    met &= diagnosing(options.rounds)
    sys.exit(0 if met else 1)


def verifying(rounds: int, run_s: float) -> bool:
    """Print what each family costs; return whether those of a shared secret stay under their mark."""
    work: dict[str, Callable[[], object]] = {"bare": bare()}
    work |= {family: checking(delivery_of(name)) for family, name in FAMILIES.items()}
    times_us: dict[str, list[float]] = {family: [] for family in work}
    for number in range(rounds + 1):
        for family, run in work.items():
            took_us = timed_us(run, run_s)
            if number > 0:  # the first warms up
                times_us[family].append(took_us)
    print(
        f"verify: {len(BODY)}-byte bodies, medians of {rounds} interleaved runs of {run_s * 1000:.0f} ms"
    )
    print(f"{'':24} {'µs':>8} {'of bare':>8}   mark {VERIFY_MARK_US:.0f} µs")
    met = True
    for family, seen in times_us.items():
        ratio = statistics.median(a / b for a, b in zip(seen, times_us["bare"], strict=True))
        median = statistics.median(seen)
        said = ""
        if family.startswith("HMAC"):
            said = "pass" if median <= VERIFY_MARK_US else "FAIL"
            met &= said == "pass"
        print(f"{family:24} {median:8.1f} {ratio:8.1f}   {said}")
    return met


def timed_us(run: Callable[[], object], run_s: float) -> float:
    """Return the processor time of one call, from as many as fit: other programs do not count."""
    count, started = 0, time.process_time()
    end = started + run_s
    while (now := time.process_time()) < end:
        for _ in range(10):
            run()
        count += 10
    return (now - started) / count * 1e6


def bare() -> Callable[[], object]:
    return partial(hmac.digest, b"k" * 32, BODY, "sha256")


def checking(delivery: Signed) -> Callable[[], object]:
    """Return a check of a delivery, which has to be right."""
    found = delivery.verdict()
    assert found.outcome is Outcome.VERIFIED, f"{delivery.provider.name}: {found.detail}"
    return delivery.verdict


def delivery_of(name: str) -> Signed:
    match name:
        case "aws-sns":
            return of_sns()
        case "paypal":
            return of_paypal()
        case "rfc9421 by key pair":
            return of_a_key_pair()
        case "twilio":
            return signed(BUILT_IN[name], body=FORM)
        case _:
            return signed(BUILT_IN[name], body=BODY)


def of_a_key_pair() -> Signed:
    made = signed(BUILT_IN["rfc9421"], body=BODY)
    private = authority.private_pem(Ed25519PrivateKey.from_private_bytes(bytes(32)))
    request = signing.sign(made.provider, made.request, private, now_s=NOW_S, url=made.url)
    public = signing.public_secret(made.provider, private)
    return replace(made, request=request, secret=public)


def of_sns() -> Signed:
    values = {
        "Message": "x" * 1000,
        "MessageId": "1",
        "Timestamp": TIME,
        "TopicArn": TOPIC,
        "Type": "Notification",
    }
    text = "".join(f"{name}\n{value}\n" for name, value in values.items())
    raw = authority.signed(text.encode(), hashes.SHA256(), authority.rsa_key())
    body = values | {
        "Signature": base64.b64encode(raw).decode(),
        "SignatureVersion": "2",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem",
    }
    request = Request("POST", b"/", Headers(), json.dumps(body).encode())
    return certified("aws-sns", request, TOPIC)


def of_paypal() -> Signed:
    text = f"id|{TIME}|{WEBHOOK}|{zlib.crc32(BODY)}".encode()
    raw = authority.signed(text, hashes.SHA256(), authority.rsa_key())
    headers = {
        b"PAYPAL-TRANSMISSION-ID": b"id",
        b"PAYPAL-TRANSMISSION-TIME": TIME.encode(),
        b"PAYPAL-TRANSMISSION-SIG": base64.b64encode(raw),
        b"PAYPAL-CERT-URL": b"https://api.paypal.com/v1/notifications/certs/CERT-1",
        b"PAYPAL-AUTH-ALGO": b"SHA256withRSA",
    }
    request = Request("POST", b"/", Headers(tuple(headers.items())), BODY)
    return certified("paypal", request, WEBHOOK)


def certified(name: str, request: Request, secret: str) -> Signed:
    pem = authority.certificate(authority.rsa_key())
    return Signed(BUILT_IN[name], request, secret.encode(), None, fetch=lambda _url: pem)


def diagnosing(rounds: int) -> bool:
    """Print what takes longest to explain; return whether all of it stays under the mark."""
    every = sorted((*strangers(), *spoiled()), key=lambda worst: worst.took_ms, reverse=True)
    print(
        f"diagnose: {LARGE_BYTES // 1024} KiB, the slowest of {len(every)}, medians of {rounds} runs"
    )
    met = True
    for worst in every[:5]:
        median = statistics.median(timed_ms(worst.explain) for _ in range(rounds))
        said = "pass" if median <= DIAGNOSE_MARK_MS else "FAIL"
        met &= said == "pass"
        print(
            f"{worst.provider + ': ' + worst.what:44} {median:6.1f} ms   {said}, mark {DIAGNOSE_MARK_MS:.0f} ms"
        )
    return met


def timed_ms(run: Callable[[], object]) -> float:
    started = time.process_time()
    run()
    return (time.process_time() - started) * 1000


def strangers() -> Iterator[Worst]:
    """Yield deliveries of every scheme that nothing explains, so that all there is to try is tried."""
    for provider in BUILT_IN.values():
        if not provider.signs or signing.why_not(provider, private_key=True):
            continue
        for kind, body in bodies().items():
            if in_body(provider) and kind != "JSON":
                continue
            made = signed(provider, body=body, seed=b"of somebody else")
            run = partial(
                diagnose,
                provider,
                made.request,
                [sample_keys(provider, b"seed").verifying],
                now_s=NOW_S,
                url=made.url,
                other_secrets=OTHERS,
            )
            yield Worst(timed_ms(run), provider.name, f"unknown secret, {kind}", run)


def spoiled() -> Iterator[Worst]:
    """Yield deliveries with each cause there is, one provider of a family."""
    for name in FAMILIES.values():
        provider = BUILT_IN.get(name)
        if provider is None or in_body(provider) or name not in deliveries.DECLARED:
            continue
        whole = replace(deliveries.sample(name), others=OTHERS).carrying(bodies()["JSON"])
        for spoiler in SPOILERS:
            bad = spoiler.way(whole)
            if bad is not None and not deliveries.is_verified(bad):
                run = bad.findings
                yield Worst(timed_ms(run), name, f"{spoiler.cause}, {spoiler.name}", run)


def bodies() -> dict[str, bytes]:
    """Return one of every kind that is explained in a way of its own."""
    item = {"id": 1, "name": "Zoë", "url": "https://a.example/1", "price": 1.5, "tags": ["a"]}
    compact, indented = _json(item, separators=(",", ":")), _json(item, indent=2)
    noise = b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(LARGE_BYTES // 32))
    return {
        "JSON": compact,
        "JSON, indented": indented,
        "a form": (b"Body=w%C3%B6rld%21&" * (LARGE_BYTES // 19))[:-1],
        "escapes": b"a=" + b"%41" * (LARGE_BYTES // 3),
        "lines": b"x\r\n" * (LARGE_BYTES // 3),
        "gzip": gzip.compress(compact),
        "noise": noise,
        "brackets": b"[" * LARGE_BYTES,
    }


def _json(item: object, **style: Any) -> bytes:
    """Return a list of as many as make up a large body."""

    def written(count: int) -> bytes:
        document = {"webhookTimestamp": NOW_S * 1000, "items": [item] * count}
        return json.dumps(document, ensure_ascii=False, **style).encode()

    return written(LARGE_BYTES // (len(written(2)) - len(written(1))))


if __name__ == "__main__":
    main()
