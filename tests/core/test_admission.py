"""Overlays: what a delivery has to show besides a signature, and what showing it, or not, makes of the verdict."""

import base64
from collections.abc import Callable
from ipaddress import ip_network
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.admission import Admission, Fault, combine, equip, judge
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
from tests.factories import headers, request

TOKEN = b"s3cr3t-cAnArY"
PATH = SecretPath(TOKEN)
QUERY = SecretQuery("token", TOKEN)
HEADER = SecretHeader("X-Token", TOKEN)
LOGIN = BasicLogin("hotel", TOKEN)
SOURCE = SourceAddresses((ip_network("203.0.113.0/24"), ip_network("2001:db8::/32")))
BEHIND = SourceAddresses(SOURCE.networks, (ip_network("127.0.0.1"),))
ALL = (PATH, QUERY, HEADER, LOGIN, SOURCE)
CREDENTIALS = base64.b64encode(b"hotel:" + TOKEN)

ASKED = Verification(Outcome.UNSIGNED, "Wink documents no signature: ...")
SIGNED = Verification(Outcome.VERIFIED, "HMAC matches the secret", 1, 1_780_387_200, ("body",))


def on(target: bytes) -> Request:
    return request(target=target)


def having(*pairs: tuple[bytes, bytes], peer: str = "203.0.113.7:50000") -> Request:
    return request(headers=Headers(pairs), peer=peer)


def fault(overlay: Overlay, made: Request) -> Fault | None:
    [check] = judge([overlay], made).checks
    assert TOKEN.decode() not in check.text
    assert safe(check.text) == check.text
    return check.fault


def text(overlay: Overlay, made: Request) -> str:
    [check] = judge([overlay], made).checks
    return check.text


@pytest.mark.parametrize(
    "target",
    [
        b"/in/demo/" + TOKEN,
        b"/in/demo/" + TOKEN + b"/",
        b"/in/demo/" + TOKEN + b"/extra/x?y=/z#f",
        b"/in/demo/" + TOKEN + b"?x=/wrong",
        b"/in/demo/" + TOKEN + b"#x",
        b"https://tunnel.example/in/demo/" + TOKEN + b"/extra",
    ],
)
def test_the_first_segment_is_the_path_token(target: bytes) -> None:
    assert fault(PATH, on(target)) is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/in/demo", Fault.ABSENT),
        (b"/in/demo/", Fault.ABSENT),
        (b"/in/demo//" + TOKEN, Fault.ABSENT),
        (b"/in/demo?" + TOKEN, Fault.ABSENT),
        (b"/in/demo?/" + TOKEN, Fault.ABSENT),
        (b"/in/demo#/" + TOKEN, Fault.ABSENT),
        (b"/elsewhere/" + TOKEN, Fault.ABSENT),
        (b"", Fault.ABSENT),
        (b"/in/demo/extra/" + TOKEN, Fault.DIFFERENT),
        (b"/in/demo/./" + TOKEN, Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN.upper(), Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN[:-1], Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN + b"x", Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN + b"%00", Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN + b"\x00", Fault.DIFFERENT),
        (b"/in/demo/" + TOKEN.replace(b"-", b"%2D"), Fault.DIFFERENT),
        (b"/in/demo/\xff\x1b[2J", Fault.DIFFERENT),
    ],
)
def test_no_other_segment_is(target: bytes, expected: Fault) -> None:
    """Bytes are compared as they stand on the wire: nothing is decoded or normalised."""
    assert fault(PATH, on(target)) is expected


@pytest.mark.parametrize(
    "query",
    [
        b"token=" + TOKEN,
        b"a=1&token=" + TOKEN + b"&b=2",
        b"token=" + TOKEN + b"#token=other",
        b"token=" + TOKEN + b"&token=" + TOKEN,
        b"t%6Fken=" + TOKEN.replace(b"-", b"%2d"),
        b"&&=&token=" + TOKEN,
        b"x&" * 10_000 + b"token=" + TOKEN,
    ],
)
def test_the_parameter_holds_the_query_token(query: bytes) -> None:
    """Percent-escapes are decoded; one value sent twice is one value."""
    assert fault(QUERY, on(b"/in/demo?" + query)) is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", Fault.ABSENT),
        (b"token", Fault.ABSENT),
        (b"token=", Fault.ABSENT),
        (b"token=&token=", Fault.ABSENT),
        (b"Token=" + TOKEN, Fault.ABSENT),
        (b"#?token=" + TOKEN, Fault.ABSENT),
        (b"a=1;token=" + TOKEN, Fault.ABSENT),
        (b"token==" + TOKEN, Fault.DIFFERENT),
        (b"token=%20" + TOKEN, Fault.DIFFERENT),
        (b"token=" + TOKEN + b"&token=other", Fault.DIFFERENT),
        (b"token=other&token=" + TOKEN, Fault.DIFFERENT),
        (b"token=&token=" + TOKEN, Fault.DIFFERENT),
        (b"token=" + TOKEN + b"&token", Fault.DIFFERENT),
        (b"token=x&" * 10_000 + b"token=" + TOKEN, Fault.DIFFERENT),
        (b"token=%zz\xff%", Fault.DIFFERENT),
    ],
)
def test_any_other_value_of_it_does_not(query: bytes, expected: Fault) -> None:
    """Two values are none: the program behind may read the other one."""
    assert fault(QUERY, on(b"/in/demo?" + query)) is expected


def test_a_plus_is_a_plus() -> None:
    """Base64 has many, and who copies a URL into a form escapes none."""
    overlay = SecretQuery("token", b"a+b/c==")

    assert fault(overlay, on(b"/in/demo?token=a+b/c==")) is None
    assert fault(overlay, on(b"/in/demo?token=a%2Bb%2fc%3D%3D")) is None
    assert fault(overlay, on(b"/in/demo?token=a%20b/c==")) is Fault.DIFFERENT
    assert fault(SecretQuery("token", b"a b"), on(b"/in/demo?token=a+b")) is Fault.DIFFERENT


@pytest.mark.parametrize("name", [b"X-Token", b"x-token", b"X-TOKEN"])
def test_the_header_is_the_token(name: bytes) -> None:
    assert fault(HEADER, having((b"A", b"1"), (name, TOKEN))) is None
    assert fault(HEADER, having((b"X-Token", TOKEN), (name, TOKEN))) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), Fault.ABSENT),
        ((b"",), Fault.ABSENT),
        ((TOKEN + b" ",), Fault.DIFFERENT),
        ((b"Bearer " + TOKEN,), Fault.DIFFERENT),
        ((TOKEN + b"," + TOKEN,), Fault.DIFFERENT),
        ((TOKEN, b"other"), Fault.DIFFERENT),
        ((b"", TOKEN), Fault.DIFFERENT),
        ((b"x" * 8190,), Fault.DIFFERENT),
        ((b"\xff\x00\x1b",), Fault.DIFFERENT),
    ],
)
def test_another_header_is_not(values: tuple[bytes, ...], expected: Fault) -> None:
    """The whole value counts, and every header of that name."""
    assert fault(HEADER, having(*((b"X-Token", value) for value in values))) is expected


@pytest.mark.parametrize("value", [b"Basic " + CREDENTIALS, b"bAsIc  " + CREDENTIALS + b" "])
def test_a_login_is_its_user_and_password(value: bytes) -> None:
    """RFC 7617, 2: the scheme's name is in any case, spaces may follow it."""
    assert fault(LOGIN, having((b"authorization", value))) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", Fault.ABSENT),
        (b"Basic", Fault.ABSENT),
        (b"Basic ", Fault.ABSENT),
        (b"Bearer " + CREDENTIALS, Fault.ABSENT),
        (b"Basic" + CREDENTIALS, Fault.ABSENT),
        (CREDENTIALS, Fault.ABSENT),
        (b"Basic " + base64.b64encode(b"hotel:other"), Fault.DIFFERENT),
        (b"Basic " + base64.b64encode(b"other:" + TOKEN), Fault.DIFFERENT),
        (b"Basic " + base64.b64encode(b"hotel:" + TOKEN + b"\0"), Fault.DIFFERENT),
        (b"Basic " + base64.b64encode(TOKEN), Fault.DIFFERENT),
        (b"Basic hotel:" + TOKEN, Fault.DIFFERENT),
        (b"Basic \xff===\x00", Fault.DIFFERENT),
    ],
)
def test_another_login_is_not(value: bytes, expected: Fault) -> None:
    assert fault(LOGIN, having((b"Authorization", value))) is expected


def test_a_login_beside_another_scheme_is_two() -> None:
    pairs = [(b"Authorization", b"Basic " + CREDENTIALS), (b"Authorization", b"Bearer x")]

    assert fault(LOGIN, having(*pairs)) is Fault.DIFFERENT


def test_a_login_may_hold_any_text() -> None:
    """RFC 7617, 2.1: UTF-8, where nobody says otherwise; a password may have colons."""
    login = BasicLogin("hôtel", b"a:b\x00\xff")
    value = b"Basic " + base64.b64encode("hôtel:a:b\0".encode() + b"\xff")

    assert fault(login, having((b"Authorization", value))) is None


@pytest.mark.parametrize(
    ("overlay", "peer", "forwarded_for", "expected", "said"),
    [
        (SOURCE, "203.0.113.7:1", None, None, "the source address 203.0.113.7"),
        (SOURCE, "[2001:db8::7]:1", None, None, "the source address 2001:db8::7"),
        (SOURCE, "[::ffff:203.0.113.7]:1", None, None, "the source address 203.0.113.7"),
        (SOURCE, "203.0.113.7:1", b"evil", None, "the source address 203.0.113.7"),
        (
            SOURCE,
            "127.0.0.1:1",
            None,
            Fault.NOT_ALLOWED,
            (
                "the connection came from 127.0.0.1, which is not in require.source; "
                "behind a tunnel, name it in trusted_proxies"
            ),
        ),
        (
            SOURCE,
            "198.51.100.1:1",
            b"203.0.113.7",
            Fault.NOT_ALLOWED,
            (
                "the connection came from 198.51.100.1, which is not in require.source; "
                "behind a tunnel, name it in trusted_proxies"
            ),
        ),
        (
            SOURCE,
            "198.51.100.1:1",
            None,
            Fault.NOT_ALLOWED,
            "the connection came from 198.51.100.1, which is not in require.source",
        ),
        (SOURCE, "", b"203.0.113.7", Fault.ABSENT, "the address that this came from is not known"),
        (
            BEHIND,
            "127.0.0.1:1",
            b"1.1.1.1, 203.0.113.7",
            None,
            "the source address 203.0.113.7 (named by the proxy 127.0.0.1)",
        ),
        (
            BEHIND,
            "127.0.0.1:1",
            b"203.0.113.7, 198.51.100.1",
            Fault.NOT_ALLOWED,
            "the trusted proxy 127.0.0.1 forwarded for 198.51.100.1, which is not in require.source",
        ),
        (
            BEHIND,
            "127.0.0.1:1",
            b"203.0.113.7, \x1b[2J",
            Fault.NOT_ALLOWED,
            "the trusted proxy 127.0.0.1 names in X-Forwarded-For what is no address",
        ),
        (
            BEHIND,
            "127.0.0.1:1",
            None,
            Fault.NOT_ALLOWED,
            "the trusted proxy 127.0.0.1 names nobody in X-Forwarded-For, and is not in require.source itself",
        ),
    ],
)
def test_the_source_address(
    overlay: SourceAddresses,
    peer: str,
    forwarded_for: bytes | None,
    expected: Fault | None,
    said: str,
) -> None:
    """The peer's own, and X-Forwarded-For from a trusted proxy alone."""
    pairs = [] if forwarded_for is None else [(b"X-Forwarded-For", forwarded_for)]
    made = having(*pairs, peer=peer)

    assert fault(overlay, made) is expected
    assert text(overlay, made) == said


def test_a_trusted_proxy_may_be_a_source_itself() -> None:
    overlay = SourceAddresses((ip_network("127.0.0.1"),), (ip_network("127.0.0.1"),))

    assert text(overlay, having(peer="127.0.0.1:1")) == "the source address 127.0.0.1"


@pytest.mark.parametrize(
    "overlay", [SecretPath(b""), SecretQuery("t", b""), SecretHeader("T", b"")]
)
def test_an_empty_token_lets_nobody_in(overlay: Overlay) -> None:
    """The configuration refuses one; should one come from elsewhere, it is no open door."""
    made = request(target=b"/in/demo/?t=", headers=headers(("T", "")))

    assert fault(overlay, made) is Fault.ABSENT


def test_every_overlay_is_checked() -> None:
    found = judge(ALL, equip(ALL, having(peer="198.51.100.1:1")))

    assert [check.label for check in found.passed] == [
        "secret path",
        "query token",
        "header X-Token",
        "basic login",
    ]
    assert [check.label for check in found.failed] == ["source address"]
    assert all(check.fault for check in judge(ALL, having(peer="")).checks)


@pytest.mark.parametrize(
    ("overlay", "made", "sentence"),
    [
        (
            QUERY,
            on(b"/in/demo"),
            "the query parameter 'token' is absent: add it to the URL that the provider was given",
        ),
        (
            QUERY,
            on(b"/in/demo?token=x"),
            (
                "the query parameter 'token' is not the configured one: "
                "compare the URL that the provider was given with require.query"
            ),
        ),
        (
            HEADER,
            having((b"X-Token", b"1"), (b"X-Token", b"2")),
            (
                "the header X-Token came several times with different values: "
                "compare the header that the provider was given with require.header"
            ),
        ),
        (
            PATH,
            on(b"/in/demo/x"),
            (
                "the secret path segment is not the configured one: "
                "compare the URL that the provider was given with require.path"
            ),
        ),
        (
            LOGIN,
            having(),
            "the Basic login is absent: add it to the login that the provider was given",
        ),
    ],
)
def test_a_failure_says_what_to_do(overlay: Overlay, made: Request, sentence: str) -> None:
    assert text(overlay, made) == sentence


def test_without_overlays_nothing_changes() -> None:
    assert judge((), request()) == Admission()
    assert combine(SIGNED, judge((), request())) is SIGNED


def test_overlays_verify_what_nobody_signs() -> None:
    """The sentence says what that is worth."""
    made = equip(ALL, having())
    assert combine(ASKED, judge((QUERY, SOURCE), made), "Wink") == Verification(
        Outcome.VERIFIED,
        "the query parameter 'token' and the source address 203.0.113.7 are as configured; "
        "Wink documents no signature, so nothing shows that the body is as sent",
        covered=("query token", "source address"),
    )
    unknown = Verification(Outcome.UNKNOWN, "no provider is known ...")
    assert combine(unknown, judge(ALL, made)) == Verification(
        Outcome.VERIFIED,
        "the secret path segment, the query parameter 'token', the header X-Token, the Basic login "
        "and the source address 203.0.113.7 are as configured; "
        "no provider is known for this delivery, so nothing shows that the body is as sent",
        covered=("secret path", "query token", "header X-Token", "basic login", "source address"),
    )


def test_overlays_stand_beside_a_signature() -> None:
    found = combine(SIGNED, judge((QUERY,), on(b"/in/demo?token=" + TOKEN)))

    assert found == Verification(
        Outcome.VERIFIED,
        "HMAC matches the secret; the query parameter 'token' is as configured",
        1,
        1_780_387_200,
        ("body", "query token"),
    )


@pytest.mark.parametrize(
    "outcome", sorted(set(Outcome) - {Outcome.VERIFIED, Outcome.UNSIGNED, Outcome.UNKNOWN})
)
def test_a_token_makes_no_signature_right(outcome: Outcome) -> None:
    checked = Verification(outcome, "as it was", 0, 7, ("body",))
    found = combine(checked, judge((QUERY,), on(b"/in/demo?token=" + TOKEN)))

    detail = "as it was; the query parameter 'token' is as configured"
    assert found == Verification(outcome, detail, 0, 7, ("body",))


@pytest.mark.parametrize("outcome", Outcome)
def test_one_failure_makes_it_invalid(outcome: Outcome) -> None:
    checked = Verification(outcome, "as it was", 0, 7, ("body",))
    query, header = having((b"X-Token", b"x")), having((b"X-Token", TOKEN))

    assert combine(checked, judge((QUERY, HEADER), query)).outcome is Outcome.MISMATCH
    absent = combine(checked, judge((QUERY, HEADER), header))
    expected = Outcome.MISMATCH if outcome is Outcome.MISMATCH else Outcome.MISSING
    assert absent.outcome is expected
    assert absent.outcome.is_invalid
    assert (absent.secret_index, absent.signed_at_s, absent.covered) == (0, 7, ("body",))
    sentence = (
        "the query parameter 'token' is absent: add it to the URL that the provider was given; "
        "the header X-Token is as configured"
    )
    assert absent.detail.startswith(sentence)
    rest = absent.detail.removeprefix(sentence)
    match outcome:
        case Outcome.VERIFIED:
            assert rest == "; the signature itself is right"
        case Outcome.UNSIGNED | Outcome.UNKNOWN:
            assert rest == ""
        case _:
            assert rest == "; as it was"


@pytest.mark.parametrize(
    ("target", "equipped"),
    [
        (b"/in/demo", b"/in/demo/a%b?to%26ken=%2B%20"),
        (b"/in/demo/", b"/in/demo/a%b/?to%26ken=%2B%20"),
        (b"/in/demo/x?y=1#f", b"/in/demo/a%b/x?to%26ken=%2B%20&y=1#f"),
        (b"/in/demo?to%26ken=old&y", b"/in/demo/a%b?to%26ken=%2B%20&y"),
        (b"http://h/in/demo", b"http://h/in/demo/a%b?to%26ken=%2B%20"),
        (b"/", b"/a%b?to%26ken=%2B%20"),
        (b"/?y=/", b"/a%b?to%26ken=%2B%20&y=/"),
        (b"/x", b"/a%b/x?to%26ken=%2B%20"),
    ],
)
def test_a_request_is_equipped_for_its_endpoint(target: bytes, equipped: bytes) -> None:
    """Also where it has only what follows the endpoint: `/` is the endpoint itself, as the sample sender reads it."""
    overlays = (SecretPath(b"a%b"), SecretQuery("to&ken", b"+ "))

    assert equip(overlays, on(target)).target == equipped


def test_headers_of_its_own_give_way() -> None:
    made = having((b"authorization", b"Bearer x"), (b"X-TOKEN", b"old"), (b"x-token", b"older"))

    assert equip((HEADER, LOGIN), made).headers.pairs == (
        (b"authorization", b"Basic " + CREDENTIALS),
        (b"X-TOKEN", TOKEN),
    )
    assert equip((), made) == made
    assert equip((SOURCE,), made) == made


TOKENS = st.binary(min_size=1, max_size=60)
NAMES = st.text("abcXYZ0-_.%&=+ü", min_size=1, max_size=8)
OVERLAYS: st.SearchStrategy[Overlay] = st.one_of(
    st.builds(SecretPath, TOKENS),
    st.builds(SecretQuery, st.text(), st.binary()),
    st.builds(SecretHeader, st.text(), st.binary()),
    st.builds(BasicLogin, st.text(), st.binary()),
    st.just(BEHIND),
)
SEGMENTS = TOKENS.map(lambda raw: quote_from_bytes(raw, safe="").encode())
MAKERS: dict[str, Callable[[bytes], Overlay]] = {
    "path": SecretPath,
    "query": lambda token: SecretQuery("token", token),
    "header": lambda token: SecretHeader("X-Token", token),
    "basic": lambda token: BasicLogin("hotel", token),
}


@given(
    st.lists(OVERLAYS, max_size=6),
    st.binary(),
    st.lists(st.tuples(st.binary(), st.binary())),
    st.text(),
)
def test_nothing_that_is_sent_raises(
    overlays: list[Overlay], rest: bytes, pairs: list[tuple[bytes, bytes]], peer: str
) -> None:
    for target in (rest, b"/in/demo" + rest):
        made = Request("POST", target, Headers(tuple(pairs)), b"", peer)

        for outcome in Outcome:
            found = combine(Verification(outcome, ""), judge(overlays, made))
            assert safe(found.detail) == found.detail
        judge(overlays, equip(overlays, made))


@given(NAMES, TOKENS, SEGMENTS, st.sampled_from([b"/in/demo", b"/in/demo/a/b?x=1&token=2#f"]))
def test_what_is_equipped_is_admitted(
    name: str, token: bytes, segment: bytes, target: bytes
) -> None:
    overlays = (
        SecretQuery(name, token),
        SecretPath(segment),
        SecretHeader("X-" + name, token),
        BasicLogin(name.replace(":", ""), token),
        SOURCE,
    )
    made = request(target=target, peer="203.0.113.7:1")

    assert not judge(overlays, equip(overlays, made)).failed


@pytest.mark.parametrize("kind", MAKERS)
@given(st.data())
def test_a_token_that_differs_in_one_byte_is_never_admitted(kind: str, data: st.DataObject) -> None:
    ends = b"/?#" if kind == "path" else b""  # of a segment: what follows is no part of the token
    token = data.draw(SEGMENTS if kind == "path" else TOKENS)
    place = data.draw(st.integers(0, len(token) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda each: each not in (token[place], *ends)))
    other = token[:place] + bytes([byte]) + token[place + 1 :]

    for wrong in (other, token[:place] + token[place + 1 :], token + bytes([byte])):
        made = equip((MAKERS[kind](wrong),), request())
        assert judge((MAKERS[kind](token),), made).failed


def test_every_value_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing stops at the first that differs: how long it takes tells nothing of the tokens."""
    compared: list[bytes] = []

    def compare_digest(value: bytes, token: bytes) -> bool:
        compared.append(value)
        return value == token

    monkeypatch.setattr("inspector.core.admission.hmac.compare_digest", compare_digest)
    made = request(
        target=b"/in/demo/p?token=1&token=2",
        headers=headers(("X-Token", "3"), ("X-Token", "4"), ("Authorization", "Basic NQ==")),
    )
    judge(ALL, made)

    assert compared == [b"p", b"1", b"2", b"3", b"4", b"NQ=="]
