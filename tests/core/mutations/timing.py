"""What is compared with a secret, or with what only a secret makes: all of it, each in constant time, and nothing else.

Two things show it. A comparison that always agrees makes every verdict good, so no other one has a say; and those that
were made are counted: as many as there are candidates and secrets, wherever the right one stands.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from inspector.core import admission, handshakes
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Outcome, Request, Verification
from inspector.core.overlays import BasicLogin, Overlay, SecretHeader, SecretPath, SecretQuery
from inspector.core.providers import Scheme
from inspector.core.verification import verify
from tests import factories
from tests.core.covering import BUILT_IN, SIGNABLE, Signed, signed
from tests.factories import NOW_S

Compare = Callable[[bytes, bytes], bool]

SHARED = tuple(
    each
    for each in SIGNABLE
    if not each.is_asymmetric and each.scheme is not Scheme.JWT and not each.json_root
)
"""Whose secret both sides know. Items of a body are left out: each is compared on its own."""
STRANGER = Verification(Outcome.MISSING, "a sentence")


@contextmanager
def comparing(answer: Compare) -> Iterator[list[tuple[bytes, bytes]]]:
    """Let `answer` say what is equal; give what it was asked."""
    asked: list[tuple[bytes, bytes]] = []

    def compare_digest(one: bytes, other: bytes) -> bool:
        asked.append((one, other))
        return answer(one, other)

    with mock.patch.object(hmac, "compare_digest", compare_digest):
        yield asked


def always(_one: bytes, _other: bytes) -> bool:
    return True


def never(_one: bytes, _other: bytes) -> bool:
    return False


def only_constant_time_decides() -> None:
    """Where it always agrees a stranger's signature is right, where it never does the right one is wrong."""
    for provider in SHARED:
        right, wrong = signed(provider), signed(provider, seed=b"of somebody else")
        wrong = replace(wrong, secret=right.secret)
        assert wrong.verdict().outcome is Outcome.MISMATCH, provider.name
        with comparing(always):
            assert wrong.verdict().outcome is Outcome.VERIFIED, provider.name
        with comparing(never):
            assert right.verdict().outcome is Outcome.MISMATCH, provider.name


def every_secret_is_compared() -> None:
    """Also after the one that is right, which may be the first or the last."""
    others = [signed(BUILT_IN["acuity"], seed=seed).secret for seed in (b"1", b"2", b"3")]
    for provider in SHARED:
        if provider.scheme is Scheme.RFC9421:
            continue  # which of its keys made a signature is no secret there: a request names it
        made = signed(provider)
        counts = {
            comparisons(made, secrets)
            for secrets in ([made.secret, *others], [*others, made.secret], [made.secret] * 4)
        }
        assert len(counts) == 1, f"{provider.name}: {counts}"
        assert counts.pop() >= 4, provider.name


def comparisons(made: Signed, secrets: list[bytes]) -> int:
    """Count what is compared on the way to a signature that is right."""
    with comparing(hmac.compare_digest) as asked:
        found = verify(made.provider, made.request, secrets, now_s=NOW_S, url=made.url)
    assert found.outcome is Outcome.VERIFIED
    return len(asked)


def every_candidate_is_compared() -> None:
    """For every secret, wherever in the header the right one stands."""
    k = b64encode(b"k" * 32)
    standard = {b"webhook-id": b"m", b"webhook-timestamp": b"%d" % NOW_S}
    text = b"m.%d.{}" % NOW_S
    good = b"v1," + b64encode(hmac.digest(b"k" * 32, text, "sha256"))
    bad = b"v1," + b64encode(bytes(32))
    for candidates in ([good, bad, bad], [bad, good, bad], [bad, bad, good]):
        headers = standard | {b"webhook-signature": b" ".join(candidates)}
        made = factories.request(headers=Headers(tuple(headers.items())), body=b"{}")
        with comparing(hmac.compare_digest) as asked:
            provider = BUILT_IN["standardwebhooks"]
            found = verify(provider, made, [b64encode(b"o" * 32), k, k], now_s=NOW_S)
        assert found.outcome is Outcome.VERIFIED
        assert found.secret_index == 1
        assert len(asked) == 9


def every_overlay_is_compared() -> None:
    """A token that differs early takes no less than one that is right."""
    overlays: tuple[Overlay, ...] = (
        SecretPath(b"p"),
        SecretQuery("token", b"q"),
        SecretHeader("X-Token", b"h"),
        BasicLogin("u", b"b"),
    )
    right = admission.equip(overlays, factories.request())
    wrong = replace(right, target=right.target.replace(b"/p", b"/x"), headers=Headers())
    with comparing(always):
        strange = admission.equip([SecretQuery("token", b"?")], factories.request())
        assert not admission.judge(overlays[1:2], strange).failed
    for made, compared in ((right, 4), (wrong, 2)):
        with comparing(never) as asked:
            assert len(admission.judge(overlays, made).failed) == 4
        assert len(asked) == compared


def tokens_of_handshakes_are_compared() -> None:
    """The token a person chose, and a secret handed over a second time."""
    meta = b"/?hub.mode=subscribe&hub.challenge=1&hub.verify_token=wrong"
    asks = factories.request(method="GET", target=meta, body=b"")
    hands_over = factories.request(headers=factories.headers(("X-Hook-Secret", "new")))
    for name, made, secrets in (("meta", asks, ()), ("asana", hands_over, (b"1", b"2", b"3"))):
        with comparing(never) as asked:
            assert status(name, made, *secrets) == 403
        assert len(asked) == max(1, len(secrets))
        with comparing(always) as asked:
            assert status(name, made, *secrets) == 200
        assert len(asked) == max(1, len(secrets))


def status(name: str, made: Request, *secrets: bytes) -> int:
    endpoint = Endpoint("x", name, secrets, verify_token=b"right")
    answered = handshakes.answer(BUILT_IN[name], made, STRANGER, endpoint, secrets)
    assert answered is not None
    return answered.reply.status


CHECKS = (
    only_constant_time_decides,
    every_secret_is_compared,
    every_candidate_is_compared,
    every_overlay_is_compared,
    tokens_of_handshakes_are_compared,
)
