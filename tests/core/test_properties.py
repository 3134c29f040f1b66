"""What holds of every scheme, whatever was sent: a signature vouches for all that it is said to cover, and no more.

And nothing raises: a delivery gets a verdict and findings, a provider file is read or refused with a sentence.
"""

import copy
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector import providers
from inspector.core import description, provider_table, signing, toml
from inspector.core.diagnosis import diagnose
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Outcome, Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.recognition import recognise
from inspector.core.table import MistakeError
from inspector.core.verification import verify
from inspector.errors import ConfigError, SigningError
from inspector.simulate import catalogue
from tests import factories
from tests.core.covering import BUILT_IN, SIGNABLE, Edit, How, Signed, of_case, signed
from tests.factories import NOW_S
from tests.signatures import CASES

CERTIFIED = ("aws-sns", "paypal")
"""Only they themselves can sign: others' signatures stand in for ours."""
TABLES = {
    file.name.removesuffix(providers.SUFFIX): tomllib.loads(file.read_text("utf-8"))
    for file in resources.files(providers).iterdir()
    if file.name.endswith(providers.SUFFIX)
}

BODIES = st.binary(max_size=200) | st.sampled_from(
    [
        b"",
        b"\0",
        b"\xef\xbb\xbf{}",
        b'{"a": 1}\r\n',
        b"a=1&a=2&%zz+=",
        b"[" * 300,
        bytes(range(256)),
    ]
)
HEADERS = st.lists(
    st.tuples(
        st.from_regex(rb"X-Any-[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,8}", fullmatch=True),
        st.from_regex(rb"[!-~\x80-\xff]([\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?", fullmatch=True),
    ),
    max_size=4,
).map(tuple)
TIMES = st.floats(0, 253_402_300_000) | st.sampled_from([0, NOW_S, NOW_S + 0.9999])
EDITS = st.builds(Edit, st.sampled_from(How), st.integers(0, 10_000), st.integers(0, 255))

few = settings(derandomize=True, deadline=None, max_examples=8)
many = settings(derandomize=True, deadline=None, max_examples=150)
each_signable = pytest.mark.parametrize("provider", SIGNABLE, ids=lambda each: each.name)


@st.composite
def deliveries(draw: st.DrawFn, provider: Provider) -> Signed:
    return signed(
        provider,
        body=draw(st.none() | BODIES),
        headers=draw(HEADERS),
        now_s=draw(TIMES),
        seed=draw(st.sampled_from([b"seed", b"another"])),
        knows_url=draw(st.booleans()),
    )


@each_signable
@few
@given(st.data())
def test_what_is_signed_is_verified(provider: Provider, data: st.DataObject) -> None:
    """Any body, any headers beside its own, at any time; but not a byte of what is covered may change."""
    delivery = data.draw(deliveries(provider))

    found = delivery.verdict()

    assert found.outcome is Outcome.VERIFIED, found.detail
    for label in found.covered:
        for edit in data.draw(st.lists(EDITS, min_size=3, max_size=3)):
            assert_refused(delivery.changed(label, edit))


@each_signable
@few
@given(st.data())
def test_what_is_not_covered_may_change(provider: Provider, data: st.DataObject) -> None:
    """So `covered` leaves out nothing that the signature does cover."""
    delivery = data.draw(deliveries(provider))
    covered = delivery.verdict().covered

    for what, changed in delivery.without_effect(covered).items():
        assert changed != delivery, what
        found = changed.verdict()
        assert found.outcome is Outcome.VERIFIED, f"{what}: {found.detail}"
        assert found.covered == covered


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["provider"] in CERTIFIED and case["expect"] == "valid"],
    ids=lambda case: case["id"],
)
@many
@given(data=st.data())
def test_certificates_vouch_for_what_is_covered(case: dict[str, Any], data: st.DataObject) -> None:
    delivery = of_case(case)
    covered = delivery.verdict().covered
    assert covered

    assert_refused(delivery.changed(data.draw(st.sampled_from(covered)), data.draw(EDITS)))


def assert_refused(delivery: Signed) -> None:
    found = delivery.verdict()
    assert found.outcome in REFUSALS, f"{found.detail}: {delivery}"


REFUSALS = {Outcome.MISMATCH, Outcome.MISSING, Outcome.MALFORMED}
"""Not `stale`, which says that the signature is right."""


SECRETS = st.binary(max_size=40) | st.text(max_size=20) | st.sampled_from(
    ["", "whsec_", "whsec_aGVsbG8=", "6162", "a:b", '{"kty":"oct","k":""}', "\ud800", "-----BEGIN CERTIFICATE-----"]
)  # fmt: skip
OTHERS = st.lists(SECRETS | st.tuples(st.text(max_size=5), SECRETS), max_size=3)
FETCHED = st.none() | st.sampled_from([b"", b"\xff", b"-----BEGIN CERTIFICATE-----\n"])


@st.composite
def mangled(draw: st.DrawFn, request: Request) -> Request:
    """Return a request in which up to three things are as no sender sends them."""
    for _ in range(draw(st.integers(0, 3))):
        request = draw(st.sampled_from(MANGLES))(draw, request)
    return request


def with_odd_value(draw: st.DrawFn, request: Request) -> Request:
    name, value = draw(st.sampled_from(request.headers.pairs or ((b"X", b""),)))
    odd = draw(
        st.binary(max_size=30) | st.sampled_from(ODD_VALUES) | EDITS.map(lambda e: e.of(value))
    )
    return replace(request, headers=request.headers.replacing(name, odd))


def with_one_more(draw: st.DrawFn, request: Request) -> Request:
    name, value = draw(st.sampled_from(request.headers.pairs or ((b"X", b""),)))
    pair: HeaderPair = (name.swapcase(), draw(st.binary(max_size=10) | st.just(value)))
    return replace(request, headers=Headers((*request.headers.pairs, pair)))


def with_one_less(draw: st.DrawFn, request: Request) -> Request:
    name, _ = draw(st.sampled_from(request.headers.pairs or ((b"X", b""),)))
    return replace(request, headers=request.headers.without([name]))


def with_odd_body(draw: st.DrawFn, request: Request) -> Request:
    whole = EDITS.map(lambda edit: edit.of(request.body))
    return replace(request, body=draw(BODIES | whole | st.just(request.body * 2)))


def with_odd_target(draw: st.DrawFn, request: Request) -> Request:
    odd = st.binary(max_size=20) | st.sampled_from([b"*", b"", b"http://[", b"/%zz?%&=&a#", b"//"])
    return replace(request, target=draw(odd), method=draw(st.text(max_size=5)))


ODD_VALUES = [
    b"", b"=", b",", b"v1", b"v1=", b"t=1", b"sha256=", b"v1,", b"Basic ", b"Basic !", b"a.b.c", b"()", b"sig=()",
    b"sig=:YQ==:", b'sig1=("@method");created=99999999999999', b'sig1=("@query-param";name="%");created=1', b"\xff",
    "²".encode(), b"9" * 40, b"-1", b"1e9", b"9999-12-31T23:59:59Z", b"2026-02-30T00:00:00Z", b"0000-00-00T00:00:00Z",
    b"," * 2000, b"v1=x," * 400, b"v1,x " * 400,
]  # fmt: skip
MANGLES: list[Callable[[st.DrawFn, Request], Request]] = [
    with_odd_value,
    with_one_more,
    with_one_less,
    with_odd_body,
    with_odd_target,
]


@settings(many, max_examples=400)
@given(st.data())
def test_no_delivery_raises(data: st.DataObject) -> None:
    """Whatever came, and whatever it is checked with: a verdict, and findings that are sentences."""
    asked = of_case(data.draw(st.sampled_from(CASES)))
    request = data.draw(mangled(asked.request))
    secrets = data.draw(st.just([asked.secret]) | st.lists(SECRETS, max_size=3))
    url = data.draw(st.just(asked.url) | st.none() | st.text(max_size=20))
    fetched = data.draw(FETCHED)
    now_s, tolerance_s = data.draw(TIMES), data.draw(st.none() | st.integers(0))

    def fetch(url: str) -> bytes | None:
        return asked.fetch(url) if fetched is None and asked.fetch else fetched

    verdict = verify(
        asked.provider, request, secrets, now_s=now_s, url=url, tolerance_s=tolerance_s, fetch=fetch
    )
    findings = diagnose(
        asked.provider,
        request,
        secrets,
        now_s=now_s,
        url=url,
        tolerance_s=tolerance_s,
        fetch=fetch,
        other_secrets=data.draw(OTHERS),
    )

    assert_told(verdict, asked.secret)
    for finding in findings:
        assert finding.detail
        assert finding.detail.isprintable()
    assert not findings or verdict.outcome is not Outcome.VERIFIED


def assert_told(verdict: Verification, secret: bytes) -> None:
    assert verdict.detail
    assert verdict.detail.isprintable()
    assert len(secret) < 8 or secret.decode() not in verdict.detail


PLACES = [
    "header:X",
    "header:Authorization",
    "query:q",
    "form:a",
    "json:a",
    "json:a.0.b",
    "json:0",
    "xml:a.@b",
    "pair:t",
]
TEMPLATES = [
    "{body}", "{pair:t}.{body}", "{header:X-Time}:{body}", "{url}{body}", "{form.sorted}", "{headers.sorted:x-}",
    "{secret}{body}", "{path+query}", "{body.crc32}", "{method}", "{query:q}{json:a}", "{xml:@a}{form:a}", "v0:",
    "{header:X}", "{body.sha256.hex}",
]  # fmt: skip
TIMES_OF = [
    {"from": place, "unit": unit, "window": "both", "tolerance": 300}
    for place in ("pair:t", "header:X-Time", "query:t", "json:t")
    for unit in ("s", "ms", "rfc3339")
]
KNOWN: dict[str, list[Any]] = {
    "scheme": list(Scheme),
    "digest": ["sha1", "sha256", "sha512"],
    "secret": [{}, {"decode": "base64"}, {"decode": "hex", "strip": "k_"}, {"prefix": "k_"}],
    "signature": [*PLACES, PLACES[:2]],
    "format": ["plain", "prefix:v0=", "pairs:,:v1", "pairs:;:h1", "list: :v1,", "list:,:x"],
    "encoding": ["hex", "base64"],
    "signed": [*TEMPLATES, TEMPLATES[:2]],
    "timestamp": TIMES_OF,
    "url_variants": [["as-is", "decoded"], ["without-port"]],
    "also": [[{"equal": ["{query:q}", "{body.sha256.hex}"]}], [{"equal": ["{header:X}", "{url}"]}]],
    "json_root": ["a.*", "*", "a"],
    "missing": ["", "x"],
    "event": [*PLACES[:-1], "{header:X}.{json:a}"],
    "recognise": [["header:X", "json:a=1"], [["query:q"], ["xml:@a"]], []],
    "extends": sorted(TABLES),
}
WORDS = st.sampled_from(
    [
        "",
        " ",
        "{",
        "{}",
        "{nobody}",
        "header:",
        "json:.",
        "md5",
        "pairs:;:",
        "list::",
        "\0",
        "*",
        "acme",
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    WORDS
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(WORDS | st.sampled_from(sorted(provider_table._KEYS)), inner, max_size=3)
    ),
    max_leaves=5,
)


@st.composite
def altered(draw: st.DrawFn) -> dict[str, Any]:
    """Return the table of one of our files with some keys as another's file might have them, and rarely a wild one."""
    table = copy.deepcopy(TABLES[draw(st.sampled_from(sorted(TABLES)))])
    for key in draw(st.lists(st.sampled_from(sorted(KNOWN)), max_size=4)):
        table[key] = draw(st.sampled_from(KNOWN[key]))
    for key in draw(st.lists(st.sampled_from(sorted(provider_table._KEYS)) | WORDS, max_size=1)):
        table[key] = draw(WORDS | VALUES)
    for key in draw(st.lists(st.sampled_from(sorted(table)), max_size=1)):
        del table[key]
    return table


@settings(many, max_examples=600)
@given(altered(), st.data())
def test_a_provider_file_is_refused_or_works(table: dict[str, Any], data: st.DataObject) -> None:
    """What loads can be shown, recognised, checked, explained and signed by, or says why it cannot be."""
    try:
        provider = provider_table.parse("acme", table, {**TABLES, "acme": table})
    except MistakeError as mistake:
        assert_named(mistake)
        return
    assert_works(
        provider,
        data.draw(st.sampled_from([b"{}", b"a=1", b"[]", b"\xff", b'{"a": [{"b": "x"}]}'])),
    )


def assert_works(provider: Provider, body: bytes) -> None:
    assert all((description.paragraph(provider), *description.formulas(provider)))
    sample = catalogue.find(provider).request(now_s=NOW_S, unique="1")
    for request in (sample, replace(sample, body=body)):
        recognise({"acme": provider}, request)
        verdict = verify(provider, request, ["aGVsbG8="], now_s=NOW_S)
        diagnose(provider, request, ["aGVsbG8="], now_s=NOW_S)
        assert_told(verdict, b"aGVsbG8=")
        with suppress(SigningError):
            keys = signing.sample_keys(provider, b"seed")
            made = signing.sign(provider, request, keys.signing, now_s=NOW_S, url="https://h/p")
            found = verify(provider, made, [keys.verifying], now_s=NOW_S, url="https://h/p")
            assert found.outcome is Outcome.VERIFIED, found.detail


@settings(many, max_examples=300)
@given(st.sampled_from(sorted(TABLES)), st.lists(EDITS, min_size=1, max_size=6))
def test_the_text_of_a_provider_file_is_refused_or_read(name: str, edits: list[Edit]) -> None:
    """A file with some bytes changed: an error that begins with its name, or a provider."""
    content = (resources.files(providers) / f"{name}{providers.SUFFIX}").read_bytes()
    for edit in edits:
        content = edit.of(content)

    try:
        table, _ = toml.read(content, "acme.toml")
        provider_table.parse("acme", table, TABLES)
    except ConfigError as mistake:
        assert_named(mistake)


def assert_named(mistake: ConfigError) -> None:
    assert str(mistake).startswith("acme.toml:")
    assert "\n" not in str(mistake)


def test_a_token_counts_in_the_url_that_came() -> None:
    """Mews' stands in the URL that it was given; that a person wrote this down says nothing of who sends."""
    mews, url = BUILT_IN["mews"], "https://public.example/in/mews?Token=t0k3n"

    def outcome(target: bytes) -> Outcome:
        request = factories.request(target=target)
        return verify(mews, request, ["t0k3n"], now_s=NOW_S, url=url).outcome

    assert outcome(b"/in/mews?Token=t0k3n") is Outcome.VERIFIED
    assert outcome(b"/in/mews?Token=other") is Outcome.MISMATCH
    assert outcome(b"/in/mews") is Outcome.MISSING


def test_every_provider_that_signs_is_asked() -> None:
    """Those that none of these tests signs for have cases of others in them."""
    asked = {each.name for each in SIGNABLE} | set(CERTIFIED)

    assert asked == {each.name for each in BUILT_IN.values() if each.signs}
