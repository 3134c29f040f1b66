"""Every cause in every scheme where it applies: the first finding names it; without the right secret there is none."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import NamedTuple

import pytest

from inspector.core.diagnosis import Cause, Finding
from inspector.core.model import Outcome
from inspector.core.providers import Scheme
from inspector.core.signing import sample_keys
from tests.core.diagnosis.deliveries import CODED, DECLARED, Sample, sample
from tests.core.diagnosis.spoilers import SPOILERS
from tests.core.diagnosis.spoiling import Spoiler

RATE_MIN = 0.95
SCHEMES_MIN = 6
FEWER = {
    Cause.SECRET_ORDER: "HTTP Basic only",
    Cause.SECRET_USER: "HTTP Basic only",
    Cause.KEY_FORM: "key pairs only",
    Cause.KEY_PRIVATE: "key pairs only",
    Cause.PART_LEFT_OUT: "only where URL or method are signed, and something else is",
    Cause.URL_PORT: "only where the URL is signed, and Twilio's takes either",
}
"""Causes that do not apply to more schemes than there are."""
OWN_KEY = frozenset(
    {Cause.SECRET_ENCODING, Cause.SECRET_PREFIX, Cause.SECRET_USER, Cause.KEY_PRIVATE}
)
"""Where the way to spoil it sets the secret itself, so that it is no unknown one."""
OTHERS_KEY = [spoiler for spoiler in SPOILERS if spoiler.cause not in OWN_KEY]


class Pair(NamedTuple):
    """One cause in one scheme: what was to be found, and what was."""

    spoiler: Spoiler
    provider: str
    delivery: Sample
    findings: list[Finding]

    @property
    def is_found(self) -> bool:
        return bool(self.findings) and self.findings[0].cause is self.spoiler.cause


@cache
def pairs_of(spoiler: Spoiler) -> tuple[Pair, ...]:
    return tuple(
        Pair(spoiler, name, spoiled, spoiled.findings())
        for name in (*DECLARED, *CODED)
        for spoiled in spoiled_by(spoiler, sample(name))
    )


def pairs() -> list[Pair]:
    return [pair for spoiler in SPOILERS for pair in pairs_of(spoiler)]


def spoiled_by(spoiler: Spoiler, delivery: Sample) -> Iterator[Sample]:
    """Yield the spoiled delivery, unless the cause does not apply: the scheme does not mind."""
    spoiled = spoiler.way(delivery)
    if spoiled is not None and spoiled.verdict().outcome is not Outcome.VERIFIED:
        yield spoiled


def schemes() -> Mapping[Cause, set[str]]:
    found: defaultdict[Cause, set[str]] = defaultdict(set)
    for pair in pairs():
        found[pair.spoiler.cause].add(pair.provider)
    return found


def test_deliveries_are_right_before_they_are_spoiled() -> None:
    for name in (*DECLARED, *CODED):
        assert sample(name).signed().verdict().outcome is Outcome.VERIFIED, name
        assert sample(name).signed().findings() == [], name


def test_every_cause_is_tried_in_six_schemes() -> None:
    tried = schemes()

    assert set(tried) == set(Cause) - {Cause.TIMESTAMP_MISSING}, "for that, see test_diagnosis.py"
    for cause, names in tried.items():
        assert len(names) >= SCHEMES_MIN or cause in FEWER, cause


def test_first_finding_names_the_cause(capsys: pytest.CaptureFixture[str]) -> None:
    """In 95 % of all pairs; the figure and the others are printed."""
    missed = [pair for pair in pairs() if not pair.is_found]
    rate = 1 - len(missed) / len(pairs())
    with capsys.disabled():
        print(f"\ndiagnosis: {rate:.2%} of {len(pairs())} pairs of cause and scheme")  # noqa: T201
        for pair in missed:
            found = [finding.cause.value for finding in pair.findings]
            cause = pair.spoiler.cause
            print(f"  missed: {cause} ({pair.spoiler.name}), {pair.provider}: {found}")  # noqa: T201

    assert rate >= RATE_MIN


@pytest.mark.parametrize("cause", Cause)
def test_no_cause_is_missed_as_a_whole(cause: Cause) -> None:
    """A high rate may hide a cause that is never found."""
    spoilers = [spoiler for spoiler in SPOILERS if spoiler.cause is cause]
    tried = [pair for spoiler in spoilers for pair in pairs_of(spoiler)]

    assert sum(pair.is_found for pair in tried) >= 0.9 * len(tried)


def of_strangers(spoiler: Spoiler) -> Iterator[Sample]:
    """Yield what was spoiled in one way, of every scheme, signed with a secret that nobody knows."""
    for name in (*DECLARED, *CODED):
        delivery = sample(name)
        stranger = sample_keys(delivery.provider, f"unknown {spoiler.name}".encode()).signing
        yield from spoiled_by(spoiler, replace(delivery, signing=stranger))


@pytest.mark.parametrize("spoiler", OTHERS_KEY, ids=lambda spoiler: spoiler.name)
def test_no_finding_without_the_secret(spoiler: Spoiler) -> None:
    """Whatever happened to it: of a delivery that was signed with a secret that nobody knows, nothing can be said."""
    for spoiled in of_strangers(spoiler):
        assert spoiled.findings() == [], spoiled.provider.name


def test_thousands_are_without_the_secret() -> None:
    assert sum(1 for spoiler in OTHERS_KEY for _ in of_strangers(spoiler)) > 2500


def test_no_finding_without_any_secret() -> None:
    for name in (*DECLARED, *CODED):
        delivery = replace(sample(name).signed(), secret=b"")

        assert delivery.findings() == [], name


def test_no_sentence_tells_a_secret() -> None:
    """Neither a secret, nor a signature that is right."""
    for pair in pairs():
        delivery = pair.delivery
        untold = {delivery.secret, delivery.signing, *(secret for _, secret in delivery.others)}
        if delivery.provider.scheme not in {Scheme.TOKEN, Scheme.BASIC}:
            right = sample(pair.provider).signed().request.headers.pairs
            untold |= {value for _, value in right if len(value) > 30}
        for finding in pair.findings:
            for secret in untold:
                assert secret.decode("latin-1") not in finding.detail


def test_every_sentence_is_one() -> None:
    for pair in pairs():
        for finding in pair.findings:
            assert finding.detail.isprintable()
            assert finding.detail.endswith(".")
            assert len(finding.detail) < 400
